"""Mixtures against scikit-learn, quadrature and the laws of their chain, each with a control."""

import functools

import numpy as np
import oracles
import pytest
from collapse import theory
from collapse.mixture import mixture
from collapse.process.regimes import FullRegime
from oracles import agrees, z_of_mean
from sklearn.mixture import GaussianMixture

OPTIONS = {"tol": 1e-5, "max_iter": 2000, "reg_covar": 1e-6}
ROUGH = {"tol": 1e-5, "max_iter": 2, "reg_covar": 0.1}  # far from converged
REPLACE, POOL = FullRegime(), FullRegime(accumulate=True)
MEMORY = FullRegime(new=0.5, previous=0.3, real=0.2)
BLOB = mixture.truth(means=[[0, 0]], std=1)
TWO = mixture.truth(means=[[-2, 0], [2, 0]], std=1)


def by_scikit_learn(samples, *, seed, **options):
    fitted = GaussianMixture(2, random_state=seed, **options).fit(samples)
    steps = np.array(fitted.n_iter_)
    return mixture.Mixtures(fitted.weights_, fitted.means_, fitted.covariances_, steps)


def difference(a, b):
    """Largest difference of two fits' parameters, in units of weights and standard deviations."""
    std = np.sqrt(np.diagonal(b.covariances, axis1=-2, axis2=-1))
    scale = std[..., :, None] * std[..., None, :]
    return max(
        np.abs(a.weights / b.weights - 1).max(),
        np.abs((a.means - b.means) / std).max(),
        np.abs((a.covariances - b.covariances) / scale).max(),
    )


def thin(rng, n):
    """Almost on a line, far from the origin."""
    x = rng.standard_normal(n)
    return np.stack([x, 5 + 3 * x + 0.05 * rng.standard_normal(n)], axis=1)


NARROW = TWO._replace(covariances=1e-5 * TWO.covariances)
LOPSIDED = TWO._replace(weights=np.array([0.02, 0.98]))
STATES = {
    "blob": lambda rng, n: mixture.draw(BLOB, n, rng=rng),
    "two": lambda rng, n: mixture.draw(TWO, n, rng=rng),
    "narrow": lambda rng, n: mixture.draw(NARROW, n, rng=rng),
    "lopsided": lambda rng, n: mixture.draw(LOPSIDED, n, rng=rng),
    "collapsed": lambda rng, n: 3 + 0.002 * mixture.draw(BLOB, n, rng=rng),
    "thin": thin,
}


@pytest.mark.parametrize("size", [50, 1500])
@pytest.mark.parametrize("state", STATES)
def test_the_fit_is_that_of_scikit_learn(state, size):
    for seed in range(3):
        samples = STATES[state](np.random.default_rng([seed, size]), size)
        own = mixture.fit(samples, **OPTIONS, seed=seed)
        other = by_scikit_learn(samples, **OPTIONS, seed=seed)
        assert own.steps == other.steps
        assert difference(own, other) < 1e-10


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("piece", [7, 50])
def test_a_fit_in_pieces_is_that_of_scikit_learn(state, piece, monkeypatch):
    samples = STATES[state](np.random.default_rng(2), 150)
    monkeypatch.setattr(mixture, "PIECE", piece)
    own = mixture.fit(samples, **OPTIONS, seed=0)
    other = by_scikit_learn(samples, **OPTIONS, seed=0)
    assert own.steps == other.steps
    assert difference(own, other) < 1e-10


@pytest.mark.parametrize("change", [{"tol": 1e-4}, {"reg_covar": 1e-5}, {"seed": 5}])
def test_control_another_estimator_is_told_apart(change):
    samples = STATES["blob"](np.random.default_rng(0), 500)
    other = by_scikit_learn(samples, **OPTIONS | {"seed": 0})
    own = mixture.fit(samples, **OPTIONS | {"seed": 0} | change)
    assert difference(own, other) > 1e-8


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_stops_after_max_iter_steps_as_scikit_learn_does():
    samples = STATES["blob"](np.random.default_rng(0), 100)
    own = mixture.fit(samples, **ROUGH, seed=1)
    other = by_scikit_learn(samples, **ROUGH, seed=1)
    assert own.steps == other.steps == ROUGH["max_iter"]
    assert difference(own, other) < 1e-10


def chain(truth, size, last, *, regime=REPLACE, n_runs=2, seed=1, start=None, **options):
    rng = np.random.default_rng(seed)
    real = np.stack([mixture.draw(truth, size, rng=rng) for _ in range(n_runs)])
    options = OPTIONS | options
    return mixture.chain(regime, real, start, last, fit_options=options, seed=seed + 1000)


@pytest.mark.parametrize("truth", [BLOB, TWO], ids=["blob", "two"])
def test_a_chain_fitted_by_scikit_learn_is_the_same_chain(truth, monkeypatch):
    own = chain(truth, 100, 8)
    monkeypatch.setattr(mixture, "fit", by_scikit_learn)
    other = chain(truth, 100, 8)
    np.testing.assert_array_equal(own.steps, other.steps)
    assert difference(own, other) < 1e-8  # a generation hands its rounding on to the next


@pytest.mark.parametrize("regime", [REPLACE, MEMORY, POOL], ids=["replace", "memory", "pool"])
def test_a_chain_in_blocks_is_the_chain_in_one(regime):
    whole = chain(TWO, 30, 6, regime=regime)
    half = chain(TWO, 30, 2, regime=regime)
    resumed = chain(TWO, 30, 6, regime=regime, start=half)
    for a, b in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("max_iter", [1, 7, 2000])
def test_whatever_em_does_the_whole_has_the_samples_moments(state, max_iter):
    samples = STATES[state](np.random.default_rng(3), 400)
    fitted = mixture.fit(samples, **OPTIONS | {"max_iter": max_iter}, seed=4)
    mean, covariance = mixture.total_moments(fitted)
    expected = np.cov(samples.T, ddof=0) + OPTIONS["reg_covar"] * np.eye(2)
    scale = np.sqrt(np.diag(expected))
    assert np.abs((mean - samples.mean(axis=0)) / scale).max() < 1e-10
    assert np.abs((covariance - expected) / np.outer(scale, scale)).max() < 1e-10


def test_control_moments_of_the_whole_depend_on_weights_and_regularisation():
    samples = STATES["lopsided"](np.random.default_rng(3), 400)
    fitted = mixture.fit(samples, **OPTIONS, seed=4)
    assert np.abs(mixture.total_moments(fitted)[1] - np.cov(samples.T, ddof=0)).max() > 9e-7
    equal = fitted._replace(weights=np.array([0.5, 0.5]))
    assert np.abs(mixture.total_moments(equal)[0] - samples.mean(axis=0)).max() > 0.1


N_RUNS, SIZE, LAST = 200, 10, 3


@functools.cache
def spread_and_drift(regime, reg_covar, seed):
    """Variance and squared drift of many short chains, mean of two axes, (runs, generations)."""
    options = ROUGH | {"reg_covar": reg_covar}
    history = chain(BLOB, SIZE, LAST, regime=regime, n_runs=N_RUNS, seed=seed, **options)
    mean, covariance = mixture.total_moments(history)
    return np.trace(covariance, axis1=-2, axis2=-1) / 2, (mean**2).mean(axis=-1)


def test_a_chain_follows_the_gaussian_recursion():
    variance, drift = spread_and_drift(REPLACE, ROUGH["reg_covar"], 5)
    for g in range(LAST + 1):
        expected = oracles.mixture_recursion(g + 1, SIZE, reg_covar=ROUGH["reg_covar"])
        assert agrees(z_of_mean(variance[:, g], expected[0]))
        assert agrees(z_of_mean(drift[:, g], expected[1]))
        assert agrees(z_of_mean((variance + drift)[:, g], 1 + (g + 1) * ROUGH["reg_covar"]))


def test_control_the_recursion_needs_its_regularisation_and_its_denominator():
    variance, drift = spread_and_drift(REPLACE, ROUGH["reg_covar"], 5)
    expected = oracles.mixture_recursion(LAST + 1, SIZE, reg_covar=0.0)
    assert not agrees(z_of_mean(variance[:, LAST], expected[0]))
    assert not agrees(z_of_mean((variance + drift)[:, LAST], 1))
    assert not agrees(z_of_mean(variance[:, LAST], 1 + (LAST + 1) * ROUGH["reg_covar"]))


@pytest.mark.parametrize("regime", [MEMORY, POOL], ids=["memory", "pool"])
def test_variance_is_conserved_under_every_regime(regime):
    variance, drift = spread_and_drift(regime, 1e-9, 6)
    assert agrees([z_of_mean((variance + drift)[:, g], 1) for g in range(LAST + 1)])


def test_draws_have_the_mixtures_moments():
    weights = np.array([0.3, 0.7])
    covariances = np.array([[[2, 0.9], [0.9, 0.5]], [[0.1, 0], [0, 3]]])
    one = mixture.Mixtures(weights, np.array([[-2.0, 1], [1, 4]]), covariances, np.array(0))
    samples = mixture.draw(one, 20000, rng=np.random.default_rng(7))
    mean, covariance = mixture.total_moments(one)
    assert agrees([z_of_mean(samples[:, i], mean[i]) for i in (0, 1)])
    x, y = (samples - mean).T
    for product, expected in ((x * x, covariance[0, 0]), (x * y, covariance[0, 1])):
        assert agrees(z_of_mean(product, expected))
    assert agrees(z_of_mean(y * y, covariance[1, 1]))
    assert not agrees(z_of_mean(x * y, 0)), "no covariance went unseen"


def density(one, points):
    """Plainly, component by component."""
    total = 0
    for weight, mean, covariance in zip(*one[:3], strict=True):
        shift = points - mean
        squared = np.einsum("...i,ij,...j", shift, np.linalg.inv(covariance), shift)
        total += weight * np.exp(-squared / 2) / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))
    return total


def test_l2_distance_is_the_integral():
    """On a grid; the trapezoid rule is exact to rounding for smooth functions that vanish."""
    rng = np.random.default_rng(8)
    a = mixture.fit(STATES["two"](rng, 100), **OPTIONS, seed=1)
    b = mixture.fit(STATES["blob"](rng, 100), **OPTIONS, seed=1)
    axis = np.linspace(-12, 12, 601)
    points = np.stack(np.meshgrid(axis, axis), axis=-1)
    integral = ((density(a, points) - density(b, points)) ** 2).sum() * (axis[1] - axis[0]) ** 2
    assert mixture.squared_l2(a, b) == pytest.approx(integral, rel=1e-9)
    assert mixture.squared_l2(a, a) < 1e-15


def test_l2_distance_of_known_pairs_and_of_whole_histories():
    far = BLOB._replace(means=np.array([[100.0, 0]]), covariances=0.25 * BLOB.covariances)
    assert mixture.squared_l2(BLOB, far) == pytest.approx((1 + 4) / (4 * np.pi))
    twice = mixture.truth(means=[[0, 0], [0, 0]], std=1)
    assert mixture.squared_l2(BLOB, twice) < 1e-15
    history = chain(TWO, 50, 3)
    distances = mixture.squared_l2(history, history.at(slice(None), slice(0, 1)))
    assert distances.shape == (2, 4)
    assert distances[1, 3] == mixture.squared_l2(history.at(1, 3), history.at(1, 0))


def test_log_determinant_follows_its_law():
    samples = np.random.default_rng(9).standard_normal((5000, SIZE, 2))
    shift = samples - samples.mean(axis=1, keepdims=True)
    logs = np.log(np.linalg.det(np.einsum("rni,rnj->rij", shift, shift) / SIZE))
    assert agrees(z_of_mean(logs, theory.log_determinant(1, SIZE, dimensions=2)))
    one_dimension, _ = theory.log_variance(1, SIZE, ddof=0)
    assert theory.log_determinant(1, SIZE, dimensions=1) == pytest.approx(one_dimension)
    assert not agrees(z_of_mean(logs, 2 * one_dimension)), "lost degree of freedom went unseen"
