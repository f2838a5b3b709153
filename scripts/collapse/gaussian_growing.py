"""The replace chain where the number of samples grows, and where each fit has an error of its own.

Lengths are in units of σ₀, the true standard deviation; the truth is N(0, 1).

References
----------
Nature 631:755, Theorem 3.1 with general M_i; arXiv:2305.17493, section 4.3 (noisy approximation).
"""

import numpy as np
import pandas as pd

from collapse import gaussian, summaries, theory


def chain(sizes, n_runs, *, ddof, noise, rng):
    """Fits of one generation after another to M₀, M₁, … samples, drawn exactly.

    Parameters
    ----------
    sizes : sequence of int, shape (fits,)
        M₀, M₁, …, each at least 2.
    n_runs : int
    ddof : {0, 1}
    noise : float
        Standard deviation of a normal error that is added to each fitted mean.
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


def against_theory(means, stds, sizes, *, ddof, noise, generations):
    """Measured E[W₂²] and mean log σ² beside their closed forms, at some generations.

    Parameters as for `chain`; means and stds are its result.

    Returns
    -------
    DataFrame
        One row per generation: its number of samples (samples); squared distance and log variance
        as mean over runs, 95 % confidence interval (low, high) and closed form (theory); the
        distance's leading order, and of the lower bound (bound, for ddof 1) the part that is due to
        noise (error_term).
    """
    sizes, errors = np.asarray(sizes), noise**2 * np.ones(len(sizes))
    closed = {
        "wasserstein": theory.growing_wasserstein(sizes, ddof=ddof) + np.cumsum(errors),
        "log_variance": np.cumsum(theory.log_variance(1, sizes, ddof=ddof)[0]),
    }
    measured = {"wasserstein": means**2 + (stds - 1) ** 2, "log_variance": 2 * np.log(stds)}
    table = {"generation": generations, "samples": sizes[generations]}
    for name, values in measured.items():
        middle, low, high = summaries.confidence(values[:, generations])
        table |= {name: middle, f"{name}_low": low, f"{name}_high": high}
        table[f"{name}_theory"] = closed[name][generations]
    leading = theory.growing_wasserstein_leading_order(sizes) + np.cumsum(errors)
    table["leading_order"] = leading[generations]
    bound = theory.noisy_wasserstein_bound(sizes, errors)
    table["bound"] = bound[generations] if ddof else np.nan
    table["error_term"] = np.cumsum(errors)[generations]
    return pd.DataFrame(table)


def limit(size, power, *, ddof, noise):
    """What the distance tends to where M_i = size·(i + 1)^power, to leading order.

    NaN for ddof 0 without noise, of which the theorem does not speak: it stays below 2 there.
    """
    if noise:
        return np.inf
    return theory.growing_wasserstein_limit(size, power) if ddof else np.nan
