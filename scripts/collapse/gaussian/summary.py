"""Errors of the Gaussian chains, over runs."""

import pandas as pd

from collapse.process import summaries


def errors(means, stds, *, mean, std, generations):
    """Tabulate quantiles over runs of the errors of the fitted mean and standard deviation.

    Parameters
    ----------
    means, stds : ndarray, shape (runs, n)
        Fitted means and standard deviations of one setting, at `generations`.
    mean, std : float
        True mean and standard deviation.
    generations : sequence of int, length n

    Returns
    -------
    DataFrame
        One row per generation. For mean_error = |μ̂ − μ|, std_error = |σ̂ − σ| and std = σ̂: the
        median, the 5 % and 95 % quantiles over runs (suffixes _low and _high), and the value of
        run 0 (_run0).
    """
    quantities = {"mean_error": abs(means - mean), "std_error": abs(stds - std), "std": stds}
    table = {"generation": generations}
    for name, values in quantities.items():
        median, low, high = summaries.band(values)
        table |= {name: median, f"{name}_low": low, f"{name}_high": high, f"{name}_run0": values[0]}
    return pd.DataFrame(table)
