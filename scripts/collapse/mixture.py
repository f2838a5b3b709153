"""The mixture chain: fit a Gaussian mixture in the plane, sample from the fit, fit again.

The estimator is that of scikit-learn's ``GaussianMixture``: two components with full covariance,
started from k-means, refined by expectation maximisation (EM) until the mean log likelihood
changes by less than a tolerance. For two components in two dimensions an EM step needs only sums of
1, x, y, x², xy, y² over the samples, weighted by the probability of either component. That is
(1 ± tanh h)/2, where h is half the log odds, so that a step is four products of a matrix and a
vector, one tanh and one logarithm a sample; and it is taken in pieces that stay in a core's cache.

References
----------
arXiv:2305.17493, figures 8 and 13; scikit-learn, ``sklearn.mixture.GaussianMixture``.
"""

import math
from typing import NamedTuple

import numpy as np

from collapse import chains, files

N_COMPONENTS = 2
PIECE = 8192  # samples at once: their monomials, 0.8 MB, stay in a core's second-level cache


class Mixtures(NamedTuple):
    """Mixtures of Gaussians in the plane; leading axes (...) are, say, runs and generations.

    Parameters
    ----------
    weights : ndarray, shape (..., components)
    means : ndarray, shape (..., components, 2)
    covariances : ndarray, shape (..., components, 2, 2)
    steps : ndarray of int, shape (...)
        EM steps that the fit took; 0 where nothing was fitted.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    steps: np.ndarray

    def at(self, *index):
        """The mixtures at an index of the leading axes."""
        return Mixtures(*(array[index] for array in self))


def truth(*, means, std):
    """The true distribution: equally weighted round Gaussians of one spread.

    Parameters
    ----------
    means : sequence of (float, float)
    std : float
    """
    n = len(means)
    covariances = np.tile(float(std) ** 2 * np.eye(2), (n, 1, 1))
    return Mixtures(np.full(n, 1 / n), np.array(means, dtype=float), covariances, np.array(0))


def draw(mixture, size, *, rng):
    """`size` independent draws from one mixture: an array of shape (size, 2)."""
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
        EM stops when the mean log likelihood changes by less.
    max_iter : int
        Most EM steps.
    reg_covar : float
        Added to the variances after each step, in squared data units.
    seed : int
        Of k-means.

    Returns
    -------
    Mixtures
        One, without leading axes.
    """
    from sklearn.cluster import KMeans  # takes a second: only where something is fitted

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
    """Consecutive pieces of at most `PIECE` rows."""
    return [array[start : start + PIECE] for start in range(0, len(array), PIECE)]


def _monomials(samples, centres):
    """1, x, y, x², xy, y² of every sample, seen from either component's centre: shape (2, 6, n).

    From near by, so that a component's variance is no small difference of large sums.
    """
    shifts = (samples - centres[:, None]).transpose(2, 0, 1)
    x, y = shifts  # (components, n)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _weighted(piece, leaning):
    """Sums of a piece's monomials, weighted by twice the probability of either component: (2, 6).

    `leaning`, shape (n,), is P(first component) − P(second component).
    """
    return np.concatenate([piece[0] @ (1 + leaning), piece[1] @ (1 - leaning)]).reshape(2, 6)


def _maximise(sums, reg_covar):
    """M step: each component as (weight, mean x, mean y, xx, xy, yy), from what `_weighted` sums.

    In Python's own floats, which for so few numbers are faster than arrays.
    """
    pair = [_component(*part.tolist(), reg_covar) for part in sums / 2]
    n = sum(component[0] for component in pair)
    return [(component[0] / n, *component[1:]) for component in pair]


def _component(n, x, y, xx, xy, yy, reg_covar):
    """Count, mean and covariance from sums over a component's samples, as scikit-learn has them."""
    n += 10 * np.finfo(float).eps
    x, y = x / n, y / n
    return n, x, y, xx / n - x * x + reg_covar, xy / n - x * y, yy / n - y * y + reg_covar


def _log_density(weight, x, y, xx, xy, yy):
    """A component's weighted log density as coefficients of 1, x, y, x², xy, y²."""
    determinant = xx * yy - xy * xy
    pxx, pxy, pyy = yy / determinant, -xy / determinant, xx / determinant  # the precision
    px, py = pxx * x + pxy * y, pxy * x + pyy * y
    constant = math.log(weight / (2 * math.pi * math.sqrt(determinant))) - (px * x + py * y) / 2
    return np.array([constant, px, py, -pxx / 2, -pxy, -pyy / 2])


def _expect(pieces, totals, pair):
    """E step: mean log likelihood, and the weighted sums that `_maximise` takes.

    With h half the log odds of densities p and q: log(p + q) = log(pq)/2 + log(2 cosh h), and
    log(2 cosh h) = |h| + log 2 − log(1 + |tanh h|), which no h overflows.
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


def chain(regime, real, start, last_generation, *, fit_options, seed):
    """Continue chains of fitting and sampling.

    Samples are not stored between jobs: those of earlier generations are drawn again from their
    own seeds.

    Parameters
    ----------
    regime : collapse.generations.Regime
    real : ndarray, shape (runs, size, 2)
        data(0) of every run.
    start : Mixtures or None
        model(0), model(1), … of every run, leading axes (runs, generations so far); None: none.
    last_generation : int
        Generation to end with.
    fit_options : dict
        `tol`, `max_iter` and `reg_covar` of `fit`.
    seed : int
        Of the chains; each run's and generation's is derived from it.

    Returns
    -------
    Mixtures
        Leading axes (runs, last_generation + 1).
    """
    history, first = _with_room(start, len(real), last_generation + 1)
    for run, data in enumerate(real):
        models = history.at(run)
        _run(regime, data, models, first, fit_options=fit_options, seed=[seed, run])
    return history


def samples_of(models, generation, size, *, seed):
    """samples(g) of one run: always the same draws.

    Parameters
    ----------
    models : Mixtures
        Leading axis (generations).
    seed : [int, int]
        The chain's, and the run's number.
    """
    rng = np.random.default_rng([*seed, generation])
    return draw(models.at(generation), size, rng=rng)


def _run(regime, real, models, first, *, fit_options, seed):
    """Fill one run's models in place from generation `first` on."""

    def refit(data, g):
        fit_seed = int(np.random.SeedSequence([*seed, g, 1]).generate_state(1)[0])
        for array, value in zip(models, fit(data, **fit_options, seed=fit_seed), strict=True):
            array[g] = value
        return models.at(g)

    chains.follow(
        *(regime, real, len(models.steps) - 1),
        fit=refit,
        draw=lambda model, g: samples_of(models, g, len(real), seed=seed),
        seed=seed,
        start=[models.at(g) for g in range(first)],
    )


def _with_room(start, n_runs, n_generations):
    """A history with room for `n_generations`, and how many of them it has."""
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
    """Mean, shape (..., 2), and covariance, shape (..., 2, 2), of whole mixtures.

    After any M step they are the samples' own, with denominator n, and `reg_covar` added to the
    variances, whatever the EM before it did.
    """
    weights = mixtures.weights[..., None]
    mean = (weights * mixtures.means).sum(axis=-2)
    shift = mixtures.means - mean[..., None, :]
    parts = mixtures.covariances + shift[..., :, None] * shift[..., None, :]
    return mean, (weights[..., None] * parts).sum(axis=-3)


def squared_l2(a, b):
    """∫ (p − q)² between the densities of mixtures, in closed form.

    ∫ N(x; m, S) N(x; n, T) dx = N(m; n, S + T), summed over all pairs of components.

    Parameters
    ----------
    a, b : Mixtures
        Leading axes that broadcast.

    Returns
    -------
    ndarray, shape (...)
        In one over squared data units; at least 0.
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


def read_chains(paths, grid):
    """Histories of several settings, each from the files of its batches of runs.

    Parameters
    ----------
    paths : sequence of str
        Files with a history's arrays; the settings in `grid`'s order, each with as many files.
    grid : sequence of dict

    Yields
    ------
    setting : dict
    history : Mixtures
        Leading axes (runs, generations).
    """
    n_batches = len(paths) // len(grid)
    for position, setting in enumerate(grid):
        batches = paths[position * n_batches : (position + 1) * n_batches]
        parts = [Mixtures(**files.read_arrays(path)) for path in batches]
        yield setting, Mixtures(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
