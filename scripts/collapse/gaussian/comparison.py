"""Compare chains under replace with closed forms."""

import numpy as np
import pandas as pd

from collapse import theory
from collapse.process import summaries


def against_theory(means, stds, *, mean, std, ddof, size, generations):
    """Tabulate measured quantities of the replace chain and their closed forms.

    All quantities are in units of the true standard deviation.

    Parameters
    ----------
    means, stds : ndarray, shape (runs, n)
        Fitted means and standard deviations of one setting, at `generations`.
    mean, std : float
        True mean and standard deviation.
    ddof : {0, 1}
    size : int
        Samples per generation.
    generations : sequence of int, length n

    Returns
    -------
    DataFrame
        One row per generation. For each quantity: the mean over runs, its 95 % confidence interval
        (suffixes _low and _high), the median and the 5 % and 95 % quantiles over runs (_median,
        _q05, _q95) and the closed form of the mean (_theory). The quantity log_variance_spread is
        the squared deviation of log σ² from its expectation, so that its mean is the variance of
        log σ².
    """
    fits = np.asarray(generations) + 1
    shift, scale = (means - mean) / std, stds / std
    middle, spread = theory.log_variance(fits, size, ddof=ddof)
    measured = {
        "wasserstein": shift**2 + (scale - 1) ** 2,
        "sample_variance": shift**2 + scale**2,
        "log_variance": 2 * np.log(scale),
        "log_variance_spread": (2 * np.log(scale) - middle) ** 2,
    }
    closed = {
        "wasserstein": theory.wasserstein(fits, size, ddof=ddof),
        "sample_variance": theory.sample_variance(fits, size, ddof=ddof),
        "log_variance": middle,
        "log_variance_spread": spread,
    }
    table = {"generation": generations}
    for name, values in measured.items():
        middle, low, high = summaries.confidence(values)
        table |= {name: middle, f"{name}_low": low, f"{name}_high": high}
        table |= {f"{name}{ending}": found for ending, found in quantiles(values).items()}
        table[f"{name}_theory"] = closed[name]
    table["wasserstein_leading_order"] = theory.wasserstein_leading_order(fits, size)
    return pd.DataFrame(table)


def quantiles(values):
    """Median and the 5 % and 95 % quantiles over runs, by the suffixes of their columns."""
    return dict(zip(("_median", "_q05", "_q95"), summaries.band(values), strict=True))
