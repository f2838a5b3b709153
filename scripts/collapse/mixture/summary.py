"""Distances and widths of the mixture chains, over runs."""

import numpy as np
import pandas as pd

from collapse import theory
from collapse.mixture import mixture
from collapse.process import summaries


def quantities(history):
    """Quantities that describe each model of a history.

    Parameters
    ----------
    history : Mixtures
        Leading axes (runs, generations).

    Returns
    -------
    dict of ndarray, each of shape (runs, generations)
        l2: squared L2 distance to model(0) of the same run. total_std: geometric mean of the
        standard deviations of the whole mixture along its principal axes. component_std: root of
        the mean variance within components. steps: EM steps of the fit.
    """
    _, total = mixture.total_moments(history)
    within = np.einsum("...k,...kii->...", history.weights, history.covariances) / 2
    return {
        "l2": mixture.squared_l2(history, history.at(slice(None), slice(0, 1))),
        "total_std": np.linalg.det(total) ** 0.25,
        "component_std": np.sqrt(within),
        "steps": history.steps,
    }


def against_truth(history, truth):
    """Quantities that compare each model of a history with the truth.

    Parameters
    ----------
    history : Mixtures
        Leading axes (runs, generations).
    truth : dict
        Arguments of `mixture.truth`.

    Returns
    -------
    dict of ndarray, each of shape (runs, generations)
        risk: squared L2 distance. mode_density: least density at a mean of the truth, over the
        truth's density there.
    """
    true = mixture.truth(**truth)
    kept = [
        mixture.log_density(history, at) - mixture.log_density(true, at) for at in truth["means"]
    ]
    return {
        "risk": mixture.squared_l2(history, true),
        "mode_density": np.exp(np.min(kept, axis=0)),
    }


def over_runs(history, truth, *, size, generations):
    """Tabulate quantiles over runs of the quantities of a history.

    Parameters
    ----------
    history : Mixtures
        Leading axes (runs, generations).
    truth : Mixtures
        The true distribution.
    size : int
        Samples per generation.
    generations : sequence of int
        Generations to tabulate.

    Returns
    -------
    DataFrame
        One row per generation. For each of `quantities`: the median, the 5 % and 95 % quantiles
        over runs (suffixes _low and _high), and the value of run 0 (_run0). total_std_gaussian:
        the geometric mean that total_std would have if one Gaussian were fitted under replace,
        without `reg_covar`.
    """
    generations = np.asarray(generations)
    table = {"generation": generations}
    for name, values in quantities(history).items():
        at = values[:, generations]
        median, low, high = summaries.band(at)
        table |= {name: median, f"{name}_low": low, f"{name}_high": high, f"{name}_run0": at[0]}
    start = np.linalg.det(mixture.total_moments(truth)[1]) ** 0.25
    drift = theory.log_determinant(generations + 1, size, dimensions=2) / 4
    table["total_std_gaussian"] = start * np.exp(drift)
    return pd.DataFrame(table)


def readable(table):
    """Format rows of `over_runs` for readers.

    Parameters
    ----------
    table : DataFrame
        Columns of `over_runs` and any others, which are kept.

    Returns
    -------
    DataFrame
        Each quantity in one column of text: median [5 % quantile, 95 % quantile].
    """
    names = ["l2", "total_std", "component_std", "steps"]
    ends = [f"{name}_{end}" for name in names for end in ("low", "high", "run0")]
    shown = table.drop(columns=ends).astype(dict.fromkeys(names, object))
    for name in names:
        rows = zip(table[name], table[f"{name}_low"], table[f"{name}_high"], strict=True)
        shown[name] = [f"{middle:.3g} [{low:.3g}, {high:.3g}]" for middle, low, high in rows]
    return shown
