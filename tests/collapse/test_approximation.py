"""The three sources of error and kernel ridge regression against their exact expectations."""

import numpy as np
import pytest
from collapse.approximation import kernel_ridge, sources
from collapse.approximation.sources import Chain, Descent
from collapse.process.regimes import FullRegime
from oracles import agrees, z_of_mean
from scipy import integrate, stats
from scipy.special import xlogy

SEPARATION = {"separation": 0.9}
FAST = Descent(steps=3, step_size=0.3, start_std=2.0)
CHAINS = [
    Chain(size=30),
    Chain("laplace", 30),
    Chain("two_normals", 30, FAST),
    Chain(size=30, descent=FAST),
]
ROUNDING = 1e-12  # of some hundred operations on numbers near 1, in double precision


def models(chain, *, n_runs=400, last_generation=3):
    rng = np.random.default_rng(1)
    real = sources.real_data(chain, n_runs, **SEPARATION, rng=rng)
    return sources.models(chain, real, last_generation=last_generation, seed=2)


def z_of_variance(chain, law):
    """How far a chain's last variance is, in the mean, from the expectation of another chain."""
    return z_of_mean(models(chain)[1][:, 3], sources.expected_variances(law, 3)[3])


@pytest.mark.parametrize("chain", CHAINS)
def test_variance_follows_its_expectation(chain):
    assert agrees(z_of_variance(chain, chain))


@pytest.mark.parametrize("law", [Chain(), Chain(size=30, descent=FAST._replace(steps=4))])
def test_control_a_law_without_samples_or_with_another_step_is_rejected(law):
    assert not agrees(z_of_variance(CHAINS[0 if law == Chain() else 3], law))


def test_divergence_follows_its_expectation_under_the_statistical_error():
    means, variances = models(Chain(size=30))
    found = sources.divergence("normal", means, variances, **SEPARATION)[:, 3]
    assert agrees(z_of_mean(found, sources.expected_divergence(Chain(size=30), 3, **SEPARATION)[3]))
    other = sources.expected_divergence(Chain(size=15), 3, **SEPARATION)[3]
    assert not agrees(z_of_mean(found, other))


@pytest.mark.parametrize("truth", ["laplace", "two_normals"])
def test_an_unsuitable_family_errs_once(truth):
    """What generation 0 loses is lost; a member of the family is fitted without error."""
    means, variances = models(Chain(truth), n_runs=1, last_generation=20)
    assert np.abs(means).max() < ROUNDING
    assert np.abs(variances - 1).max() < ROUNDING
    found = sources.divergence(truth, means, variances, **SEPARATION)[0]
    assert np.ptp(found) < ROUNDING

    def integrand(x):
        p = sources.density(truth, x, **SEPARATION)
        return xlogy(p, p) - p * stats.norm.logpdf(x)

    whole, error = integrate.quad(integrand, -30, 30, points=[-0.9, 0, 0.9], limit=400)
    assert abs(found[0] - whole) < 2 * error + ROUNDING
    assert whole > 0.05


def test_incomplete_learning_returns_to_the_start():
    """Of the distance from the start, fits leave 1 − (1 − η)^steps each; the mean stays."""
    means, variances = models(Chain(descent=FAST), n_runs=1, last_generation=20)
    left = 1 - 0.7**3
    assert np.abs(variances[0] - (4 - 3 * left ** np.arange(1, 22))).max() < ROUNDING
    assert np.abs(sources.expected_variances(Chain(descent=FAST), 20) - variances[0]).max() < 1e-12
    assert np.abs(means).max() < ROUNDING


def test_small_steps_are_those_of_the_plain_gradient():
    """The flow of −dL/du in u = log σ, by SciPy's integrator, ends where the closed form says."""
    time, target, start = 0.7, 1.0, 2.0

    def flow(t, u):
        return target * np.exp(-2 * u) - 1

    solved = integrate.solve_ivp(flow, (0, time), [np.log(start)], rtol=1e-10, atol=1e-12)
    gaps = []
    for steps in (1000, 2000):
        descent = Descent(steps, 2 * time / steps, start)
        points = sources.real_data(Chain(), 1, **SEPARATION, rng=None)[0]
        gaps.append(sources.fit(points, descent)[1] - np.exp(2 * solved.y[0, -1]))
    assert abs(gaps[0]) < 1e-2
    assert abs(gaps[0] / gaps[1] - 2) < 1e-2  # an error of first order in the step size


@pytest.mark.parametrize("truth", ["normal", "laplace", "two_normals"])
def test_quadrature_and_samples_have_the_moments_of_the_truth(truth):
    rng = np.random.default_rng(3)
    points, weights = sources.real_data(Chain(truth), 1, **SEPARATION, rng=rng)[0].T
    drawn = sources.real_data(Chain(truth, 20000), 1, **SEPARATION, rng=rng)[0, :, 0]
    for power in range(1, 5):

        def moment(x, power=power):
            return x**power * sources.density(truth, x, **SEPARATION)

        places = {"points": [-0.9, 0, 0.9], "limit": 400}
        expected, error = integrate.quad(moment, -40, 40, **places)
        assert abs(weights @ points**power - expected) < 2 * error + ROUNDING
        assert agrees(z_of_mean(drawn**power, expected))


def test_the_chain_with_all_errors_has_the_first_of_each():
    settings = {"sizes": [9, 8], "truths": ["laplace", "two_normals"], "start_std": 2.0}
    settings["descents"] = [{"steps": 1, "step_size": 0.5}, {"steps": 2, "step_size": 0.5}]
    found = sources.chains_of(settings)
    assert [source for source, _ in found[::2]] == ["statistical", "expressivity", "approximation",
                                                    "all"]  # fmt: skip
    assert found[-1][1] == Chain("laplace", 9, Descent(1, 0.5, 2.0))
    # each of the others has one error
    for _, (truth, size, descent) in found[:-1]:
        assert (truth != "normal") + bool(size) + bool(descent) == 1


RIDGE = {"ridge": 0.5, "length_scale": 0.2, "noise": 0.3, "last_generation": 3, "seed": 5}
X = kernel_ridge.places(20)
TRUTH = kernel_ridge.true_function(X, 0.4)
EIGENVALUES, PROJECTIONS = kernel_ridge.directions(X, TRUTH, 5, length_scale=0.2)
REPLACE, MIXED = FullRegime(), FullRegime(new=0.7, real=0.3)


def shares(regime, *, n_runs, **changes):
    """Shares that the last generation has left, shape (runs, directions)."""
    settings = RIDGE | changes
    rng = np.random.default_rng(4)
    real = kernel_ridge.real_data(X, TRUTH, n_runs, noise=settings["noise"], rng=rng)
    return kernel_ridge.predictions(regime, real, **settings)[:, 3] @ PROJECTIONS


def law(regime, ridge=0.5):
    of = {"ridge": ridge, "last_generation": 3}
    return kernel_ridge.expected_shares(regime, EIGENVALUES, 20, **of)[3]


def test_without_noise_each_direction_follows_its_law_exactly():
    """(λ/(λ + μ))^t after t fits: Cholesky factors on one side, eigenvalues on the other."""
    found = shares(REPLACE, n_runs=1, noise=0.0)[0]
    assert np.abs(found - (EIGENVALUES / (EIGENVALUES + 0.5)) ** 4).max() < ROUNDING
    assert np.abs(found - law(REPLACE)).max() < ROUNDING
    assert np.abs(found - law(REPLACE, ridge=0.55)).max() > 1e-3  # a control
    assert np.abs(found - (EIGENVALUES / (EIGENVALUES + 0.5)) ** 3).max() > 1e-3


def z_of_shares(found, expected):
    return [z_of_mean(values, share) for values, share in zip(found.T, expected, strict=True)]


@pytest.mark.parametrize("regime", [REPLACE, MIXED])
def test_with_noise_the_mean_follows_the_law(regime):
    assert agrees(z_of_shares(shares(regime, n_runs=150), law(regime)))


def test_control_the_law_of_another_regime_or_ridge_is_rejected():
    found = shares(MIXED, n_runs=150)
    assert not agrees(z_of_shares(found, law(REPLACE)))
    assert not agrees(z_of_shares(found, law(MIXED, ridge=1.0)))


def test_no_law_is_known_where_data_accumulate():
    assert np.isnan(law(FullRegime(accumulate=True))).all()


def test_directions_are_orthogonal_parts_of_the_truth():
    """Parts of the truth are 1, eigenvalues fall, and directions without a part are left out."""
    assert np.abs(TRUTH @ PROJECTIONS - 1).max() < ROUNDING
    assert (np.diff(EIGENVALUES) < 0).all()
    gram = PROJECTIONS.T @ PROJECTIONS
    assert np.abs(gram - np.diag(np.diag(gram))).max() < 1e-10 * np.diag(gram).max()
    even = kernel_ridge.true_function(X, 0.5)
    _, odd = kernel_ridge.directions(X, even, 10, length_scale=0.05)
    assert np.abs(odd + odd[::-1]).max() < 1e-9 * np.abs(odd).max()
