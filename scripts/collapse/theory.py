"""Closed forms that simulations are compared with.

1-D Gaussian: lengths are in units of σ₀, the true standard deviation. `t` is the number of fits,
an int or an integer array; model(g) results from t = g + 1 fits. `size` is M, the number of
samples in each generation. In formulas, a is (M − 1)/M for ddof 0, and 1 for ddof 1. Where M
changes from fit to fit, `sizes` holds M₀, M₁, …

Discrete distributions: q is the true probability of a state. The count of a state among the M
items of each generation is a binomial Markov chain.

References
----------
arXiv:2305.17493, section 4 and Theorem 3.1; Nature 631:755, Supplementary Information 3. Where the
paper gives only the leading order, the exact form follows from Cochran's theorem: the fitted mean
and variance are independent, distributed as N(μ, σ²/M) and a·σ²·χ²(M − 1)/(M − 1). Discrete:
Ewens, Mathematical Population Genetics (2004), chapter 3.
"""

import numpy as np
from scipy.special import gammaln, ndtri, poch, polygamma, psi, xlog1py, xlogy, zeta


def _shrinkage(size, ddof):
    return 1.0 if ddof else (size - 1) / size


def c4(size):
    """E[s]/σ, where s is the standard deviation (ddof 1) of `size` normal draws."""
    half = (size - 1) / 2
    return poch(half, 0.5) / np.sqrt(half)  # Γ(half + ½)/Γ(half) without cancellation


def expected_variance(t, size, *, ddof):
    """E[σ_t²] under replace: aᵗ."""
    return _shrinkage(size, ddof) ** np.asarray(t, dtype=float)


def mean_drift(t, size, *, ddof):
    """Var(μ_t) under replace: Σ_{k<t} aᵏ/M."""
    a, t = _shrinkage(size, ddof), np.asarray(t, dtype=float)
    return t / size if a == 1 else (1 - a**t) / (1 - a) / size


def sample_variance(t, size, *, ddof):
    """Total variance of a sample from the t-th model: E[σ_t²] + Var(μ_t).

    This is 1 + t/M for ddof 1, and 1 for ddof 0, where the drift of μ makes up for the loss of σ.
    """
    return expected_variance(t, size, ddof=ddof) + mean_drift(t, size, ddof=ddof)


def log_variance(t, size, *, ddof):
    """Mean and variance of log σ_t² under replace.

    σ_t² is a product of t independent factors a·χ²(M−1)/(M−1), so that both are t times those of
    one step.

    Returns
    -------
    mean, variance : float or ndarray
    """
    t, half = np.asarray(t), (size - 1) / 2
    step = psi(half) - np.log(half) + np.log(_shrinkage(size, ddof))
    return t * step, t * polygamma(1, half)


def log_variance_quantiles(t, size, probabilities, *, ddof):
    """Quantiles of log σ_t² under replace, by the expansion of Cornish & Fisher (1938).

    The cumulants of log σ_t² are t times those of one step: polygamma functions. With the first
    four, quantiles between 5 % and 95 % are off by less than 1 % of the standard deviation for
    M ≥ 10, and by less for larger M and for more fits.

    Parameters
    ----------
    t : array_like of int, shape (n,)
    size : int
    probabilities : sequence of float, shape (m,)
    ddof : {0, 1}

    Returns
    -------
    ndarray, shape (m, n)
    """
    t, half = np.asarray(t, dtype=float), (size - 1) / 2
    mean, variance = log_variance(t, size, ddof=ddof)
    skewness = t * polygamma(2, half) / variance**1.5
    kurtosis = t * polygamma(3, half) / variance**2
    z = ndtri(np.asarray(probabilities))[:, None]
    normal = z + (z**2 - 1) / 6 * skewness + (z**3 - 3 * z) / 24 * kurtosis
    return mean + np.sqrt(variance) * (normal - (2 * z**3 - 5 * z) / 36 * skewness**2)


def drift_quantiles(t, size, probabilities, *, ddof):
    """Quantiles of |μ_t − μ₀| under replace while the spread has hardly changed.

    Given the spreads, the drift is normal. As long as t is at most M/10, the spreads differ so
    little between runs that the drift is close to normal with the variance `mean_drift` (median
    and 95 % quantile are off by less than 3 %). Later it has heavier tails and a smaller median.

    Parameters
    ----------
    t, size, probabilities, ddof
        As of `log_variance_quantiles`.

    Returns
    -------
    ndarray, shape (m, n)
        NaN for t > M/10.
    """
    t = np.asarray(t, dtype=float)
    spread = np.sqrt(mean_drift(np.where(t <= size / 10, t, np.nan), size, ddof=ddof))
    return ndtri((1 + np.asarray(probabilities)) / 2)[:, None] * spread


def wasserstein(t, size, *, ddof):
    """Exact E[W₂²] between the t-th model and the truth under replace.

    The expectation of (μ_t − μ₀)² + (σ_t − σ₀)² is V_t + aᵗ + 1 − 2(c₄√a)ᵗ, where V_t is
    `mean_drift`.
    """
    scale = c4(size) * np.sqrt(_shrinkage(size, ddof))
    expected_std = scale ** np.asarray(t, dtype=float)
    return sample_variance(t, size, ddof=ddof) + 1 - 2 * expected_std


def wasserstein_leading_order(t, size):
    """Leading order of E[W₂²] for ddof 1, as in the paper: (3/2)·t/M."""
    return 1.5 * np.asarray(t) / size


def growing_sizes(size, power, n_fits):
    """Sample sizes that grow as a power of the fit's number: M_i = M₀·(i + 1)^power, rounded.

    Parameters
    ----------
    size : int
        M₀.
    power : float
    n_fits : int

    Returns
    -------
    ndarray of int, shape (n_fits,)
    """
    return np.rint(size * np.arange(1, n_fits + 1) ** float(power)).astype(int)


def growing_variance(sizes, *, ddof):
    """E[σ_t²] under replace after each fit to M₀, M₁, … samples: Π a_i."""
    return np.cumprod(np.ones(len(sizes)) if ddof else 1 - 1 / np.asarray(sizes))


def growing_mean_drift(sizes, *, ddof):
    """Var(μ_t) under replace after each fit to M₀, M₁, … samples: Σ E[σ_i²]/M_i."""
    before = np.concatenate([[1.0], growing_variance(sizes, ddof=ddof)[:-1]])
    return np.cumsum(before / sizes)


def growing_wasserstein(sizes, *, ddof):
    """Exact E[W₂²] to the truth under replace after each fit to M₀, M₁, … samples.

    The formula is that of `wasserstein`, with E[σ_t] = Π c₄(M_i)√a_i.
    """
    sizes = np.asarray(sizes)
    variance = growing_variance(sizes, ddof=ddof)
    expected_std = np.cumprod(c4(sizes)) * np.sqrt(variance)
    return variance + growing_mean_drift(sizes, ddof=ddof) + 1 - 2 * expected_std


def growing_wasserstein_leading_order(sizes):
    """Leading order of E[W₂²] for ddof 1: (3/2)·Σ 1/M_i (Nature, SI, equation 6)."""
    return 1.5 * np.cumsum(1 / np.asarray(sizes))


def growing_wasserstein_limit(size, power):
    """Limit of the leading order for M_i = M·(i + 1)^power: (3/2)·ζ(power)/M.

    It is finite only for power > 1, that is, if M grows faster than linearly.
    """
    return 1.5 * zeta(power) / size if power > 1 else np.inf


def noisy_wasserstein_bound(sizes, squared_errors):
    """Lower bound of E[W₂²] for ddof 1 if each fitted mean has an additional error ε_i.

    After each fit the bound is Σ 1/M_i + Σ E[ε_i²], for errors of mean zero that are uncorrelated
    with each other and with the samples. This is E[(μ_t − μ₀)²]. It leaves out E[(σ_t − σ₀)²].
    In several dimensions, the bound with Tr Σ in place of 1 holds for E‖μ_t − μ₀‖².

    Parameters
    ----------
    sizes : sequence of int, shape (fits,)
    squared_errors : float or sequence of float, shape (fits,)
        E[ε_i²].

    Returns
    -------
    ndarray, shape (fits,)

    References
    ----------
    arXiv:2305.17493, section 4.3.
    """
    return np.cumsum(1 / np.asarray(sizes) + squared_errors)


def heterozygosity(true, generation, size):
    """Expected heterozygosity of model(generation): (1 − Σ q²)(1 − 1/M)^(generation + 1).

    The heterozygosity is 1 minus the sum of the squared shares of all states.

    Parameters
    ----------
    true : array_like, shape (states,)
        True probabilities q.
    generation : int or array_like of int
    size : int
        M.
    """
    return (1 - (np.asarray(true) ** 2).sum()) * (1 - 1 / size) ** (np.asarray(generation) + 1.0)


def extinct(q, generations, size):
    """Exact probability that a state is absent from model(g), from the binomial chain of its count.

    The probability that a state is the only one left is that of all others being absent together:
    ``extinct(1 - q, generations, size)``. As g grows, `extinct` tends to 1 − q, because a run is
    absorbed in a state with probability q.

    Parameters
    ----------
    q : array_like, shape (states,)
        True probabilities.
    generations : sequence of int
        Rising.
    size : int
        M. The work grows as M³.

    Returns
    -------
    ndarray, shape (states, len(generations))
    """
    powers = [_binomial(size, np.arange(size + 1) / size)]  # of 1, 2, 4, 8 … generations
    absent = (np.arange(size + 1) == 0).astype(float)  # by count, `done` generations before
    columns, done = [], 0
    for generation in generations:
        for bit, digit in enumerate(reversed(f"{generation - done:b}")):
            if bit == len(powers):
                powers.append(powers[-1] @ powers[-1])
            if digit == "1":
                absent = powers[bit] @ absent
        columns.append(absent)
        done = generation
    return _binomial(size, np.asarray(q)) @ np.stack(columns, axis=1)


def _binomial(size, q):
    """P(count) among `size` draws, for each probability in `q`: shape (len(q), size + 1)."""
    n, q = np.arange(size + 1), q[:, None]
    log = gammaln(size + 1) - gammaln(n + 1) - gammaln(size - n + 1)
    table = np.exp(log + xlogy(n, q) + xlog1py(size - n, -q))
    return table / table.sum(axis=1, keepdims=True)  # or rounding errors would accumulate


def log_determinant(t, size, *, dimensions):
    """Mean of log(|C_t|/|C₀|) for a Gaussian in several dimensions under replace, ddof 0.

    The scatter matrix of M draws has a Wishart distribution with M − 1 degrees of freedom. Its
    determinant is a product of independent χ²(M − 1), χ²(M − 2), …, one for each dimension.

    Parameters
    ----------
    t : int or array_like of int
        Number of fits.
    size : int
        M, greater than `dimensions`.
    dimensions : int

    Returns
    -------
    float or ndarray
    """
    halves = (size - 1 - np.arange(dimensions)) / 2
    return np.asarray(t) * (psi(halves) - np.log(size / 2)).sum()
