"""Estimate a quantity and its 95 % interval from measured values: the kinds of interval."""

from typing import NamedTuple

import numpy as np

from collapse.claims import goodness
from collapse.claims.measures import NotTestable
from collapse.lm import drift
from collapse.process import summaries


class Estimate(NamedTuple):
    """One number of a check.

    Parameters
    ----------
    effect, low, high : float
        Estimate and its interval. All three are the p-value for the kind ``chi_square``.
    values : ndarray, shape (runs,)
    note : str
        What else must be known about the estimate.
    """

    effect: float
    low: float
    high: float
    values: np.ndarray
    note: str = ""


def _mean(values):
    return summaries.confidence(values)


def _geometric(values):
    if not (values > 0).all():
        raise NotTestable("it is zero in a run, so that it has no geometric mean")
    return np.exp(summaries.confidence(np.log(values)))


def _proportion(values):
    if not np.isin(values, (0, 1)).all():
        raise ValueError("a proportion needs zeros and ones")
    return summaries.proportion(int(values.sum()), len(values))


def _over_runs(interval):
    """A kind of interval that depends only on one number of each run."""

    def estimates(values, of, cells):
        if len(values) < 2:
            raise NotTestable("one run has no interval")
        columns = values.reshape(len(values), -1).T
        return [Estimate(*interval(column), column) for column in columns]

    return estimates


def _blocks(values, of, cells):
    """Over runs and blocks; see `collapse.lm.drift`."""
    if values.ndim != 2:
        raise ValueError("the interval 'blocks' needs one value for each block of each run")
    variance = drift.pooled_run_variance(cells)
    if not np.isfinite(variance.variance):
        raise NotTestable("no setting has two runs, so that the error between runs is unknown")
    effect, low, high = drift.interval(values, variance, of.documents)
    return [Estimate(effect, low, high, values.mean(axis=1))]


def _chi_square(values, of, cells):
    """p-value of Pearson's test that the states in `values` were drawn by the law of the series."""
    try:
        test = goodness.chi_square(values.astype(int).ravel(), of.law)
    except ValueError as reason:
        raise NotTestable(str(reason)) from None
    least = goodness.detectable(test.df, len(values))
    note = (
        f"χ² = {test.statistic:.4g} with {test.df} degrees of freedom; in {goodness.POWER:.0%} of "
        f"repetitions, the test at {goodness.LEVEL:.0%} would find probabilities that deviate by "
        f"{least:.0%} (root mean square)"
    )
    return [Estimate(test.p, test.p, test.p, values.ravel(), note)]


# mean: Student's t; geometric: Student's t of logarithms; proportion: Clopper-Pearson
INTERVALS = {
    **{"mean": _over_runs(_mean), "geometric": _over_runs(_geometric)},
    **{"proportion": _over_runs(_proportion), "blocks": _blocks, "chi_square": _chi_square},
}


def estimate(kind, values, of, cells):
    """Estimate the number, or the numbers, that a check is about.

    Parameters
    ----------
    kind : str
        One of `INTERVALS`.
    values : ndarray, shape (runs,), (runs, n) or, for the kind blocks, (runs, blocks)
        From a measure.
    of : run_values.Series
        The series that was measured.
    cells : list of ndarray, each of shape (runs, blocks)
        For the kind blocks: differences to generation 0, see `run_values.RunValues.cells`.

    Returns
    -------
    list of Estimate

    Raises
    ------
    NotTestable
        If there are too few runs, or a value is not finite.
    """
    if not np.isfinite(values).all():
        raise NotTestable("it is not finite in every run")
    return INTERVALS[kind](values, of, cells)
