"""The Gaussian chains' errors, over runs."""

import pandas as pd

from collapse import summaries


def errors(means, stds, *, mean, std, generations):
    """Where the runs' errors lie, at some generations.

    Parameters
    ----------
    means, stds : ndarray, shape (runs, generations)
        Histories of one setting.
    mean, std : float
        The truth.
    generations : sequence of int
        Rows of the table.

    Returns
    -------
    DataFrame
        One row per generation; for mean_error = |μ̂ − μ|, std_error = |σ̂ − σ| and std = σ̂:
        median, 5 % and 95 % quantile over runs and the value of run 0.
    """
    quantities = {"mean_error": abs(means - mean), "std_error": abs(stds - std), "std": stds}
    table = {"generation": generations}
    for name, values in quantities.items():
        at = values[:, generations]
        median, low, high = summaries.band(at)
        table |= {name: median, f"{name}_low": low, f"{name}_high": high, f"{name}_run0": at[0]}
    return pd.DataFrame(table)
