"""Summaries over runs: quantile bands, confidence intervals of means and of proportions."""

import numpy as np
from scipy.special import betaincinv, stdtrit

LEVEL = 0.95  # coverage of every confidence interval
ROWS_PER_DECADE = 20  # of generations in tables


def band(values):
    """Median and the 5 % and 95 % quantiles over runs.

    Parameters
    ----------
    values : ndarray, shape (runs, ...)

    Returns
    -------
    median, low, high : ndarray, shape (...)
    """
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
    return median, low, high


def confidence(values):
    """Mean over runs and its 95 % confidence interval by Student's t.

    Parameters
    ----------
    values : array_like, shape (runs, ...)

    Returns
    -------
    mean, low, high : ndarray, shape (...)
        The interval is NaN if there is only one run.
    """
    values = np.asarray(values, dtype=float)
    n = values.shape[0]
    mean = values.mean(axis=0)
    if n < 2:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    half = stdtrit(n - 1, (1 + LEVEL) / 2) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


def interval(mean, std, n):
    """95 % confidence interval, by Student's t, of a mean whose runs are not available.

    Parameters
    ----------
    mean, std : ndarray
        Over runs; the variance divides by n.
    n : int
        Number of runs.

    Returns
    -------
    low, high : ndarray
        NaN if there is only one run.
    """
    half = stdtrit(n - 1, (1 + LEVEL) / 2) * std / np.sqrt(n - 1) if n > 1 else np.nan * std
    return mean - half, mean + half


def against_law(name, values, law):
    """Tabulate a quantity's mean over runs next to its expectation, by generation.

    Parameters
    ----------
    name : str
        Name of the quantity.
    values : ndarray, shape (runs, generations)
    law : ndarray, shape (generations,)
        Expected values; NaN where none is known.

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


def proportion(count, n):
    """Share of runs with a property, and its 95 % confidence interval.

    Parameters
    ----------
    count : array_like of int
        Number of runs that have the property.
    n : int
        Number of all runs.

    Returns
    -------
    share, low, high : ndarray

    References
    ----------
    Clopper & Pearson 1934. The interval is exact: its coverage is at least 95 % for every
    probability and every n.
    """
    count, tail = np.asarray(count), (1 - LEVEL) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(count > 0, betaincinv(count, n - count + 1, tail), 0)
        high = np.where(count < n, betaincinv(count + 1, n - count, 1 - tail), 1)
    return count / n, low, high


def spaced_generations(last_generation):
    """Generations that a table shows, spaced evenly on a logarithmic scale.

    Parameters
    ----------
    last_generation : int

    Returns
    -------
    ndarray of int
        Rising; includes 0, `last_generation` and every power of ten between.
    """
    n_steps = int(ROWS_PER_DECADE * np.log10(max(last_generation, 1))) + 1
    steps = np.rint(10 ** (np.arange(n_steps) / ROWS_PER_DECADE)).astype(int)
    return np.unique([0, *steps, last_generation])
