"""Compare samples with known laws, with tolerances computed from one error rate for the suite.

Closed forms that only tests need are here; the others are in `collapse.theory`.
"""

import numpy as np
from collapse import theory
from scipy import stats
from scipy.special import xlog1py

# chance that a correct program fails any of the suite's statistical comparisons, were seeds redrawn
FAMILY_WISE_ERROR = 1e-3
N_COMPARISONS = 600
ALPHA = FAMILY_WISE_ERROR / N_COMPARISONS
LIMIT = stats.norm.isf(ALPHA / 2)


def z_of_mean(values, expected):
    """Standardised distance of a sample mean from its expectation."""
    values = np.asarray(values, dtype=float)
    return (values.mean() - expected) / (values.std(ddof=1) / np.sqrt(values.size))


def z_of_variance(values, expected):
    """Standardised distance of a sample variance from its expectation."""
    squares = (np.asarray(values) - np.mean(values)) ** 2
    return z_of_mean(squares, expected * (1 - 1 / squares.size))


def agrees(z):
    """Whether a standardised distance is one that chance allows."""
    return bool(np.all(np.abs(z) < LIMIT))


def same_law(a, b):
    """Whether two samples may come from one distribution (Kolmogorov-Smirnov)."""
    return stats.ks_2samp(a, b).pvalue > ALPHA


def pooled_variance(t, size):
    """E[σ_t²], ddof 0, if the samples of all generations are pooled with the real ones.

    It is Π_{k≤t} (1 − 1/(M·k²)), which tends to `pooled_variance_limit`.
    """
    t = np.asarray(t)
    factors = 1 - 1 / (size * np.arange(1, t.max() + 1, dtype=float) ** 2)
    return np.cumprod(factors)[t - 1]


def pooled_variance_limit(size):
    """Limit of `pooled_variance` for t → ∞: sin(π/√M)/(π/√M)."""
    return np.sinc(1 / np.sqrt(size))


def std_error(sizes):
    """E[(σ_t − σ₀)²] for ddof 1 after each fit to M₀, M₁, … samples: 2 − 2Π c₄(M_i)."""
    return 2 - 2 * np.cumprod(theory.c4(np.asarray(sizes)))


def unseen(q, size):
    """P(a state of probability q is in none of M draws): (1 − q)^M, which is 37 % at q = 1/M."""
    return np.exp(xlog1py(size, -np.asarray(q, dtype=float)))


def absorption_bound(generation, size):
    """Upper bound of P(not absorbed by model(generation)) for every true distribution.

    A run with two states or more has a heterozygosity of at least 2(M − 1)/M². The bound follows
    from Markov's inequality.
    """
    return (1 - 1 / size) ** (np.asarray(generation) + 1.0) * size**2 / (2 * (size - 1))


def mixture_recursion(t, size, *, reg_covar):
    """Expected variance and drift of a whole mixture along one direction, true variance 1.

    Parameters
    ----------
    t : int
        Fits, each of which adds `reg_covar` to the variance.
    size : int
    reg_covar : float

    Returns
    -------
    variance, drift : float
        E[C_t] = a·E[C_{t−1}] + reg_covar and E[(m_t − m₀)²] = Σ_{k<t} E[C_k]/M, a = 1 − 1/M. Their
        sum is 1 + t·reg_covar. They hold for any distribution of the samples, because only its mean
        and covariance enter.
    """
    variance, drift = 1.0, 0.0
    for _ in range(t):
        drift += variance / size
        variance = variance * (size - 1) / size + reg_covar
    return variance, drift
