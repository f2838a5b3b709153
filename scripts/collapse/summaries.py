"""Intervals over runs: the only three kinds the project uses."""

import numpy as np
from scipy.special import betaincinv, stdtrit


def band(values, *, axis=0):
    """Median, 5 % and 95 % quantiles over runs: where runs lie.

    Parameters
    ----------
    values : ndarray
    axis : int
        The axis of runs.

    Returns
    -------
    median, low, high : ndarray, without `axis`
    """
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95], axis=axis)
    return median, low, high


def confidence(values, *, axis=0, level=0.95):
    """Mean over runs and its confidence interval by Student's t: where the mean lies.

    Parameters
    ----------
    values : ndarray
        At least 2 runs; with one run the interval is NaN.
    axis : int
        The axis of runs.
    level : float
        Coverage.

    Returns
    -------
    mean, low, high : ndarray, without `axis`
    """
    values = np.asarray(values, dtype=float)
    n = values.shape[axis]
    mean = values.mean(axis=axis)
    if n < 2:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    half = stdtrit(n - 1, (1 + level) / 2) * values.std(axis=axis, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


def against_law(name, values, law):
    """A quantity's mean over runs beside its expectation, generation by generation.

    Parameters
    ----------
    name : str
    values : ndarray, shape (runs, generations)
    law : ndarray, shape (generations,)
        NaN where nothing is known.

    Returns
    -------
    dict of ndarray
        Columns of a table: generation; the mean (`name`) and its 95 % confidence interval
        (name_low, name_high); the expectation (name_theory).
    """
    mean, low, high = confidence(values)
    table = {
        "generation": np.arange(len(law)),
        name: mean,
        f"{name}_low": low,
        f"{name}_high": high,
    }
    return table | {f"{name}_theory": law}


def proportion(count, n, *, level=0.95):
    """Share of runs with a property and its confidence interval: where the probability lies.

    Parameters
    ----------
    count : ndarray of int
        Runs that have the property.
    n : int
        All runs.
    level : float
        Least coverage.

    Returns
    -------
    share, low, high : ndarray

    References
    ----------
    Clopper & Pearson 1934: exact, so at least `level` for every probability and n.
    """
    count, tail = np.asarray(count), (1 - level) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(count > 0, betaincinv(count, n - count + 1, tail), 0)
        high = np.where(count < n, betaincinv(count + 1, n - count, 1 - tail), 1)
    return count / n, low, high


def spaced_generations(last_generation, per_decade=20):
    """Generations 0 … `last_generation`, thinned evenly on a log scale; ends and decades kept."""
    n_steps = int(per_decade * np.log10(max(last_generation, 1))) + 1
    steps = np.rint(10 ** (np.arange(n_steps) / per_decade)).astype(int)
    return np.unique([0, *steps, last_generation])
