"""Results of earlier jobs are joined by setting, in the order in which jobs wrote them."""

import numpy as np
import pandas as pd
import pytest
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


SIZE, RUNS, N = 7, 2, 3  # of every family; N generations
SETTINGS = {
    "truth": {"mean": 0, "std": 1},
    "gaussian": {
        "regimes": ["a", "b"],
        "grid": [{"ddof": 1, "size": SIZE}, {"ddof": 0, "size": SIZE}],
        "every": [{"ddof": 0, "size": SIZE}],
    },
    "growing": {"ddof": [1], "noise": [0], "powers": [2], "size": SIZE},
    "discrete": {"distributions": ["uniform"], "sizes": [SIZE]},
    "gmm": [{"regime": "a", "data": "one", "size": SIZE}],
    "mixtures": {"one": {"means": [[0.0, 0.0]], "std": 1.0}},
    "lm": {"s": RUNS, "short": 1},
}
AT = {"regime": "b", "ddof": 0, "noise": 0, "power": 2, "size": SIZE, "data": "one"}
AT |= {"distribution": "uniform", "setting": "s", "definition": "token"}


def written(path, **arrays):
    """Path of a file of arrays."""
    files.write_arrays(path, **arrays)
    return str(path)


def chains_of_samples(folder):
    """Small files of the families without networks, by input of the rule claims."""
    history = np.ones((RUNS, N))
    states = {"generation": np.arange(N), "rare": history, "common": history}
    states |= {"heterozygosity": history, "absorbed_at": np.array([-1, 2])}
    states |= {"absorbed_in": np.array([-1, 0])}
    gaussian = {
        "generations": np.array([0, N - 1]),
        **dict.fromkeys(("means", "stds"), np.ones((2, RUNS, 2))),
        **dict.fromkeys(("every_means", "every_stds"), np.full((1, RUNS, N), 2.0)),
    }
    mixture = {
        "weights": np.full((RUNS, N, 2), 0.5),
        "means": np.zeros((RUNS, N, 2, 2)),
        "covariances": np.tile(np.eye(2), (RUNS, N, 2, 1, 1)),
        "steps": np.ones((RUNS, N), dtype=int),
    }
    growing = {"generations": np.arange(N), "means": history[None], "stds": history[None]}
    discrete = {"true": np.ones(4) / 4, **{f"{key}_{SIZE}": v for key, v in states.items()}}
    return {
        "gaussian": [written(folder / f"{regime}.npz", **gaussian) for regime in ("a", "b")],
        "growing": written(folder / "growing.npz", **growing),
        "discrete": [written(folder / "d.npz", **discrete)],
        "gmm": [written(folder / "gmm.npz", **mixture)],
    }


def chains_of_networks(folder):
    """Small files of the VAE and of the language model, by input of the rule claims."""
    over_runs = {"generation": [0, 1], "run00": [1.0, 2.0], "run01": [3.0, 4.0]}
    table = folder / "vae.csv"
    pd.DataFrame({"quantity": "latent_std", "regime": "a", **over_runs}).to_csv(table, index=False)
    return {
        "vae": str(table),
        "lm_runs": [
            written(
                folder / f"{setting}{run}.npz",
                losses=np.full((n_texts, 5), run),
                documents=np.arange(5),
                under_first=np.ones((n_texts, 6)),
            )
            for setting, n_runs, n_texts in (("s", RUNS, N), ("short", 1, 2))
            for run in range(n_runs)
        ],
        "lm_texts": [
            written(folder / f"text_{name}.npz", repeated=np.ones((n_texts, 6)), other=np.ones(2))
            for name, n_texts in (("s0", N), ("s1", N), ("short", 2))
        ],
        # of each block, the mean of which is 4 + run
        "lm_baselines": [
            written(folder / f"ngram{run}.npz", ngram_loss=np.array([2.0, 5, 5]) + run)
            for run in range(RUNS)
        ],
    }


@pytest.fixture
def found(tmp_path):
    """The series that are made of small files of every family."""
    given = chains_of_samples(tmp_path) | chains_of_networks(tmp_path)
    return run_values.collect(results.of_all_families(given, SETTINGS), SETTINGS)


@pytest.mark.parametrize(
    ("quantity", "other", "shape"),
    [
        ("gaussian.mean", {}, (RUNS, N)),
        ("growing.log_variance", {"regime": "a", "ddof": 1}, None),
        ("discrete.states", {}, (RUNS, N)),
        ("gmm.total_std", {"regime": "a"}, None),
        ("vae.latent_std", {"regime": "a"}, None),
        ("lm.perplexity", {}, (RUNS, N)),
        ("lm.loss", {}, (RUNS, N, 5)),
        ("lm.beyond_first", {}, (RUNS, N, 6)),
        ("lm.repeated_3gram_share", {}, (RUNS, N, 6)),
        ("lm.first_q99", {}, (RUNS, N)),
        ("lm.ngram_loss", {}, (RUNS, 1)),
    ],
)
def test_claims_get_the_series_of_every_family(found, quantity, other, shape):
    series = found.find(quantity, AT | other)
    assert series is not None
    assert shape is None or series.values.shape == shape


def test_series_have_the_generations_and_values_of_their_files(found):
    every, some = (found.find("gaussian.mean", AT | {"ddof": ddof}) for ddof in (0, 1))
    assert (every.generations.tolist(), every.values[0, 0]) == ([*range(N)], 2)
    assert (some.generations.tolist(), some.values[0, 0]) == ([0, N - 1], 1)
    losses = found.find("lm.loss", AT)
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
