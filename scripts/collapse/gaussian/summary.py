"""Errors and steps of the Gaussian chains, over runs."""

import numpy as np
import pandas as pd

from collapse import theory
from collapse.process import summaries

QUANTILES = {"": 0.5, "_low": 0.05, "_high": 0.95}  # those of `summaries.band`


def errors(means, stds, *, mean, std, generations):
    """Tabulate quantiles over runs of the fitted mean and standard deviation and their errors.

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
        One row per generation. For mean_error = |μ̂ − μ|, log_error = |log(σ̂/σ)| and std = σ̂: the
        median, the 5 % and 95 % quantiles over runs (suffixes _low and _high), and the value of
        run 0 (_run0).
    """
    quantities = {
        "mean_error": abs(means - mean),
        "log_error": abs(np.log(stds / std)),
        "std": stds,
    }
    table = {"generation": generations}
    for name, values in quantities.items():
        median, low, high = summaries.band(values)
        table |= {name: median, f"{name}_low": low, f"{name}_high": high, f"{name}_run0": values[0]}
    return pd.DataFrame(table)


def replace_law(generations, *, std, ddof, size):
    """Tabulate the law of the replace chain: what `errors` estimates from runs.

    Parameters
    ----------
    generations : sequence of int, length n
    std : float
        True standard deviation.
    ddof : {0, 1}
    size : int
        Samples per generation.

    Returns
    -------
    DataFrame
        One row per generation. For std and mean_error: the median and the 5 % and 95 % quantiles
        (suffixes _law, _law_low, _law_high); those of mean_error are NaN where they are not known.
    """
    setting = {"t": np.asarray(generations) + 1, "size": size, "ddof": ddof}
    probabilities = list(QUANTILES.values())
    found = {
        "std": std
        * np.exp(theory.log_variance_quantiles(probabilities=probabilities, **setting) / 2),
        "mean_error": std * theory.drift_quantiles(probabilities=probabilities, **setting),
    }
    return pd.DataFrame(
        {
            f"{name}_law{ending}": values
            for name, of_name in found.items()
            for ending, values in zip(QUANTILES, of_name, strict=True)
        }
    )


def steps(means, stds, *, std):
    """Tabulate how far chains move from one generation to the next.

    Parameters
    ----------
    means, stds : ndarray, shape (runs, generations)
        Fitted means and standard deviations of every generation of one setting.
    std : float
        True standard deviation.

    Returns
    -------
    DataFrame
        One row for each window of generations: 1, 2-3, 4-7, 8-15, …, with its ends (first, last)
        and their geometric mean (generation). step is the root mean square, over the window, of a
        run's distance W₂ between the models of a generation and the one before, in true standard
        deviations: the median and the 5 % and 95 % quantiles over runs (suffixes _low and _high).
    """
    squares = (np.diff(means) ** 2 + np.diff(stds) ** 2) / std**2
    last = squares.shape[1]  # column i is the step to generation i + 1
    first = 2 ** np.arange(last.bit_length())
    end = np.minimum(2 * first - 1, last)
    windows = [squares[:, a - 1 : b].mean(axis=1) for a, b in zip(first, end, strict=True)]
    step = summaries.band(np.sqrt(np.reshape(windows, (len(windows), len(squares))).T))
    ends = {"first": first, "last": end, "generation": np.sqrt(first * end)}
    return pd.DataFrame(ends | dict(zip(("step", "step_low", "step_high"), step, strict=True)))
