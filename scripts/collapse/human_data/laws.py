"""Closed forms for chains that receive real data in every generation.

Of the `size` items of each generation, `real` are real, new draws from the truth unless a pool is
named, and the others are drawn from the last model with `bias` times its variance: 1 is unbiased
sampling, less than 1 sharpens as a low temperature does. Fits are by maximum likelihood. Variances
are in units of the true one. Sizes that grow are in `collapse.theory.growing_variance`.

References
----------
Gaussian: the moments follow from Cochran's theorem, generation by generation. Discrete: drift with
immigration; Ewens, Mathematical Population Genetics (2004), chapter 3. A fresh share: Bertrand et
al., arXiv:2310.00429; Alemohammad et al., arXiv:2307.01850.
"""

import numpy as np
from scipy.special import gammaln

GOLDEN = (5**0.5 - 1) / 2  # 0.618…, the ratio of a real item's weight and a sample's is 1.618…


def variances(real, size, last_generation, *, bias=1.0, weight=1.0):
    """Expected variance of a fitted normal distribution, by generation.

    Parameters
    ----------
    real, size : int
        Real items, and all items, of each generation after the first.
    last_generation : int
    bias : float
        Variance of a draw from a model, as a share of the model's.
    weight : float
        Weight of a real item in the fit; a sample has weight 1.

    Returns
    -------
    ndarray, shape (last_generation + 1,)
        Generation 0 is fitted to real items only. It holds for other distributions as well, if a
        fit has the variance of its data.
    """
    share = weight * real / (weight * real + size - real)
    own, old = share**2 / real if real else 0.0, (1 - share) ** 2
    drift, law = 1 / size, [1 - 1 / size]
    for _ in range(last_generation):
        drawn = bias * law[-1]
        second = share + (1 - share) * (drawn + drift)  # mean squared distance from the truth
        drift = own + (old * (drift + drawn / (size - real)) if size > real else 0.0)
        law.append(second - drift)
    return np.array(law)


def weighted_drift(share, size):
    """Squared error of the mean in the limit, with `size` fresh real items and as many samples.

    (w² + (1 − w)²)/(1 − (1 − w)²·(1 − 1/n))/n, where w is the weight of all real items together,
    those of the samples being 1 − w. For large n it is least at `GOLDEN`.

    Parameters
    ----------
    share : array_like of float
        w, above 0.
    size : array_like of int
        n.

    References
    ----------
    He et al., arXiv:2502.18049, where n is infinite: (w² + (1 − w)²)/(w(2 − w))/n.
    """
    old = (1 - np.asarray(share)) ** 2
    return (np.square(share) + old) / (1 - old * (1 - 1 / np.asarray(size))) / size


def pool_variances(real, size, pool, last_generation, *, bias=1.0):
    """Expected variance with real items from a fixed pool, by generation.

    The distance D = E[(μ − pool mean)²] follows D′ = γ²(1/k − 1/P) + (1 − γ)²(D + τ²v/s), with
    k = γn real items and s samples.

    Parameters
    ----------
    real, size : int
        Real items, and all items, of each generation after the first.
    pool : int
        Real items that exist in all: P. They are the first of data(0), or data(0) and more.
    last_generation : int
    bias : float
        Variance of a draw from a model, as a share of the model's.

    Returns
    -------
    ndarray, shape (last_generation + 1,)
    """
    share, samples = real / size, size - real
    apart, law = abs(1 / size - 1 / pool), [1 - 1 / size]
    for _ in range(last_generation):
        drawn = bias * law[-1]
        second = share * (1 - 1 / pool) + (1 - share) * (drawn + apart)  # about the pool's mean
        apart = share**2 * (1 / real - 1 / pool) + (1 - share) ** 2 * (apart + drawn / samples)
        law.append(second - apart)
    return np.array(law)


def kept_pool_variance(real, size, pool):
    """Limit of `pool_variances` without bias: 1 − 1/P − D.

    D = [γ/n − γ²/P + (1 − γ)(1 − 1/P)/n] / [γ(2 − γ) + (1 − γ)/n].
    """
    share, whole = np.asarray(real) / size, 1 - 1 / np.asarray(pool)
    moved = share / size - share**2 / pool + (1 - share) * whole / size
    return whole - moved / (share * (2 - share) + (1 - share) / size)


def overlap_variances(real, previous, size, last_generation):
    """Expected variance if a part of the previous data is kept, with fresh real items.

    With M = E[(μ − μ₀)²] and E[v] = 1 − M, M′ = (1 − γ)²M + κ(1 − M) + γ/n, where
    κ = β(1 − β)/(n − 1) + α/n.

    Parameters
    ----------
    real, previous, size : int
        Real items, items that are kept, and all items of each generation after the first.
    last_generation : int

    Returns
    -------
    ndarray, shape (last_generation + 1,)
    """
    fresh, kept = real / size, previous / size
    noise = kept * (1 - kept) / (size - 1) + (1 - fresh - kept) / size
    drift = [1 / size]
    for _ in range(last_generation):
        drift.append((1 - fresh) ** 2 * drift[-1] + noise * (1 - drift[-1]) + fresh / size)
    return 1 - np.array(drift)


def accumulated_variances(real, size, last_generation, *, bias=1.0):
    """Expected variance if all data are kept and fitted, by generation.

    Of the `size` items that each generation adds to data(0), `real` are fresh. Without bias
    M′ = M((N + s)/N′)² + (1 − M)s/N′² + r/N′², where N is the number of items so far. Without real
    ones this is Π(1 − 1/(nk²)), which tends to sin(π/√n)/(π/√n); with a share ρ of real ones, M
    tends to 0 as t^−min(2ρ, 1).

    Parameters
    ----------
    real, size, last_generation, bias
        See `variances`.

    Returns
    -------
    ndarray, shape (last_generation + 1,)
    """
    n, samples, second = size, size - real, 1.0  # mean squared distance of all items from the truth
    drift, law = 1 / size, [1 - 1 / size]
    for _ in range(last_generation):
        drawn, total = bias * law[-1], n + size
        second = (n * second + samples * (drawn + drift) + real) / total
        drift = (drift * (n + samples) ** 2 + samples * drawn + real) / total**2
        n = total
        law.append(second - drift)
    return np.array(law)


def accumulated_drift_bound(size):
    """Bound of the squared error of the mean if all data are kept and fitted: π²/6 that of one fit.

    It holds for every generation, with and without fresh real items.

    References
    ----------
    Gerstgrasser et al., arXiv:2404.01413, theorem 1; Dey & Donoho, arXiv:2410.22812.
    """
    return np.pi**2 / 6 / np.asarray(size)


def forgotten(count, generations):
    """Chance that a state of `count` items in data(0) is absent g generations later, under replace.

    For many items a generation, each item has a Poisson number of copies with mean 1. Then the
    chance is q_g^count, q_0 = 0 and q_{g+1} = exp(q_g − 1). As 1 − q_g tends to 2/g, half of the
    states are forgotten after about 2·count/ln 2 generations: the time is linear in the count.

    Parameters
    ----------
    count : array_like of int
    generations : array_like of int

    References
    ----------
    Suresh et al., arXiv:2412.17646; the chain is exact in `collapse.theory.extinct`.
    """
    chance = [0.0]
    for _ in range(np.max(generations)):
        chance.append(np.exp(chance[-1] - 1))
    return np.array(chance)[generations] ** count


def kept_variance(real, size, *, bias=1.0):
    """Expected variance of the fitted normal distribution after infinitely many generations.

    γB/(1 − (1 − γ)·B·τ²) with B = 1 − 1/(n·(2 − γ)), where γ is the share of real items, n is
    `size` and τ² is `bias`. Without bias it is also the expected diversity of a distribution over
    states, the chance that two draws differ, as a share of the truth's: both are expected squared
    differences of two draws.

    Parameters
    ----------
    real, size : array_like of float
    bias : array_like of float

    Returns
    -------
    ndarray
        Infinite where the expectation grows without bound; 0 without real items, unless `bias` is
        large enough to make up for what sampling takes.
    """
    share = np.asarray(real) / size
    loss = 1 - 1 / (size * (2 - share))
    rest = 1 - (1 - share) * loss * bias
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rest > 0, share * loss / rest, np.inf)


def kept_support(true, real, size):
    """Expected number of states among the items of a generation after infinitely many of them.

    Followed backwards, an item is a real one or a copy of an item of the generation before, until
    all n items are traced to the real ones that they come from. A state of probability q is missing
    with the expectation of (1 − q)ᵏ, where k is the number of these. It is f_n in

        f_j = Σ_h P(h of j items are real) · (1 − q)^h · Σ_m P(j − h copies have m originals) · f_m,

    with f_0 = 1, a hypergeometric and an occupancy distribution. It holds without approximation.

    Parameters
    ----------
    true : ndarray, shape (states,)
        Probabilities.
    real, size : int
        At least 1 real item.

    Returns
    -------
    float
    """
    unseen = (1 - true) ** np.arange(real + 1)[:, None]
    originals = _occupancy(size)
    missed = np.ones((size + 1, true.size))  # f_j, known up to j
    copied = np.ones((size + 1, true.size))  # Σ_m P(j copies have m originals) · f_m
    for j in range(1, size + 1):
        h = np.arange(max(0, j - (size - real)), min(j, real) + 1)
        chance = _hypergeometric(h, j, real, size)
        again = chance[0] * originals[j, j] if h[0] == 0 else 0.0  # as many items as before
        copied[j] = originals[j, :j] @ missed[:j]
        missed[j] = (chance @ (unseen[h] * copied[j - h])) / (1 - again)
        copied[j] += originals[j, j] * missed[j]
    return float((1 - missed[size]).sum())


def _hypergeometric(h, drawn, real, size):
    """Chance of `h` real ones among `drawn` of `size` items."""
    ways = _log_choose(real, h) + _log_choose(size - real, drawn - h) - _log_choose(size, drawn)
    return np.exp(ways)


def _log_choose(n, k):
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def _occupancy(size):
    """Chance that j draws, with replacement, from `size` items hit m different ones: [j, m]."""
    chance = np.zeros((size + 1, size + 1))
    chance[0, 0] = 1
    hit = np.arange(size + 1) / size
    for j in range(size):
        chance[j + 1] = chance[j] * hit
        chance[j + 1, 1:] += chance[j, :-1] * (1 - hit[:-1])
    return chance


def generations_needed(real, size, *, bias=1.0, tolerance=1e-3):
    """Generations after which the expected variance is within `tolerance` of its limit.

    The squared distance of means and the variance follow a linear recursion, see `variances`. The
    larger eigenvalue of its matrix is the share of the distance that a generation leaves.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If there is no limit.
    """
    old = 1 - real / size
    step = np.array([[old**2, old * bias / size], [old - old**2, old * bias * (1 - 1 / size)]])
    slowest = np.abs(np.linalg.eigvals(step)).max()
    if slowest >= 1:
        raise ValueError(f"the expected variance has no limit: a generation leaves {slowest:g}")
    return int(np.ceil(np.log(tolerance) / np.log(slowest)))


def least_count(loss):
    """Fresh real items a generation that keep all but `loss` of the variance, without bias.

    (1/ε − 1)/2, to leading order in the share of real items: whatever the size of a generation.
    """
    return (1 / np.asarray(loss) - 1) / 2


def least_share(loss, bias):
    """Share of fresh real items that keeps all but `loss` of the variance of large generations.

    γ/(1 − γ) = (1 − τ²)(1 − ε)/ε: whatever the size of a generation.
    """
    odds = (1 - np.asarray(bias)) * (1 - loss) / loss
    return odds / (1 + odds)
