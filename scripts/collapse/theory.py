"""Closed forms for the 1-D Gaussian chain: the oracles that simulations are held against.

Lengths are in units of σ₀, the true standard deviation. t counts fits: model(g) is fit t = g + 1.
Each function takes `t` as an int or an integer array. `a` below is (M − 1)/M for ddof 0 and 1 for
ddof 1.

References
----------
arXiv:2305.17493, section 4 and Theorem 3.1; Nature 631:755, Supplementary Information 3.
"""

import numpy as np
from scipy.special import gammaln, polygamma, psi


def _shrinkage(size, ddof):
    return 1.0 if ddof else (size - 1) / size


def c4(size):
    """E[s]/σ for the ddof-1 standard deviation s of `size` normal draws."""
    half = (size - 1) / 2
    return np.exp(gammaln(half + 0.5) - gammaln(half)) / np.sqrt(half)


def expected_variance(t, size, *, ddof):
    """E[σ_t²] under replace: aᵗ."""
    return _shrinkage(size, ddof) ** np.asarray(t, dtype=float)


def mean_drift(t, size, *, ddof):
    """Var(μ_t) under replace: Σ_{k<t} aᵏ/M."""
    a, t = _shrinkage(size, ddof), np.asarray(t, dtype=float)
    return t / size if a == 1 else (1 - a**t) / (1 - a) / size


def sample_variance(t, size, *, ddof):
    """Var of a sample of the t-th model over all chance: E[σ_t²] + Var(μ_t).

    For ddof 1 this is 1 + t/M; for ddof 0 it is 1 for every t: what σ loses, μ gains.
    """
    return expected_variance(t, size, ddof=ddof) + mean_drift(t, size, ddof=ddof)


def log_variance(t, size, *, ddof):
    """Mean and variance of log σ_t² under replace.

    σ_t² is a product of t independent a·χ²(M−1)/(M−1), so both are t times one step's.
    """
    t, half = np.asarray(t), (size - 1) / 2
    step = psi(half) - np.log(half) + np.log(_shrinkage(size, ddof))
    return t * step, t * polygamma(1, half)


def wasserstein(t, size, *, ddof):
    """E[W₂²] between the t-th model and the truth under replace, exactly.

    (μ_t − μ₀)² + (σ_t − σ₀)² in expectation: V_t + aᵗ + 1 − 2(c₄√a)ᵗ, V_t the mean's drift.
    """
    scale = c4(size) * np.sqrt(_shrinkage(size, ddof))
    expected_std = scale ** np.asarray(t, dtype=float)
    return sample_variance(t, size, ddof=ddof) + 1 - 2 * expected_std


def wasserstein_leading_order(t, size):
    """The paper's leading order of E[W₂²] for ddof 1: (3/2)·t/M."""
    return 1.5 * np.asarray(t) / size


def pooled_variance(t, size):
    """E[σ_t²], ddof 0, when all generations' samples are pooled with the real ones.

    Π_{k≤t} (1 − 1/(M·k²)), which tends to sin(π/√M)/(π/√M).
    """
    t = np.asarray(t)
    factors = 1 - 1 / (size * np.arange(1, t.max() + 1, dtype=float) ** 2)
    return np.cumprod(factors)[t - 1]
