"""Closed forms for chains that receive fresh real data in every generation.

Of the `size` items of each generation, `real` are new draws from the truth, and the others are
drawn from the last model with `bias` times its variance: 1 is unbiased sampling, less than 1
sharpens as a low temperature does. Fits are by maximum likelihood. Variances are in units of the
true one.

References
----------
Gaussian: the moments follow from Cochran's theorem, generation by generation. Discrete: drift with
immigration; Ewens, Mathematical Population Genetics (2004), chapter 3. A fresh share: Bertrand et
al., arXiv:2310.00429; Alemohammad et al., arXiv:2307.01850.
"""

import numpy as np
from scipy.special import gammaln


def variances(real, size, last_generation, *, bias=1.0):
    """Expected variance of a fitted normal distribution, by generation.

    Parameters
    ----------
    real, size : int
        Real items, and all items, of each generation after the first.
    last_generation : int
    bias : float
        Variance of a draw from a model, as a share of the model's.

    Returns
    -------
    ndarray, shape (last_generation + 1,)
        Generation 0 is fitted to real items only.
    """
    share, drift, law = real / size, 1 / size, [1 - 1 / size]
    for _ in range(last_generation):
        inside = share + (1 - share) * bias * law[-1]  # mean variance of an item around its source
        moved = (1 - share) * drift  # a model's squared distance from the truth counts here
        drift = inside / size + (1 - share) * moved
        law.append(inside + moved - drift)
    return np.array(law)


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
