"""The three sources of error, each alone and all together, when a normal distribution is fitted.

The truth has mean 0 and variance 1, so that lengths are in true standard deviations. Without real
data, each model is fitted to what the previous one generates. A chain has, or does not have,

- the statistical error: M samples, or infinitely many (`size` None), for which the nodes and
  weights of a quadrature rule stand that is exact for means and variances;
- the expressivity error: a truth that is not normal, or a normal one;
- the approximation error: some steps from a fixed start, or the best fit (`descent` None).

References
----------
arXiv:2305.17493, section 3, names the three sources. Amari 1998, Neural Computation 10:251
(natural gradient).
"""

from typing import NamedTuple

import numpy as np
from scipy import integrate, stats

from collapse import theory
from collapse.process import chains, summaries
from collapse.process.regimes import FullRegime

NODES = 16  # of a quadrature rule; two are enough for means and variances


class Descent(NamedTuple):
    """Natural gradient steps on the mean negative log-likelihood, from N(0, start_std²).

    Of the distance to the best fit, each step leaves 1 − step_size. Small steps of the plain
    gradient in the logarithm of the standard deviation leave the same, with twice the step size.

    Parameters
    ----------
    steps : int
    step_size : float
        Greater than 0, at most 1.
    start_std : float
    """

    steps: int
    step_size: float
    start_std: float


class Chain(NamedTuple):
    """Which errors a chain has; each is left out by default.

    Parameters
    ----------
    truth : {"normal", "laplace", "two_normals"}
    size : int or None
        M, samples per generation.
    descent : Descent or None
    """

    truth: str = "normal"
    size: int | None = None
    descent: Descent | None = None


def chains_of(settings):
    """The chains to run: with one source of error each, and with all three.

    Parameters
    ----------
    settings : dict
        sizes, truths, descents (steps and step_size of each) and start_std.

    Returns
    -------
    list of (str, Chain)
        The source, and a chain for each entry of its list. The chain with all errors has the
        first entry of each list.
    """
    sizes, truths = settings["sizes"], settings["truths"]
    descents = [Descent(**at, start_std=settings["start_std"]) for at in settings["descents"]]
    return [
        *(("statistical", Chain(size=size)) for size in sizes),
        *(("expressivity", Chain(truth=truth)) for truth in truths),
        *(("approximation", Chain(descent=descent)) for descent in descents),
        ("all", Chain(truths[0], sizes[0], descents[0])),
    ]


def components(separation):
    """Mean and standard deviation of the normals at ± mean whose equal mixture has variance 1."""
    return separation, np.sqrt(1 - separation**2)


def density(truth, x, *, separation):
    """Density of a truth.

    Parameters
    ----------
    truth : str
    x : ndarray
    separation : float
        The two normals are at ± separation; between 0 and 1.

    Returns
    -------
    ndarray
    """
    if truth == "two_normals":
        mean, std = components(separation)
        return (stats.norm.pdf(x, mean, std) + stats.norm.pdf(x, -mean, std)) / 2
    return stats.norm.pdf(x) if truth == "normal" else stats.laplace.pdf(x, scale=0.5**0.5)


def real_data(chain, n_runs, *, separation, rng):
    """data(0) of every run: points and their weights.

    Parameters
    ----------
    chain : Chain
    n_runs : int
    separation : float
        See `density`.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_runs, items, 2)
        All runs are equal where samples are infinitely many.
    """
    if chain.size is None:
        return np.broadcast_to(_nodes(chain.truth, separation), (n_runs, 2 * NODES, 2))
    shape = (n_runs, chain.size)
    if chain.truth == "laplace":
        return _weighted(rng.laplace(scale=0.5**0.5, size=shape))
    if chain.truth == "normal":
        return _weighted(rng.standard_normal(shape))
    mean, std = components(separation)
    return _weighted(rng.choice([-mean, mean], shape) + std * rng.standard_normal(shape))


def _weighted(points):
    """Points of equal weight, shape (..., size, 2)."""
    return np.stack([points, np.full(points.shape, 1 / points.shape[-1])], axis=-1)


def _nodes(truth, separation):
    """Symmetric quadrature rule of a truth: nodes and weights, shape (2 · NODES, 2)."""
    if truth == "laplace":
        nodes, weights = np.polynomial.laguerre.laggauss(NODES)
        halves = [0.5**0.5 * nodes, -(0.5**0.5) * nodes]
    else:
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        mean, std = components(separation) if truth == "two_normals" else (0, 1)
        halves = [mean + std * nodes, -mean - std * nodes]
    weights = np.tile(weights, 2)
    return np.stack([np.concatenate(halves), weights / weights.sum()], axis=1)


def fit(data, descent=None):
    """Fit a normal distribution.

    Parameters
    ----------
    data : ndarray, shape (items, 2)
        Points and weights.
    descent : Descent or None
        None: maximum likelihood.

    Returns
    -------
    mean, variance : float
    """
    points, weights = data.T
    target = weights @ points
    if descent is None:
        return target, weights @ (points - target) ** 2
    mean, variance = 0.0, descent.start_std**2
    for _ in range(descent.steps):
        gap = weights @ (points - mean) ** 2 - variance
        mean += descent.step_size * (target - mean)
        variance += descent.step_size * gap
    return mean, variance


def models(chain, real, *, last_generation, seed):
    """Mean and variance of model(0), model(1), … of every run.

    Parameters
    ----------
    chain : Chain
    real : ndarray, shape (runs, items, 2)
        From `real_data`.
    last_generation, seed
        See `collapse.process.chains.measure`.

    Returns
    -------
    means, variances : ndarray, shape (runs, last_generation + 1)
    """
    nodes, weights = _nodes("normal", None).T

    def draw(model, size, rng):
        mean, std = model[0], model[1] ** 0.5
        if chain.size is None:
            return np.stack([mean + std * nodes, weights], axis=1)
        return _weighted(rng.normal(mean, std, size))

    found = chains.measure(
        *(FullRegime(), real, last_generation),
        fit=lambda data: fit(data, chain.descent),
        draw=draw,
        quantity=lambda model: model,
        seed=seed,
    )
    return found[..., 0], found[..., 1]


def expected_variances(chain, last_generation):
    """Expectation of the variances of `models`, exact for every chain.

    A fit by steps leaves ρ = (1 − η)^steps of the distance from its start, and adds to the variance
    what the mean was off on the way. All of it is linear in E[σ²] and E[μ²].

    Parameters
    ----------
    chain : Chain
    last_generation : int

    Returns
    -------
    ndarray, shape (last_generation + 1,)
    """
    lost = 1 / chain.size if chain.size else 0.0
    left = late = start = 0.0
    if chain.descent:
        late = (1 - chain.descent.step_size) ** (chain.descent.steps - 1)
        left, start = late * (1 - chain.descent.step_size), chain.descent.start_std**2
    law, variance, drift = [], 1.0, 0.0
    for _ in range(last_generation + 1):
        moved = drift + lost * variance  # E of the square of a sample's mean
        variance = left * start + (1 - left) * ((1 - lost) * variance + late * moved)
        drift = (1 - left) ** 2 * moved
        law.append(variance)
    return np.array(law)


def entropy(truth, *, separation):
    """Differential entropy of a truth, nats; of the two normals by numerical integration."""
    if truth == "normal":
        return stats.norm.entropy()
    if truth == "laplace":
        return stats.laplace.entropy(scale=0.5**0.5)

    def integrand(x):
        value = density(truth, x, separation=separation)
        return -value * np.log(value)

    mean, std = components(separation)
    places = {"points": [-mean, 0, mean], "limit": 200}
    return integrate.quad(integrand, -mean - 12 * std, mean + 12 * std, **places)[0]


def divergence(truth, means, variances, *, separation):
    """Kullback-Leibler divergence of normal distributions from a truth, nats.

    It is the loss of the model on real data, above the least that any model can have.

    Parameters
    ----------
    truth : str
    means, variances : ndarray
    separation : float
        See `density`.

    Returns
    -------
    ndarray
    """
    crossed = (np.log(2 * np.pi * variances) + (1 + means**2) / variances) / 2
    return crossed - entropy(truth, separation=separation)


def expected_divergence(chain, last_generation, *, separation):
    """Expectation of the divergence of `models` from the truth.

    Under the statistical error alone, t fits multiply E[1/σ²] by rᵗ, r = M/(M − 3), and
    E[μ²/σ²] = (rᵗ − 1)/3 follows.

    Parameters
    ----------
    chain : Chain
    last_generation : int
    separation : float
        See `density`.

    Returns
    -------
    ndarray, shape (last_generation + 1,)
        NaN for a chain with the statistical and another error.
    """
    if chain.size is None:
        variances = expected_variances(chain, last_generation)  # no randomness, and the mean is 0
        return divergence(chain.truth, 0.0, variances, separation=separation)
    if chain != Chain(size=chain.size):
        return np.full(last_generation + 1, np.nan)
    t = np.arange(1, last_generation + 2)
    growth = (chain.size / (chain.size - 3)) ** t.astype(float)
    return theory.log_variance(t, chain.size, ddof=0)[0] / 2 + 2 / 3 * (growth - 1)


def against_laws(chain, means, variances, *, separation):
    """Tabulate variances and divergences over runs next to their expectations.

    Parameters
    ----------
    chain : Chain
    means, variances : ndarray, shape (runs, generations)
        From `models`.
    separation : float
        See `density`.

    Returns
    -------
    dict of ndarray
        Columns of a table, see `collapse.process.summaries.against_law`.
    """
    last = variances.shape[1] - 1
    gaps = divergence(chain.truth, means, variances, separation=separation)
    law = expected_divergence(chain, last, separation=separation)
    variance = summaries.against_law("variance", variances, expected_variances(chain, last))
    return variance | summaries.against_law("divergence", gaps, law)
