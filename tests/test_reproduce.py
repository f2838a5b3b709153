"""The command behind `make reproduce`: the user's own options are kept."""

import reproduce


def test_the_scale_joins_the_users_configuration():
    assert reproduce.with_scale(["--cores", "2"], "smoke") == [
        *("--cores", "2", "--config", "scale=smoke"),
    ]
    assert reproduce.with_scale(["--config", "seed=5", "-n"], "paper") == [
        *("--config", "scale=paper", "seed=5", "-n"),
    ]
    assert reproduce.with_scale(["-n", "--", "vae"], "smoke") == [
        *("-n", "--config", "scale=smoke", "--", "vae"),
    ]
