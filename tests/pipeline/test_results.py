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
        "gaussian": [
            write(
                f"{regime}.npz",
                generations=np.array([0, n - 1]),
                **dict.fromkeys(("means", "stds"), np.ones((2, runs, 2))),
                **dict.fromkeys(("every_means", "every_stds"), np.full((1, runs, n), 2.0)),
            )
            for regime in ("a", "b")
        ],
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
        "lm_runs": [
            write(
                f"{setting}{run}.npz",
                losses=np.full((n_texts, 5), run),
                documents=np.arange(5),
                under_first=np.ones((n_texts, 6)),
            )
            for setting, n_runs, n_texts in (("s", runs, n), ("short", 1, 2))
            for run in range(n_runs)
        ],
        "lm_texts": [
            write(f"text_{name}.npz", repeated=np.ones((n_texts, 6)), other=np.ones(2))
            for name, n_texts in (("s0", n), ("s1", n), ("short", 2))
        ],
        # of each block, the mean of which is 4 + run
        "lm_baselines": [
            write(f"ngram{run}.npz", ngram_loss=np.array([2.0, 5, 5]) + run) for run in range(runs)
        ],
    }
    settings = {
        "truth": {"mean": 0, "std": 1},
        "gaussian": {
            "regimes": ["a", "b"],
            "grid": [{"ddof": 1, "size": size}, {"ddof": 0, "size": size}],
            "every": [{"ddof": 0, "size": size}],
        },
        "growing": {"ddof": [1], "noise": [0], "powers": [2], "size": size},
        "discrete": {"distributions": ["uniform"], "sizes": [size]},
        "gmm": [{"regime": "a", "data": "one", "size": size}],
        "lm": {"s": runs, "short": 1},
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
        "lm.perplexity": (runs, n),
        "lm.loss": (runs, n, 5),
        "lm.beyond_first": (runs, n, 6),
        "lm.repeated_3gram_share": (runs, n, 6),
        "lm.first_q99": (runs, n),
        "lm.ngram_loss": (runs, 1),
    }.items():
        place = at | {"regime": "a"} if expected is None else at
        place |= {"ddof": 1} if quantity.startswith("growing") else {}
        series = found.find(quantity, place)
        assert series is not None, quantity
        assert expected is None or series.values.shape == expected, quantity
    every, some = (found.find("gaussian.mean", at | {"ddof": ddof}) for ddof in (0, 1))
    assert (every.generations.tolist(), every.values[0, 0]) == ([*range(n)], 2)
    assert (some.generations.tolist(), some.values[0, 0]) == ([0, n - 1], 1)
    losses = found.find("lm.loss", at)
    assert losses.values[:, 0, 0].tolist() == [0, 1]
    assert losses.documents.tolist() == [0, 1, 2, 3, 4]
    short = found.find("lm.loss", {"setting": "short"})
    assert (short.values.shape, short.generations.tolist()) == ((1, 2, 5), [-1, 0])
    assert found.find("lm.ngram_loss", {}).values.ravel().tolist() == [4, 5]


def test_families_that_were_not_run_have_no_series(tmp_path):
    files.write_arrays(tmp_path / "run.npz", losses=np.ones((3, 4)), documents=np.arange(4))
    given = {"lm_runs": [str(tmp_path / "run.npz")], "gaussian": []}
    found = run_values.collect(results.of_all_families(given, {"lm": {"s": 1}}), {})
    assert found.families() == {"lm"}


def test_paths_are_split_into_parts_of_unequal_size():
    paths = ["a0", "a1", "b0", "c0", "c1", "c2"]
    found = dict(results.grouped(paths, {"a": 2, "b": 1, "c": 3}))
    assert found == {"a": ["a0", "a1"], "b": ["b0"], "c": ["c0", "c1", "c2"]}
