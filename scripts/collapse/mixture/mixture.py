"""The mixture chain: fit a Gaussian mixture in the plane, sample from the fit, fit again.

The estimator is that of scikit-learn's ``GaussianMixture`` with two components of full covariance.
It starts from k-means and runs expectation maximisation (EM) until the mean log likelihood changes
by less than a tolerance.

For two components in two dimensions, an EM step needs only sums of 1, x, y, x², xy, y² over the
samples, weighted by the probability of each component. This probability is (1 ± tanh h)/2, where h
is half the log odds. A step therefore takes four matrix-vector products, and one tanh and one
logarithm for each sample. It works on pieces of the data that fit in the cache of a core.

References
----------
arXiv:2305.17493, figures 8 and 13; scikit-learn, ``sklearn.mixture.GaussianMixture``.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from collapse.process import chains, regimes

N_COMPONENTS = 2
PIECE = 8192  # samples in a piece; their monomials, 0.8 MB, fit in a second-level cache


class Mixtures(NamedTuple):
    """Gaussian mixtures in the plane, as arrays with common leading axes.

    The leading axes (...) are, for example, runs and generations.

    Parameters
    ----------
    weights : ndarray, shape (..., components)
    means : ndarray, shape (..., components, 2)
    covariances : ndarray, shape (..., components, 2, 2)
    steps : ndarray of int, shape (...)
        EM steps that the fit took; 0 for a mixture that was not fitted.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    steps: np.ndarray

    def at(self, *index):
        """Select mixtures by an index of the leading axes."""
        return Mixtures(*(array[index] for array in self))


def truth(*, means, std):
    """The true distribution: equally weighted isotropic Gaussians of equal width.

    Parameters
    ----------
    means : sequence of (float, float)
    std : float
        Standard deviation along each axis.

    Returns
    -------
    Mixtures
        One mixture, without leading axes.
    """
    n = len(means)
    covariances = np.tile(float(std) ** 2 * np.eye(2), (n, 1, 1))
    return Mixtures(np.full(n, 1 / n), np.array(means, dtype=float), covariances, np.array(0))


def draw(mixture, size, *, rng):
    """Draw independent samples from one mixture.

    Parameters
    ----------
    mixture : Mixtures
        One mixture, without leading axes.
    size : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (size, 2)
    """
    component = rng.choice(len(mixture.weights), size, p=mixture.weights)
    samples = rng.standard_normal((size, 2))
    for k, root in enumerate(np.linalg.cholesky(mixture.covariances)):
        chosen = component == k
        samples[chosen] = mixture.means[k] + samples[chosen] @ root.T
    return samples


def fit(samples, *, tol, max_iter, reg_covar, seed):
    """Fit a mixture of two Gaussians as ``GaussianMixture(2, random_state=seed)`` does.

    Parameters
    ----------
    samples : ndarray, shape (n, 2)
    tol : float
        EM stops when the mean log likelihood changes by less than this.
    max_iter : int
        Maximal number of EM steps.
    reg_covar : float
        Added to the variances after each step, in squared data units.
    seed : int
        Seed of k-means.

    Returns
    -------
    Mixtures
        One mixture, without leading axes.
    """
    from sklearn.cluster import KMeans  # takes a second, so only where something is fitted

    labels = KMeans(N_COMPONENTS, n_init=1, random_state=seed).fit(samples).labels_
    centres = np.array([samples[labels == k].mean(axis=0) for k in range(N_COMPONENTS)])
    pieces = [_monomials(piece, centres) for piece in _cut(samples)]
    totals = sum(piece.sum(axis=2) for piece in pieces)
    leanings = _cut(np.where(labels == 0, 1.0, -1.0))
    sums = sum(_weighted(piece, leaning) for piece, leaning in zip(pieces, leanings, strict=True))
    pair = _maximise(sums, reg_covar)
    step, likelihood, change = 0, -math.inf, math.inf
    while step < max_iter and change >= tol:
        step, previous = step + 1, likelihood
        likelihood, sums = _expect(pieces, totals, pair)
        pair = _maximise(sums, reg_covar)
        change = abs(likelihood - previous)
    weights, x, y, xx, xy, yy = np.array(pair).T
    means = np.stack([x, y], axis=1) + centres
    covariances = np.array([[xx, xy], [xy, yy]]).transpose(2, 0, 1)
    return Mixtures(weights, means, covariances, np.array(step))


def _cut(array):
    """Split into consecutive pieces of at most `PIECE` rows."""
    return [array[start : start + PIECE] for start in range(0, len(array), PIECE)]


def _monomials(samples, centres):
    """Monomials 1, x, y, x², xy, y² of every sample, relative to both centres: shape (2, 6, n).

    Relative coordinates avoid cancellation, because no variance is a small difference of large
    sums.
    """
    shifts = (samples - centres[:, None]).transpose(2, 0, 1)
    x, y = shifts  # (components, n)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _weighted(piece, leaning):
    """Sums of monomials, weighted by twice the probability of each component: shape (2, 6).

    `leaning`, shape (n,), is P(first component) − P(second component).
    """
    return np.concatenate([piece[0] @ (1 + leaning), piece[1] @ (1 - leaning)]).reshape(2, 6)


def _maximise(sums, reg_covar):
    """M step: from weighted sums to each component as (weight, mean x, mean y, xx, xy, yy).

    For so few numbers, Python floats are faster than arrays.
    """
    pair = [_component(*part.tolist(), reg_covar) for part in sums / 2]
    n = sum(component[0] for component in pair)
    return [(component[0] / n, *component[1:]) for component in pair]


def _component(n, x, y, xx, xy, yy, reg_covar):
    """Count, mean and covariance of a component from its sums, computed as scikit-learn does."""
    n += 10 * np.finfo(float).eps
    x, y = x / n, y / n
    return n, x, y, xx / n - x * x + reg_covar, xy / n - x * y, yy / n - y * y + reg_covar


def _log_density(weight, x, y, xx, xy, yy):
    """Weighted log density of a component, as coefficients of 1, x, y, x², xy, y²."""
    determinant = xx * yy - xy * xy
    pxx, pxy, pyy = yy / determinant, -xy / determinant, xx / determinant  # the precision
    px, py = pxx * x + pxy * y, pxy * x + pyy * y
    constant = math.log(weight / (2 * math.pi * math.sqrt(determinant))) - (px * x + py * y) / 2
    return np.array([constant, px, py, -pxx / 2, -pxy, -pyy / 2])


def _expect(pieces, totals, pair):
    """E step: mean log likelihood, and the weighted sums that `_maximise` takes.

    Let h be half the log odds of the densities p and q. Then log(p + q) = log(pq)/2 + log(2 cosh h)
    and log(2 cosh h) = |h| + log 2 − log(1 + |tanh h|), which does not overflow for any h.
    """
    half = np.stack([_log_density(*component) for component in pair]) / 2
    n = totals[0, 0]
    likelihood, sums = (half * totals).sum() + n * math.log(2), np.zeros_like(totals)
    for piece in pieces:
        h = half[0] @ piece[0] - half[1] @ piece[1]
        leaning = np.tanh(h)
        sums += _weighted(piece, leaning)
        likelihood += np.abs(h).sum() - np.log(1 + np.abs(leaning)).sum()
    return likelihood / n, sums


def chain(regime, real, start, last_generation, *, fit_options, seed, ideal=None):
    """Continue chains of fitting and sampling.

    Samples of earlier generations are not stored. They are drawn again from the same seeds.

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
        Without weights, which the estimator does not have.
    real : ndarray, shape (runs, size, 2)
        data(0) of every run.
    start : Mixtures or None
        Models so far, with leading axes (runs, generations); None to start with generation 0.
    last_generation : int
        Last generation to fit.
    fit_options : dict
        `tol`, `max_iter` and `reg_covar` of `fit`.
    seed : int
        Seed of the chains. The seed of each run and generation is derived from it.
    ideal : Mixtures, default None
        The true distribution. Only needed for more real items than data(0), and for a verifier.

    Returns
    -------
    Mixtures
        Leading axes (runs, last_generation + 1).

    Raises
    ------
    ValueError
        If the regime has weights.
    """
    if regime.weight != 1:
        raise ValueError("the mixture's estimator, scikit-learn's, has no weights: drop weight")
    history, first = _with_room(start, len(real), last_generation + 1)
    options = {"fit_options": fit_options, "ideal": ideal}
    for run, data in enumerate(real):
        _run(regime, data, history.at(run), first, seed=[seed, run], **options)
    return history


def samples_of(models, generation, size, *, seed, regime, ideal=None):
    """Draw samples(g) of one run. Repeated calls return the same samples.

    Parameters
    ----------
    models : Mixtures
        Models of the run, with leading axis (generations).
    generation, size : int
    seed : [int, int]
        Seed of the chain, and the number of the run.
    regime, ideal
        See `chain`.

    Returns
    -------
    ndarray, shape (size, 2)
    """
    rng = np.random.default_rng([*seed, generation])
    return regimes.samples(regime, models.at(generation), size, rng=rng, **_sampling(ideal))


def _sampling(ideal):
    """What `regimes.samples` needs to know of mixtures."""

    def rating(items, shift):
        steps = shift * np.sqrt(np.diagonal(ideal.covariances[0]) * [1, 0])
        return log_density(ideal, items - steps)

    return {
        "draw": lambda model, n, rng: draw(model, n, rng=rng),
        "centre": lambda model: total_moments(model)[0],
        "rating": rating,
    }


def _run(regime, real, models, first, *, fit_options, seed, ideal):
    """Fill the models of one run in place, from generation `first` on."""

    def refit(data, g):
        fit_seed = int(np.random.SeedSequence([*seed, g, 1]).generate_state(1)[0])
        for array, value in zip(models, fit(data, **fit_options, seed=fit_seed), strict=True):
            array[g] = value
        return models.at(g)

    chains.follow(
        *(regime, real, len(models.steps) - 1),
        fit=refit,
        truth=lambda n, rng: draw(ideal, n, rng=rng),
        seed=seed,
        start=[models.at(g) for g in range(first)],
        **_sampling(ideal),
    )


def _with_room(start, n_runs, n_generations):
    """A history with room for `n_generations`, and how many of them `start` fills."""
    k = N_COMPONENTS
    shapes = (k,), (k, 2), (k, 2, 2), ()
    types = float, float, float, int
    history = Mixtures(
        *(np.empty((n_runs, n_generations, *s), t) for s, t in zip(shapes, types, strict=True))
    )
    if start is None:
        return history, 0
    done = start.steps.shape[1]
    for room, array in zip(history, start, strict=True):
        room[:, :done] = array
    return history, done


def total_moments(mixtures):
    """Mean and covariance of whole mixtures.

    After every M step they equal the mean and covariance (with denominator n) of the samples, with
    `reg_covar` added to the variances.

    Parameters
    ----------
    mixtures : Mixtures

    Returns
    -------
    mean : ndarray, shape (..., 2)
    covariance : ndarray, shape (..., 2, 2)
    """
    weights = mixtures.weights[..., None]
    mean = (weights * mixtures.means).sum(axis=-2)
    shift = mixtures.means - mean[..., None, :]
    parts = mixtures.covariances + shift[..., :, None] * shift[..., None, :]
    return mean, (weights[..., None] * parts).sum(axis=-3)


def log_density(mixtures, points):
    """Log density of mixtures at points of the plane.

    Parameters
    ----------
    mixtures : Mixtures
    points : array_like of float, shape (..., 2)
        The leading axes of both must broadcast.

    Returns
    -------
    ndarray, shape (...)
    """
    shift = np.asarray(points)[..., None, :] - mixtures.means  # (..., components, 2)
    solved = np.linalg.solve(mixtures.covariances, shift[..., None])[..., 0]
    heights = mixtures.weights / (2 * np.pi * np.sqrt(np.linalg.det(mixtures.covariances)))
    return logsumexp(-(shift * solved).sum(axis=-1) / 2, axis=-1, b=heights)


def squared_l2(a, b):
    """Squared L2 distance ∫ (p − q)² between the densities of mixtures, in closed form.

    It is a sum over all pairs of components of ∫ N(x; m, S) N(x; n, T) dx = N(m; n, S + T).

    Parameters
    ----------
    a, b : Mixtures
        Their leading axes must broadcast.

    Returns
    -------
    ndarray, shape (...)
        At least 0; its unit is one over squared data units.
    """
    shape = np.broadcast_shapes(a.steps.shape, b.steps.shape)
    parts = [np.broadcast_to(w, shape + w.shape[-1:]) for w in (a.weights, -b.weights)]
    weights = np.concatenate(parts, axis=-1)
    parts = [np.broadcast_to(m, shape + m.shape[-2:]) for m in (a.means, b.means)]
    means = np.concatenate(parts, axis=-2)
    parts = [np.broadcast_to(c, shape + c.shape[-3:]) for c in (a.covariances, b.covariances)]
    covariances = np.concatenate(parts, axis=-3)
    shift = means[..., :, None, :] - means[..., None, :, :]  # (..., pairs, pairs, 2)
    spread = covariances[..., :, None, :, :] + covariances[..., None, :, :, :]
    distance = (shift * np.linalg.solve(spread, shift[..., None])[..., 0]).sum(axis=-1)
    overlap = np.exp(-distance / 2) / (2 * np.pi * np.sqrt(np.linalg.det(spread)))
    return np.maximum(np.einsum("...i,...ij,...j", weights, overlap, weights), 0)
