"""The command behind `make reproduce`: the user's own options are kept."""

import sys

import pytest
import reproduce

DISCRETE = "results/smoke/discrete/metrics/uniform.npz"


@pytest.mark.parametrize(
    ("given", "others", "values"),
    [
        ("--cores 2", "--cores 2", ""),
        ("--config seed=5 device=auto -n", "-n", "seed=5 device=auto"),
        ("-n -C seed=5", "-n", "seed=5"),
        ("--config=seed=5 -n", "-n", "seed=5"),
        ("target -n --config seed=5 -- --config", "target -n -- --config", "seed=5"),
    ],
)
def test_the_users_configuration_is_found_among_the_options(given, others, values):
    assert reproduce.split_config(given.split()) == (others.split(), values.split())


def test_values_stand_before_the_targets():
    assert reproduce.with_config(["-n", "--", "vae"], ["seed=5", "scale=smoke"]) == [
        *("-n", "--config", "seed=5", "scale=smoke", "--", "vae"),
    ]


@pytest.mark.parametrize("config", [(), ("--config", "seed=7")])
def test_a_killed_run_goes_on_with_the_configuration_that_it_was_given(new_checkout, config):
    checkout = new_checkout("again")
    command = (sys.executable, "scripts/reproduce.py", "smoke", "--cores", "1", *config)
    assert checkout.call(*command, "--", DISCRETE).returncode == 0
    lock = checkout.folder / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text(f"{checkout.folder / DISCRETE}\n")
    again = checkout.call(*command, "--", DISCRETE)
    assert again.returncode == 0, again.stderr
    assert "an earlier run was killed; going on where it stopped" in again.stdout
    assert "Nothing to be done" in again.stderr
    assert not lock.exists()
    other = checkout.call(*command, "-n", "--config", "seed=8", "--", DISCRETE)
    assert "discrete_chain" in other.stdout + other.stderr


def test_what_began_on_another_machine_is_not_taken_over(new_checkout):
    checkout = new_checkout("elsewhere")
    (checkout.folder / ".snakemake/locks").mkdir(parents=True)
    (checkout.folder / ".snakemake/locks/0.output.lock").write_text("")
    (checkout.folder / ".snakemake/host").write_text("login-of-old 77\n")
    done = checkout.call(sys.executable, "scripts/reproduce.py", "smoke", "-n", "--", DISCRETE)
    assert done.returncode == 1
    assert done.stderr == (
        "ERROR: a run in this folder began on login-of-old (process 77) and has not ended: go on "
        "there, or, if it is no more, delete .snakemake/host and run again.\n"
    )
