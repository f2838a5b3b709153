"""Differences in loss between two models, with intervals over runs and over test text.

The statistic is d[r, b] = loss of model A − loss of model B, the mean negative log-likelihood of
block b in nats per token, where both models are of run r: usually generation g and generation 0.
The differences of one arm and one generation over all runs form a cell. The mean of a cell over
runs and blocks has two sources of error:

* Runs: training again, on other data, gives other models. Two or three runs are too few to
  estimate this variance in one cell, so that it is pooled over cells (`pooled_run_variance`).
* Blocks: other test text gives another mean. All runs share the test blocks, so that more runs
  do not reduce this error. Blocks of one document resemble each other, and documents are the
  independent units (`block_variance`).

The interval assumes that all cells have the same run variance. Two models trained independently
of each other give 2τ² if each has τ². This is so for generation g against generation 0, and for
one arm against another at generation g. The zero-shot model is the same in all runs, so that
zero-shot against generation 0 has at most τ², and its interval is too wide. If differences add up
over the generations of a chain, the interval is too wide for early and too narrow for late ones:
with a random walk, the intervals of generations 1 and 4 cover .99 and .89.

Cells depend on each other, so that half of their degrees of freedom are kept. With three arms and
four generations of autocorrelation 1/2, the interval then covers .96 if arms are independent. If
all arms of a run share generation 0, any two cells are correlated by at least 1/2. This leaves at
most four degrees of freedom for each run after the first, however many cells there are. The
interval then covers .93 with two runs and .94 with three. A quarter instead of half would cover
.95, with intervals wider by 20 % and 8 %.

The interaction of runs and blocks, of variance σ², adds σ²/(runs × blocks) to the expectation of
both estimates, although the error has it once. The interval is thus slightly too wide: by 3 %
with two runs of standard deviation 0.03 and 300 blocks, if σ and the standard deviation over
blocks are 0.15.

Other methods are worse. With two runs, a bootstrap over runs and blocks covers .75, and Student's t
over the runs of one cell gives an interval about four times as wide.

References
----------
Satterthwaite 1946, Biometrics Bulletin 2:110-114 (degrees of freedom of a sum of variances).
Cameron & Miller 2015, Journal of Human Resources 50:317-372 (clusters, C − 1 degrees of freedom).
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from collapse.process.summaries import LEVEL

KEPT_SHARE = 0.5  # of the degrees of freedom over cells, which depend on each other


class RunVariance(NamedTuple):
    """Variance of the mean difference of one run.

    Parameters
    ----------
    variance : float
        In nats², NaN if no cell has two runs.
    df : float
        Degrees of freedom, at least 1, NaN if no cell has two runs.
    """

    variance: float
    df: float


def pooled_run_variance(cells):
    """Estimate the variance over runs, which all cells share.

    Parameters
    ----------
    cells : list of ndarray, each of shape (runs, blocks)
        Differences in nats per token. The number of runs may differ between cells. Cells with one
        run are ignored.

    Returns
    -------
    RunVariance
        Sample variances of the runs' means over blocks, averaged over cells with weights runs − 1;
        half of the sum of runs − 1, but at least 1, as degrees of freedom. Both are NaN if no cell
        has two runs.
    """
    means = [np.asarray(cell, dtype=float).mean(axis=1) for cell in cells]
    means = [runs for runs in means if len(runs) > 1]
    if not means:
        return RunVariance(math.nan, math.nan)
    df = sum(len(runs) - 1 for runs in means)
    squares = sum(((runs - runs.mean()) ** 2).sum() for runs in means)
    return RunVariance(float(squares / df), max(KEPT_SHARE * df, 1.0))


def block_variance(differences, documents):
    """Variance of the mean over blocks, which are clustered by document.

    Parameters
    ----------
    differences : ndarray, shape (blocks,)
        Averaged over runs, in nats per token.
    documents : ndarray of int, shape (blocks,)
        Document of each block, any numbers; `np.arange(blocks)` for independent blocks.

    Returns
    -------
    variance : float
        C/(C − 1) times the sum over the C documents of the squared sum of deviations, divided by
        blocks².
    df : int
        C − 1.

    Raises
    ------
    ValueError
        If the lengths differ, or there are fewer than two documents.
    """
    if np.shape(documents) != np.shape(differences):
        raise ValueError(
            f"documents must have shape {np.shape(differences)}, got {np.shape(documents)}"
        )
    names, numbers = np.unique(documents, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"documents must have at least 2 different values, got {len(names)}")
    sums = np.bincount(numbers, weights=differences - differences.mean())
    df = len(names) - 1
    return float(len(names) / df * (sums**2).sum() / len(differences) ** 2), df


def interval(differences, run_variance, documents=None):
    """Mean difference and its 95 % confidence interval.

    Parameters
    ----------
    differences : ndarray, shape (runs, blocks)
        Of one cell, or of any contrast of two models, in nats per token. One run is enough if
        `run_variance` is from other cells.
    run_variance : RunVariance
        From `pooled_run_variance`.
    documents : ndarray of int, shape (blocks,), optional
        Document of each block, if all runs share the blocks. By default, every run has blocks of
        its own, so that the variance over runs includes that over blocks; `run_variance` must then
        be from such cells, too.

    Returns
    -------
    mean, low, high : float
        Student's t, with the degrees of freedom of Satterthwaite's approximation; `low` and
        `high` are NaN if `run_variance` is.

    Raises
    ------
    ValueError
        See `block_variance`.
    """
    differences = np.asarray(differences, dtype=float)
    mean = float(differences.mean())
    parts = [(run_variance.variance / len(differences), run_variance.df)]
    if documents is not None:
        parts.append(block_variance(differences.mean(axis=0), documents))
    half = _half_width(parts)
    return mean, mean - half, mean + half


def _half_width(parts):
    """Half-width from independent estimates of variance, each with its degrees of freedom."""
    total = sum(variance for variance, _ in parts)
    if total == 0:  # two identical models
        return 0.0
    df = total**2 / sum(variance**2 / df for variance, df in parts)
    return float(stdtrit(df, (1 + LEVEL) / 2) * math.sqrt(total))
