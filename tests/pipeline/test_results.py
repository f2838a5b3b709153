"""Results of earlier jobs are joined by setting, in the order in which jobs wrote them."""

import numpy as np
import pandas as pd
from collapse.claims import run_values
from pipeline import files, results


def test_chains_join_the_batches_of_each_setting(tmp_path):
    grid = [{"size": 10}, {"size": 20}]
    paths = [tmp_path / f"{number}.npz" for number in range(4)]
    for number, path in enumerate(paths):
        files.write_arrays(path, means=np.full((2, 3), number), stds=np.full((2, 3), -number))
    found = list(results.chains(paths, grid))
    assert [setting for setting, _ in found] == grid
    for (_, arrays), batches in zip(found, ((0, 1), (2, 3)), strict=True):
        assert arrays["means"][:, 0].tolist() == list(np.repeat(batches, 2))
        assert (arrays["stds"] == -arrays["means"]).all()


def test_claims_get_the_series_of_every_family(tmp_path):
    """Small files of every family, and the series that are made of them."""
    (size,), runs, n = (7,), 2, 3

    def write(name, **arrays):
        files.write_arrays(tmp_path / name, **arrays)
        return str(tmp_path / name)

    def table(name, **columns):
        pd.DataFrame(columns).to_csv(tmp_path / name, index=False)
        return str(tmp_path / name)

    history = np.ones((runs, n))
    eyes = np.tile(np.eye(2), (runs, n, 2, 1, 1))
    states = {"generation": np.arange(n), "rare": history, "common": history}
    states |= {"heterozygosity": history, "absorbed_at": np.array([-1, 2])}
    states |= {"absorbed_in": np.array([-1, 0])}
    over_runs = {"generation": [0, 1], "run00": [1.0, 2.0], "run01": [3.0, 4.0]}
    given = {
        "gaussian": [write(f"{regime}.npz", means=history, stds=history) for regime in ("a", "b")],
        "growing": write(
            "growing.npz", generations=np.arange(n), means=history[None], stds=history[None]
        ),
        "discrete": [
            write("d.npz", true=np.ones(4) / 4, **{f"{k}_{size}": v for k, v in states.items()})
        ],
        "gmm": [
            write(
                "gmm.npz",
                weights=np.full((runs, n, 2), 0.5),
                means=np.zeros((runs, n, 2, 2)),
                covariances=eyes,
                steps=np.ones((runs, n), dtype=int),
            )
        ],
        "vae": table("vae.csv", quantity="latent_std", regime="a", **over_runs),
        "lm_perplexity": table("p.csv", setting="s", definition="token", **over_runs),
        "lm_text": table("t.csv", quantity="distinct_2", setting="s", **over_runs),
        "lm_runs": [write(f"run{run}.npz", under_first=np.ones((n, 5))) for run in range(runs)],
    }
    settings = {
        "truth": {"mean": 0, "std": 1},
        "gaussian": {"regimes": ["a", "b"], "grid": [{"ddof": 0, "size": size}]},
        "growing": {"ddof": [1], "noise": [0], "powers": [2], "size": size},
        "discrete": {"distributions": ["uniform"], "sizes": [size]},
        "gmm": [{"regime": "a", "data": "one", "size": size}],
        "lm": ["s"],
    }
    found = run_values.collect(results.of_all_families(given, settings), settings)
    at = {"regime": "b", "ddof": 0, "noise": 0, "power": 2, "size": size, "data": "one"}
    at |= {"distribution": "uniform", "setting": "s", "definition": "token"}
    for quantity, expected in {
        "gaussian.mean": (runs, n),
        "growing.log_variance": None,
        "discrete.states": (runs, n),
        "gmm.total_std": None,
        "vae.latent_std": None,
        "lm.perplexity": (runs, 2),
        "lm.distinct_2": (runs, 2),
        "lm.first_q99": (runs, n),
    }.items():
        place = at | {"regime": "a"} if expected is None else at
        place |= {"ddof": 1} if quantity.startswith("growing") else {}
        series = found.find(quantity, place)
        assert series is not None, quantity
        assert expected is None or series.values.shape == expected, quantity
