"""Read the results of earlier jobs, as the science takes them: arrays and tables, not paths."""

import itertools

import numpy as np
import pandas as pd

from pipeline import files


def chains(paths, grid):
    """Read the histories of several settings, joining the batches of runs of each.

    Parameters
    ----------
    paths : sequence of str
        Files of arrays whose first axis is runs, in the order of `grid`. Every setting has the
        same number of files, one for each batch of runs.
    grid : sequence of dict
        The settings.

    Yields
    ------
    setting : dict
        One of `grid`.
    arrays : dict of ndarray
        All runs of this setting, by the arrays' names in the files.
    """
    for setting, batches in _by(grid, paths):
        histories = [files.read_arrays(path) for path in batches]
        yield (
            setting,
            {name: np.concatenate([h[name] for h in histories]) for name in histories[0]},
        )


def gaussian_histories(path, grid, every=()):
    """Read what metrics keep of the Gaussian chains of a regime.

    Parameters
    ----------
    path : str
    grid : sequence of dict
        The settings of all chains.
    every : sequence of dict
        Those of which every generation is wanted.

    Yields
    ------
    setting : dict
        One of `grid`.
    arrays : dict of ndarray
        generations, shape (n,), and means and stds, each of shape (runs, n).
    """
    arrays = files.read_arrays(path)
    for position, setting in enumerate(grid):
        found, place = {name: arrays[name] for name in ("means", "stds")}, position
        generations = arrays["generations"]
        if setting in every:
            found, place = {name: arrays[f"every_{name}"] for name in found}, every.index(setting)
            generations = np.arange(found["means"].shape[-1])
        yield (
            setting,
            {"generations": generations, **{name: values[place] for name, values in found.items()}},
        )


def of_all_families(given, settings):
    """Read everything that claims are judged on, from the families that were run.

    Parameters
    ----------
    given : mapping
        Paths; what was not run is missing or an empty list. Lists in the order of their settings:
        gaussian, discrete, gmm, lm_runs and lm_texts (one file for each run; together they hold
        losses, documents, under_first and repeated), lm_baselines (one file for each run).
        Single files: growing, human_data, vae.
    settings : mapping
        gaussian (regimes, grid), discrete (distributions), gmm (grid), lm (number of runs of each
        setting); those of missing results are not needed.

    Returns
    -------
    dict
        As `collapse.claims.run_values.collect` takes it. Histories of chains are read only when
        they are iterated over.
    """
    read = {
        "gaussian": lambda paths: _gaussian(paths, **settings["gaussian"]),
        "growing": files.read_arrays,
        "discrete": lambda paths: _discrete(paths, settings["discrete"]["distributions"]),
        "gmm": lambda paths: chains(paths, settings["gmm"]),
        "human_data": files.read_arrays,
        "vae": pd.read_csv,
        "lm_baselines": _baselines,
    }
    found = {name: reader(given[name]) for name, reader in read.items() if given.get(name)}
    if of_runs := [given[name] for name in ("lm_runs", "lm_texts") if given.get(name)]:
        found["lm"] = _language_models(zip(*of_runs, strict=True), settings["lm"])
    return found


def _gaussian(paths, regimes, grid, every):
    for regime, path in zip(regimes, paths, strict=True):
        yield regime, gaussian_histories(path, grid, every)


def _discrete(paths, distributions):
    for distribution, path in zip(distributions, paths, strict=True):
        yield distribution, files.read_arrays(path)


def _language_models(of_runs, n_runs):
    """Arrays of each setting, from the files of each run.

    The first axis of the arrays is runs, except for documents, which all runs share.
    """
    for setting, n in n_runs.items():
        runs = [
            {name: values for path in paths for name, values in files.read_arrays(path).items()}
            for paths in itertools.islice(of_runs, n)
        ]
        joined = {
            name: np.stack([run[name] for run in runs])
            for name in ("losses", "under_first", "repeated")
            if name in runs[0]
        }
        yield setting, joined | {k: v for k, v in runs[0].items() if k == "documents"}


def _baselines(paths):
    """Losses of models that a language model must beat: by name, a mean over blocks per run."""
    found = [files.read_arrays(path) for path in paths]
    return {name: [float(one[name].mean()) for one in found] for name in found[0]}


def grouped(paths, counts):
    """Split paths into the parts of several settings.

    Parameters
    ----------
    paths : sequence of str
    counts : dict of str to int
        Number of paths of each setting, in their order.

    Yields
    ------
    setting : str
    paths : list of str
    """
    remaining = iter(paths)
    for setting, count in counts.items():
        yield setting, list(itertools.islice(remaining, count))


def _by(settings, paths):
    """Pairs of a setting and its equal share of the paths."""
    n_files = len(paths) // len(settings)
    for position, setting in enumerate(settings):
        yield setting, paths[position * n_files : (position + 1) * n_files]
