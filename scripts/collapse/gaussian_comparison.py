"""The replace chain's closed forms beside measurement, over runs."""

import numpy as np
import pandas as pd

from collapse import summaries, theory


def against_theory(means, stds, *, mean, std, ddof, size, generations):
    """Closed forms of the replace chain beside their measured values, at some generations.

    All in units of the true standard deviation; parameters as for `gaussian_summary.errors`.

    Returns
    -------
    DataFrame
        One row per generation; for each quantity the mean over runs (measured), its 95 %
        confidence interval (low, high) and the closed form (theory). log_variance_spread is the
        squared distance of the log variance from its expectation, in the mean its variance.
    """
    fits = np.asarray(generations) + 1
    shift, scale = (means[:, generations] - mean) / std, stds[:, generations] / std
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
        table[f"{name}_theory"] = closed[name]
    table["wasserstein_leading_order"] = theory.wasserstein_leading_order(fits, size)
    return pd.DataFrame(table)
