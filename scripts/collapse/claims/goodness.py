"""Pearson's chi-square test of how often states occur, and its power."""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, chdtri, chndtrinc

LEAST_EXPECTED = 5  # occurrences in each bin; below, the statistic does not follow chi-square
LEVEL = 0.05  # of the test to which the power belongs
POWER = 0.8


class ChiSquare(NamedTuple):
    """Result of a test.

    Parameters
    ----------
    statistic : float
    df : int
        Degrees of freedom: number of bins minus 1.
    p : float
        Probability of such a statistic or a larger one, if the law is true.
    """

    statistic: float
    df: int
    p: float


def bins(expected):
    """Merge neighbouring states until every bin is expected to occur often enough.

    Parameters
    ----------
    expected : ndarray, shape (states,)
        Expected number of occurrences of each state, in the order in which states are merged.

    Returns
    -------
    ndarray of int, shape (states,)
        Number of each state's bin, 0, 1, … At least `LEAST_EXPECTED` occurrences are expected in
        each bin, unless there is only one.
    """
    numbers, number, filled = np.empty(len(expected), dtype=int), 0, 0.0
    for state, count in enumerate(expected):
        numbers[state] = number
        filled += count
        if filled >= LEAST_EXPECTED:
            number, filled = number + 1, 0.0
    return np.minimum(numbers, max(number - 1, 0))  # an incomplete last bin joins the one before


def chi_square(states, law):
    """Test whether states were drawn by a law.

    Parameters
    ----------
    states : ndarray of int, shape (n,)
        One state for each independent run.
    law : ndarray, shape (states,)
        Probability of each state.

    Returns
    -------
    ChiSquare

    Raises
    ------
    ValueError
        If n is too small for two bins.
    """
    expected = len(states) * np.asarray(law)
    number = bins(expected)
    expected = np.bincount(number, weights=expected)
    df = len(expected) - 1
    if df < 1:
        raise ValueError(f"{len(states)} runs are too few for a chi-square test")
    observed = np.bincount(number[states], minlength=len(expected))
    statistic = float(((observed - expected) ** 2 / expected).sum())
    return ChiSquare(statistic, df, float(chdtrc(df, statistic)))


def detectable(df, n):
    """Deviation that the test at the level `LEVEL` rejects with the probability `POWER`.

    The deviation is Cohen's w: the root of the mean, weighted by the law, of the squared relative
    deviations of the bins' probabilities.

    Parameters
    ----------
    df, n : int
        Degrees of freedom; number of independent runs.

    Returns
    -------
    float
    """
    noncentrality = chndtrinc(chdtri(df, LEVEL), df, 1 - POWER)
    return float(np.sqrt(noncentrality / n))
