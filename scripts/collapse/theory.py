"""Closed forms: the oracles that simulations are held against.

1-D Gaussian: lengths are in units of σ₀, the true standard deviation. t counts fits: model(g) is
fit t = g + 1. Each function takes `t` as an int or an integer array. `a` below is (M − 1)/M for
ddof 0 and 1 for ddof 1. Where M grows, `sizes` are M₀, M₁, …, one for each fit.

Discrete distributions: q is the true probability of a state, M the number of items in a
generation; a state's count among them is a binomial chain.

References
----------
arXiv:2305.17493, section 4 and Theorem 3.1; Nature 631:755, Supplementary Information 3. Where the
paper has only a leading order, the exact form is derived from Cochran's theorem: a fit's mean and
variance are independent, N(μ, σ²/M) and a·σ²·χ²(M − 1)/(M − 1). Discrete: Ewens, Mathematical
Population Genetics (2004), chapter 3.
"""

import numpy as np
from scipy.special import gammaln, poch, polygamma, psi, xlog1py, xlogy, zeta


def _shrinkage(size, ddof):
    return 1.0 if ddof else (size - 1) / size


def c4(size):
    """E[s]/σ for the ddof-1 standard deviation s of `size` normal draws."""
    half = (size - 1) / 2
    return poch(half, 0.5) / np.sqrt(half)  # Γ(half + ½)/Γ(half), without their cancellation


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


def pooled_variance_limit(size):
    """What `pooled_variance` tends to as t grows: sin(π/√M)/(π/√M)."""
    return np.sinc(1 / np.sqrt(size))


def growing_sizes(size, power, n_fits):
    """Samples of each fit, growing as a power of its number: M₀·(i + 1)^power, rounded."""
    return np.rint(size * np.arange(1, n_fits + 1) ** float(power)).astype(int)


def growing_variance(sizes, *, ddof):
    """E[σ_t²] under replace after each of the fits to M₀, M₁, … samples: Π a_i."""
    return np.cumprod(np.ones(len(sizes)) if ddof else 1 - 1 / np.asarray(sizes))


def growing_mean_drift(sizes, *, ddof):
    """Var(μ_t) under replace after each of the fits to M₀, M₁, … samples: Σ E[σ_i²]/M_i."""
    before = np.concatenate([[1.0], growing_variance(sizes, ddof=ddof)[:-1]])
    return np.cumsum(before / sizes)


def growing_wasserstein(sizes, *, ddof):
    """E[W₂²] to the truth under replace after each of the fits to M₀, M₁, … samples, exactly.

    As `wasserstein`, with Π c₄(M_i)√a_i for E[σ_t].
    """
    sizes = np.asarray(sizes)
    variance = growing_variance(sizes, ddof=ddof)
    expected_std = np.cumprod(c4(sizes)) * np.sqrt(variance)
    return variance + growing_mean_drift(sizes, ddof=ddof) + 1 - 2 * expected_std


def growing_wasserstein_leading_order(sizes):
    """The paper's leading order of E[W₂²] for ddof 1: (3/2)·Σ 1/M_i (SI, equation 6)."""
    return 1.5 * np.cumsum(1 / np.asarray(sizes))


def growing_wasserstein_limit(size, power):
    """What the leading order tends to where M_i = M·(i + 1)^power: (3/2)·ζ(power)/M.

    Finite only for power > 1: M has to grow faster than linearly.
    """
    return 1.5 * zeta(power) / size if power > 1 else np.inf


def noisy_wasserstein_bound(sizes, squared_errors, *, trace=1.0):
    """Lower bound of E[W₂²] where each fit's mean is off by an error ε_i of its own, for ddof 1.

    Tr Σ·Σ 1/M_i + Σ E‖ε_i‖² after each fit, for errors of mean zero that are uncorrelated with each
    other and with the samples. The bound is E‖μ_t − μ₀‖²; what it leaves out is the covariance's
    part, in one dimension E(σ_t − σ₀)² (see `std_error`).

    Parameters
    ----------
    sizes : sequence of int, shape (fits,)
    squared_errors : float or sequence of float, shape (fits,)
        E‖ε_i‖².
    trace : float
        Of the true covariance matrix Σ.

    Returns
    -------
    ndarray, shape (fits,)

    References
    ----------
    arXiv:2305.17493, section 4.3.
    """
    return np.cumsum(trace / np.asarray(sizes) + squared_errors)


def std_error(sizes):
    """E(σ_t − σ₀)² after each fit, for ddof 1: 2 − 2Π c₄(M_i), of which 2 is the limit."""
    return 2 - 2 * np.cumprod(c4(np.asarray(sizes)))


def unseen(q, size):
    """P(a state is in none of M draws): (1 − q)^M, which is 37 % at q = 1/M."""
    return np.exp(xlog1py(size, -np.asarray(q, dtype=float)))


def heterozygosity(true, generation, size):
    """E[1 − Σ squared shares] of model(generation): (1 − Σ q²)(1 − 1/M)^(generation + 1)."""
    return (1 - (np.asarray(true) ** 2).sum()) * (1 - 1 / size) ** (np.asarray(generation) + 1.0)


def absorption_bound(generation, size):
    """Upper bound of P(not absorbed by model(generation)), whatever the true distribution is.

    A run with two states or more has a heterozygosity of at least 2(M − 1)/M²: Markov's inequality.
    """
    return (1 - 1 / size) ** (np.asarray(generation) + 1.0) * size**2 / (2 * (size - 1))


def extinct(q, generations, size):
    """P(a state is absent from model(g)), exactly: the binomial chain of its count.

    The probability that it is the only state left is the same of all others together, that is
    ``extinct(1 - q, generations, size)``. With g it tends to 1 − q: P(absorbed in the state) = q.

    Parameters
    ----------
    q : array, shape (states,)
        True probabilities.
    generations : sequence of int, rising
    size : int
        M; the work grows as M³.

    Returns
    -------
    ndarray, shape (states, len(generations))
    """
    powers = [_binomial(size, np.arange(size + 1) / size)]  # one generation, then 2, 4, 8 … of them
    absent = (np.arange(size + 1) == 0).astype(float)  # by count, as many generations ago
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
    """P(count) among `size` draws for each probability in `q`: shape (len(q), size + 1)."""
    n, q = np.arange(size + 1), q[:, None]
    log = gammaln(size + 1) - gammaln(n + 1) - gammaln(size - n + 1)
    table = np.exp(log + xlogy(n, q) + xlog1py(size - n, -q))
    return table / table.sum(axis=1, keepdims=True)  # gammaln's rounding would add up over g


def log_determinant(t, size, *, dimensions):
    """Mean of log |C_t|/|C₀| of a Gaussian in several dimensions under replace, ddof 0.

    The sum of squares of M draws follows a Wishart law with M − 1 degrees of freedom, whose
    determinant is a product of independent χ²(M − 1), χ²(M − 2), …, one a dimension.
    """
    halves = (size - 1 - np.arange(dimensions)) / 2
    return np.asarray(t) * (psi(halves) - np.log(size / 2)).sum()


def mixture_recursion(t, size, *, reg_covar):
    """Expected covariance and drift of a mixture's whole, one direction, true variance 1.

    Parameters
    ----------
    t : int
        Fits, each of which adds `reg_covar` to the variance.

    Returns
    -------
    variance, drift : float
        E[C_t] = a·E[C_{t−1}] + reg_covar and E[(m_t − m₀)²] = Σ_{k<t} E[C_k]/M: together
        1 + t·reg_covar. For any law of the samples: only their mean and covariance enter.
    """
    variance, drift = 1.0, 0.0
    for _ in range(t):
        drift += variance / size
        variance = variance * _shrinkage(size, 0) + reg_covar
    return variance, drift
