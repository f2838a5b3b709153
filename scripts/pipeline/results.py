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


def of_all_families(given, settings):
    """Read everything that claims are judged on.

    Parameters
    ----------
    given : mapping
        Paths. Lists in the order of their settings: gaussian, discrete, gmm, lm_runs. Single files:
        growing, vae, lm_perplexity, lm_text.
    settings : mapping
        gaussian (regimes, grid), discrete (distributions), gmm (grid), lm (names of settings).

    Returns
    -------
    dict
        As `collapse.claims.run_values.collect` takes it. Histories of chains are read only when
        they are iterated over.
    """
    grid = settings["gaussian"]["grid"]
    by_regime = _by(settings["gaussian"]["regimes"], given["gaussian"])
    by_distribution = _by(settings["discrete"]["distributions"], given["discrete"])
    return {
        "gaussian": ((regime, chains(paths, grid)) for regime, paths in by_regime),
        "growing": files.read_arrays(given["growing"]),
        "discrete": ((name, files.read_arrays(path)) for name, (path,) in by_distribution),
        "gmm": chains(given["gmm"], settings["gmm"]),
        "vae": pd.read_csv(given["vae"]),
        "lm_perplexity": pd.read_csv(given["lm_perplexity"]),
        "lm_text": pd.read_csv(given["lm_text"]),
        "lm_runs": (
            (name, [files.read_arrays(path)["under_first"] for path in paths])
            for name, paths in _by(settings["lm"], given["lm_runs"])
        ),
    }


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
