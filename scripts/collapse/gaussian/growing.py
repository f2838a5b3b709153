"""The replace chain with a growing number of samples, and with an additional error in each fit.

Lengths are in units of σ₀, the true standard deviation. The truth is N(0, 1).

References
----------
Nature 631:755, Theorem 3.1 with general M_i; arXiv:2305.17493, section 4.3 (noisy approximation).
"""

import numpy as np
import pandas as pd

from collapse import theory
from collapse.gaussian import gaussian
from collapse.process import summaries


def chain(sizes, n_runs, *, ddof, noise, rng):
    """Fit generation after generation to M₀, M₁, … samples, by exact sufficient statistics.

    Parameters
    ----------
    sizes : sequence of int, shape (fits,)
        M₀, M₁, …, each at least 2.
    n_runs : int
    ddof : {0, 1}
    noise : float
        Standard deviation of the normal error that is added to each fitted mean.
    rng : numpy.random.Generator

    Returns
    -------
    means, stds : ndarray, shape (runs, fits)
    """
    means, stds = np.empty((2, n_runs, len(sizes)))
    mean, std = np.zeros(n_runs), np.ones(n_runs)
    for fit, size in enumerate(sizes):
        mean, squares = gaussian.sample_statistics(mean, std, size, rng=rng)
        mean = mean + noise * rng.standard_normal(n_runs)
        std = np.sqrt(squares / (size - ddof))
        means[:, fit], stds[:, fit] = mean, std
    return means, stds


def measure(means, stds, generations):
    """Average the squared distance to the truth and the log variance over runs.

    Parameters
    ----------
    means, stds : ndarray, shape (runs, fits)
        From `chain`.
    generations : ndarray of int, shape (n,)
        Generations to measure.

    Returns
    -------
    dict of ndarray, each of shape (n,)
        wasserstein (W₂²) and log_variance (log σ²): mean over runs and its 95 % confidence interval
        (suffixes _low and _high).
    """
    found = {}
    for name, values in (
        ("wasserstein", means**2 + (stds - 1) ** 2),
        ("log_variance", 2 * np.log(stds)),
    ):
        middle, low, high = summaries.confidence(values[:, generations])
        found |= {name: middle, f"{name}_low": low, f"{name}_high": high}
    return found


def against_theory(measured, sizes, *, ddof, noise, generations):
    """Tabulate measured E[W₂²] and E[log σ²] and their closed forms.

    Parameters
    ----------
    measured : dict of ndarray
        From `measure`, at these generations.
    sizes, ddof, noise
        As given to `chain`.
    generations : ndarray of int
        Generations to tabulate.

    Returns
    -------
    DataFrame
        One row per generation. samples: number of samples; the columns of `measure`; their closed
        forms (suffix _theory). leading_order: leading order of the distance. bound: its lower
        bound, for ddof 1. error_term: the part of the bound that is due to noise.
    """
    sizes, errors = np.asarray(sizes), noise**2 * np.ones(len(sizes))
    closed = {
        "wasserstein": theory.growing_wasserstein(sizes, ddof=ddof) + np.cumsum(errors),
        "log_variance": np.cumsum(theory.log_variance(1, sizes, ddof=ddof)[0]),
    }
    table = {"generation": generations, "samples": sizes[generations]}
    for name, law in closed.items():
        table |= {key: measured[key] for key in (name, f"{name}_low", f"{name}_high")}
        table[f"{name}_theory"] = law[generations]
    leading = theory.growing_wasserstein_leading_order(sizes) + np.cumsum(errors)
    table["leading_order"] = leading[generations]
    bound = theory.noisy_wasserstein_bound(sizes, errors)
    table["bound"] = bound[generations] if ddof else np.nan
    table["error_term"] = np.cumsum(errors)[generations]
    return pd.DataFrame(table)


def limit(size, power, *, ddof, noise):
    """Leading order of the limit of E[W₂²] for M_i = size·(i + 1)^power.

    Parameters
    ----------
    size : int
        M₀.
    power : float
    ddof, noise
        As given to `chain`.

    Returns
    -------
    float
        Infinite with noise, and for power ≤ 1. NaN for ddof 0 without noise, which the theorem
        does not cover; there the distance stays below 2.
    """
    if noise:
        return np.inf
    return theory.growing_wasserstein_limit(size, power) if ddof else np.nan
