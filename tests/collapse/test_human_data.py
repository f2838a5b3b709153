"""Chains with fresh real data follow their laws, and a control without them does not."""

import itertools

import numpy as np
import oracles
import pytest
from collapse.discrete import regimes as discrete_regimes
from collapse.gaussian import gaussian
from collapse.human_data import chains, laws
from collapse.process.regimes import FullRegime
from oracles import agrees, z_of_mean
from scipy import stats

ZIPF = 1 / np.arange(1, 201)
ZIPF /= ZIPF.sum()
RUNS, RUNS_OF_COUNTS = 2000, 400
MIXES = [(1, 20), (19, 20), (3, 50), (10, 100), (30, 300)]


def of_normal(real, size, bias):
    generations = min(laws.generations_needed(real, size, bias=bias), 300)
    found = chains.normal(real, size, generations, RUNS, bias=bias, seed=real + size)
    return found, laws.variances(real, size, generations, bias=bias)[-1]


@pytest.mark.parametrize(("mix", "bias"), [*itertools.product(MIXES, [1.0, 0.8, 1.03])])
def test_normal_chains_follow_the_expected_variance(mix, bias):
    assert oracles.agrees(oracles.z_of_mean(*of_normal(*mix, bias)))


def test_control_another_bias_is_rejected():
    found, _ = of_normal(10, 100, 1.0)
    assert not oracles.agrees(oracles.z_of_mean(found, laws.kept_variance(10, 100, bias=0.9)))


@pytest.mark.parametrize(("mix", "bias"), [*itertools.product(MIXES, [1.0, 0.8])])
def test_the_expected_variance_tends_to_its_limit(mix, bias):
    generations = laws.generations_needed(*mix, bias=bias)
    law = laws.variances(*mix, 2 * generations, bias=bias)
    limit = laws.kept_variance(*mix, bias=bias)
    assert abs(law[generations] / limit - 1) < 1e-3  # the tolerance by default
    assert abs(law[-1] / limit - 1) < 1e-6  # its square


def test_the_limit_is_the_published_number():
    assert round(float(laws.kept_variance(10, 100, bias=0.9)), 4) == 0.5121


def test_the_expected_variance_has_no_limit_where_the_bias_outgrows_the_real_data():
    assert laws.kept_variance(1, 100, bias=1.1) == np.inf
    assert laws.kept_variance(0, 100) == 0
    with pytest.raises(ValueError, match="has no limit: a generation leaves 1"):
        laws.generations_needed(1, 100, bias=1.1)


def test_samples_give_the_law_too():
    """Items themselves instead of their statistics."""
    rng, (real, size, bias) = np.random.default_rng(1), (4, 12, 0.7)
    items = rng.standard_normal((RUNS, size))
    for _ in range(6):
        mean, std = items.mean(axis=1, keepdims=True), items.std(axis=1, keepdims=True)
        new = mean + np.sqrt(bias) * std * rng.standard_normal((RUNS, size - real))
        items = np.hstack([new, rng.standard_normal((RUNS, real))])
    assert oracles.agrees(
        oracles.z_of_mean(items.var(axis=1), laws.variances(real, size, 6, bias=bias)[-1])
    )


@pytest.mark.parametrize(("real", "size"), [(1, 20), (19, 20), (5, 60)])
def test_discrete_chains_follow_their_laws(real, size):
    generations = laws.generations_needed(real, size, tolerance=1e-6)
    kept, support = chains.discrete(ZIPF, real, size, generations, RUNS_OF_COUNTS, seed=size)
    assert oracles.agrees(oracles.z_of_mean(kept, laws.kept_variance(real, size)))
    assert oracles.agrees(oracles.z_of_mean(support, laws.kept_support(ZIPF, real, size)))


def test_control_other_real_data_are_rejected():
    _, support = chains.discrete(ZIPF, 5, 60, 200, RUNS_OF_COUNTS, seed=1)
    assert not oracles.agrees(oracles.z_of_mean(support, laws.kept_support(ZIPF, 6, 60)))


@pytest.mark.parametrize(("real", "size"), [(1, 8), (3, 8), (7, 8)])
def test_the_support_is_that_of_the_chain_of_counts(real, size):
    """The stationary distribution of each state's count, by its matrix of transitions."""
    counts, missed = np.arange(size + 1), []
    for q in ZIPF[:5]:
        copies = stats.binom.pmf(counts[:, None], size - real, counts / size)
        fresh = stats.binom.pmf(counts, real, q)
        step = np.array([np.convolve(column, fresh)[: size + 1] for column in copies.T]).T
        values, vectors = np.linalg.eig(step)
        stationary = vectors[:, np.argmax(values.real)].real
        missed.append(stationary[0] / stationary.sum())
    law = laws.kept_support(ZIPF[:5], real, size)
    np.testing.assert_allclose(law, 5 - np.sum(missed), rtol=1e-9)


def test_all_real_data_give_the_support_of_one_sample():
    law = laws.kept_support(ZIPF, 50, 50)
    np.testing.assert_allclose(law, (1 - (1 - ZIPF) ** 50).sum(), rtol=1e-12)


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1])
def test_the_least_count_and_share_lose_as_much_as_they_say(loss):
    count = laws.least_count(loss)
    assert abs(laws.kept_variance(count, 1e6) - (1 - loss)) < 1e-4
    size = 1e6
    share = laws.least_share(loss, 0.9)
    assert abs(laws.kept_variance(share * size, size, bias=0.9) - (1 - loss)) < 1e-4


N_CHAINS = 20000
GOLD = laws.GOLDEN / (1 - laws.GOLDEN)  # weight of a real item, a sample's being 1


def gaussians(regime, size, last, *, n_runs=N_CHAINS, seed=5):
    """Means and variances of all generations, by the mechanism that all families share."""
    real = gaussian.draw_real(n_runs, size, mean=0, std=1, rng=np.random.default_rng(seed))
    start = tuple(estimate[:, None] for estimate in gaussian.fit(real, ddof=0))
    means, stds = gaussian.chain(regime, real, start, last, ddof=0, seed=seed + 1)
    return means, stds**2


POOLS = [(3, 10, 6), (5, 10, 5), (2, 10, 25)]


@pytest.mark.parametrize(("real", "size", "pool"), POOLS)
def test_a_fixed_pool_follows_its_law_in_time_and_in_the_limit(real, size, pool):
    regime = FullRegime(new=1 - real / size, real=real / size, pool=pool)
    _, variances = gaussians(regime, size, 40)
    law = laws.pool_variances(real, size, pool, 40)
    assert agrees([z_of_mean(variances[:, g], law[g]) for g in (0, 1, 2, 5, 40)])
    limit = laws.kept_pool_variance(real, size, pool)
    assert abs(laws.pool_variances(real, size, pool, 500)[-1] / limit - 1) < 1e-9
    assert not agrees(z_of_mean(variances[:, 40], laws.kept_variance(real, size))), "fresh unseen"
    other = laws.pool_variances(real, size, pool // 2, 40)
    assert not agrees(z_of_mean(variances[:, 40], other[-1])), "another pool unseen"


def test_a_biased_pool_follows_its_law():
    regime = FullRegime(new=0.7, real=0.3, pool=6, bias=0.7)
    _, variances = gaussians(regime, 10, 6)
    assert agrees(z_of_mean(variances[:, 6], laws.pool_variances(3, 10, 6, 6, bias=0.7)[-1]))
    assert not agrees(z_of_mean(variances[:, 6], laws.pool_variances(3, 10, 6, 6)[-1]))


def test_overlap_follows_its_law():
    regime = FullRegime(new=0.3, previous=0.5, real=0.2, fresh=True)
    _, variances = gaussians(regime, 10, 12, n_runs=1500)
    law = laws.overlap_variances(2, 5, 10, 12)
    assert agrees([z_of_mean(variances[:, g], law[g]) for g in (1, 5, 12)])
    for real in (0, 5):
        other = laws.overlap_variances(real, 5, 10, 12)[-1]
        assert not agrees(z_of_mean(variances[:, 12], other)), f"{real} real items unseen"


def test_without_overlap_the_law_is_that_of_fresh_items():
    np.testing.assert_allclose(laws.overlap_variances(3, 0, 10, 9), laws.variances(3, 10, 9))


@pytest.mark.parametrize(("real", "bias"), [(2, 1.0), (5, 1.0), (5, 0.6)])
def test_accumulation_with_fresh_items_follows_its_law(real, bias):
    shares = {"new": 1 - real / 10, "real": real / 10}
    regime = FullRegime(**shares, accumulate=True, fresh=True, bias=bias)
    _, variances = gaussians(regime, 10, 20)
    law = laws.accumulated_variances(real, 10, 20, bias=bias)
    assert agrees([z_of_mean(variances[:, g], law[g]) for g in (1, 2, 20)])
    other = laws.accumulated_variances(real - 1, 10, 20, bias=bias)
    assert not agrees(z_of_mean(variances[:, 20], other[-1]))


def test_accumulation_without_fresh_items_is_the_product():
    law = laws.accumulated_variances(0, 10, 50)
    np.testing.assert_allclose(law, oracles.pooled_variance(np.arange(1, 52), 10))


@pytest.mark.parametrize(("real", "power"), [(1, 0.2), (4, 0.8), (8, 1.0)])
def test_accumulated_drift_falls_with_the_power_of_its_share(real, power):
    drift = 1 - laws.accumulated_variances(real, 10, 40000)
    slope = -np.log(drift[40000] / drift[20000]) / np.log(2)
    assert abs(slope - power) < 0.03


def test_accumulation_keeps_the_error_below_its_bound_and_replacing_does_not():
    size, bound = 10, laws.accumulated_drift_bound(10)
    kept = gaussians(FullRegime(accumulate=True), size, 200)[0][:, -1] ** 2
    replaced = gaussians(FullRegime(), size, 3)[0][:, -1] ** 2
    assert z_of_mean(kept, bound) < -oracles.LIMIT
    assert z_of_mean(kept, 1.3 / size) > oracles.LIMIT, "a smaller factor would not be a bound"
    assert z_of_mean(replaced, bound) > oracles.LIMIT
    drift = 1 - laws.accumulated_variances(0, 10**6, 10**4)[-1]  # large samples reach the bound
    assert 0.999 < drift / laws.accumulated_drift_bound(10**6) < 1


@pytest.mark.parametrize("weight", [0.5, GOLD, 4.0])
def test_weights_follow_their_law(weight):
    regime = FullRegime(new=0.5, real=0.5, fresh=True, weight=weight)
    means, variances = gaussians(regime, 20, 30)
    law = laws.variances(10, 20, 30, weight=weight)
    assert agrees(z_of_mean(variances[:, 30], law[-1]))
    assert agrees(z_of_mean(means[:, 30] ** 2, 1 - law[-1]))
    assert not agrees(
        z_of_mean(variances[:, 30], laws.variances(10, 20, 30, weight=8 * weight)[-1])
    )
    share = weight / (1 + weight)
    np.testing.assert_allclose(laws.weighted_drift(share, 10), 1 - law[-1], rtol=1e-6)


def test_the_best_weight_is_the_golden_ratio():
    shares = np.linspace(0.5, 0.8, 30001)
    best = shares[np.argmin(laws.weighted_drift(shares, 10**9))]
    assert abs(best - laws.GOLDEN) < 2e-5
    assert abs(GOLD - (1 + 5**0.5) / 2) < 1e-12
    small = shares[np.argmin(laws.weighted_drift(shares, 10))]
    assert abs(small - laws.GOLDEN) > 1e-3, "small samples shift it"


def test_states_are_forgotten_at_the_rate_of_their_counts():
    true, size, generations, n_runs = np.full(200, 1 / 200), 600, 6, 300
    models = discrete_regimes.models(
        *(FullRegime(), true, size, n_runs, generations), rng=np.random.default_rng(3)
    )
    first, *_, last = models
    counts, absent = np.rint(first * size), last == 0
    for count in (1, 3, 5):
        of_run = [row[at].mean() for row, at in zip(absent, counts == count, strict=True)]
        assert agrees(z_of_mean(of_run, laws.forgotten(count, generations)))
        assert not agrees(z_of_mean(of_run, laws.forgotten(count, generations + 1)))


@pytest.mark.parametrize("count", [20, 40])
def test_half_of_the_states_are_forgotten_in_a_time_linear_in_their_count(count):
    chance = laws.forgotten(count, np.arange(5 * count))
    assert abs(np.searchsorted(chance, 0.5) / (2 * count / np.log(2)) - 1) < 0.1
