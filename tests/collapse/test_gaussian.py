"""The 1-D chain against its closed forms; each test of a law has a control that must break it."""

import numpy as np
import oracles
import pytest
from collapse import theory
from collapse.gaussian import gaussian
from collapse.process import generations
from collapse.process.regimes import FullRegime
from oracles import agrees, same_law, z_of_mean, z_of_variance

REPLACE, POOL = FullRegime(), FullRegime(accumulate=True)
SUBSAMPLE = FullRegime(accumulate=True, subsample=True)
MIXES = {
    "replace": REPLACE,
    "pool": POOL,
    "pool_without_real": FullRegime(accumulate=True, keep_real=False),
    "pool_subsample": SUBSAMPLE,
    "pool_subsample_without_real": FullRegime(accumulate=True, keep_real=False, subsample=True),
    "preserve": FullRegime(new=0.9, real=0.1),
    "memory": FullRegime(new=0.5, previous=0.3, real=0.2),
}
N_RUNS, LAST = 4000, 6


def start(size, *, ddof, seed, n_runs=N_RUNS):
    real = gaussian.draw_real(n_runs, size, mean=0, std=1, rng=np.random.default_rng(seed))
    return real, tuple(estimate[:, None] for estimate in gaussian.fit(real, ddof=ddof))


def exact(regime, size, *, ddof, last=LAST, seed=1, n_runs=N_RUNS):
    _, first = start(size, ddof=ddof, seed=seed, n_runs=n_runs)
    return gaussian.chain_from_statistics(regime, first, last, size, ddof=ddof, seed=seed + 1000)


def drawn(regime, size, *, ddof, last=LAST, seed=2, n_runs=N_RUNS):
    real, first = start(size, ddof=ddof, seed=seed, n_runs=n_runs)
    return gaussian.chain_from_samples(regime, real, first, last, ddof=ddof, seed=seed + 1000)


@pytest.mark.parametrize("regime", [REPLACE, POOL], ids=["replace", "pool"])
@pytest.mark.parametrize("ddof", [0, 1])
def test_exact_and_drawn_chains_follow_one_law(regime, ddof):
    a = exact(regime, 10, ddof=ddof, seed=3)
    b = drawn(regime, 10, ddof=ddof, seed=4, n_runs=2000)
    for x, y in zip(a, b, strict=True):
        for generation in (1, 2, LAST):
            assert same_law(x[:, generation], y[:, generation])


def test_control_pool_is_told_from_replace():
    a, b = exact(POOL, 10, ddof=0), drawn(REPLACE, 10, ddof=0, n_runs=2000)
    assert not same_law(a[1][:, LAST], b[1][:, LAST])


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("size", [10, 100])
def test_log_variance_follows_its_law(size, ddof):
    _, stds = exact(REPLACE, size, ddof=ddof)
    logs = 2 * np.log(stds)
    for generation in range(LAST + 1):
        mean, variance = theory.log_variance(generation + 1, size, ddof=ddof)
        assert agrees(z_of_mean(logs[:, generation], mean))
        assert agrees(z_of_variance(logs[:, generation], variance))
    other, _ = theory.log_variance(LAST + 1, size, ddof=1 - ddof)
    assert not agrees(z_of_mean(logs[:, LAST], other)), "swapped ddof went unseen"


def test_control_one_seed_for_every_generation_breaks_the_law(monkeypatch):
    """With equal steps log σ² moves t times one step: variance t², not t."""
    at = gaussian._Streams.at
    monkeypatch.setattr(gaussian._Streams, "at", lambda self, _: at(self, 1))
    logs = 2 * np.log(exact(REPLACE, 10, ddof=1)[1][:, LAST])
    _, variance = theory.log_variance(LAST + 1, 10, ddof=1)
    assert not agrees(z_of_variance(logs, variance))


def variance_of_summed_steps():
    """Variance of a chain's standardised mean steps, summed over 1,000 generations: 1 if they are
    independent."""
    sums = []
    for seed in range(40):
        means, stds = exact(REPLACE, 100, ddof=1, last=1000, seed=seed, n_runs=50)
        steps = np.diff(means, axis=1) / stds[:, :-1] * 10
        sums.append(steps.sum(axis=1) / np.sqrt(1000))
    return np.concatenate(sums)


def test_steps_of_many_generations_are_independent():
    assert agrees(z_of_variance(variance_of_summed_steps(), 1))


def test_control_streams_a_power_of_two_apart_are_correlated(monkeypatch):
    monkeypatch.setattr(np.random, "PCG64DXSM", np.random.PCG64)
    monkeypatch.setattr(gaussian._Streams, "STRIDE", 2**64)
    assert not agrees(z_of_variance(variance_of_summed_steps(), 1))


@pytest.mark.parametrize("ddof", [0, 1])
def test_wasserstein_distance_and_variance_follow_their_closed_forms(ddof):
    means, stds = exact(REPLACE, 100, ddof=ddof, n_runs=20000)
    for generation in range(LAST + 1):
        m, s, t = means[:, generation], stds[:, generation], generation + 1
        assert agrees(z_of_mean(m**2 + (s - 1) ** 2, theory.wasserstein(t, 100, ddof=ddof)))
        assert agrees(z_of_mean(m**2 + s**2, theory.sample_variance(t, 100, ddof=ddof)))
        assert agrees(z_of_mean(m**2, theory.mean_drift(t, 100, ddof=ddof)))


@pytest.mark.parametrize("name", MIXES)
def test_variance_is_conserved_with_ddof_0(name):
    """E[σ_t²] + E[(μ_t − μ₀)²] = σ₀² under every regime, at every generation."""
    means, stds = drawn(MIXES[name], 10, ddof=0, n_runs=3000)
    total = means**2 + stds**2
    assert agrees([z_of_mean(total[:, g], 1) for g in range(LAST + 1)])


def test_control_conservation_breaks_with_ddof_1():
    means, stds = drawn(REPLACE, 10, ddof=1, n_runs=3000)
    assert not agrees(z_of_mean(means[:, LAST] ** 2 + stds[:, LAST] ** 2, 1))


def test_pooled_variance_follows_its_product():
    _, stds = exact(POOL, 10, ddof=0, n_runs=20000)
    for generation in range(LAST + 1):
        expected = oracles.pooled_variance(generation + 1, 10)
        assert agrees(z_of_mean(stds[:, generation] ** 2, expected))
    replaced = theory.expected_variance(LAST + 1, 10, ddof=0)
    assert not agrees(z_of_mean(stds[:, LAST] ** 2, replaced)), "replace went unseen"


@pytest.mark.parametrize(
    ("size", "median", "low", "high"),
    [(100, 4.2e-5, 9.7e-7, 1.6e-3), (1000, 0.366, 0.116, 1.16), (10000, 0.904, 0.63, 1.31)],
)
def test_std_after_1000_generations_lies_where_it_was_found(size, median, low, high):
    """Shares of runs below the reference quantiles, binomially tested."""
    stds = exact(REPLACE, size, ddof=0, last=1000, n_runs=1000)[1][:, -1]
    for value, share in ((low, 0.05), (median, 0.5), (high, 0.95)):
        # the reference is itself a quantile of about as many runs: twice the variance
        error = np.sqrt(2 * share * (1 - share) / stds.size)
        assert agrees(((stds < value).mean() - share) / error)


@pytest.mark.parametrize("regime", MIXES.values(), ids=MIXES)
def test_a_chain_in_blocks_is_the_chain_in_one(regime):
    real, first = start(10, ddof=0, seed=5, n_runs=4)
    whole = gaussian.chain(regime, real, first, 8, ddof=0, seed=6)
    half = gaussian.chain(regime, real, first, 3, ddof=0, seed=6)
    resumed = gaussian.chain(regime, real, half, 8, ddof=0, seed=6)
    np.testing.assert_array_equal(whole, resumed)


def test_a_mix_that_needs_items_is_not_simulated_from_statistics():
    _, first = start(10, ddof=0, seed=5, n_runs=4)
    with pytest.raises(ValueError, match="draw the samples"):
        gaussian.chain_from_statistics(SUBSAMPLE, first, 3, 10, ddof=0, seed=6)


def test_merged_statistics_are_those_of_the_union():
    a, b = np.random.default_rng(1).normal(size=(2, 7))
    n, mean, squares = gaussian.merge_statistics(
        7, a.mean(), a.var() * 7, 5, b[:5].mean(), b[:5].var() * 5
    )
    union = np.concatenate([a, b[:5]])
    assert (n, mean, squares) == pytest.approx((12, union.mean(), union.var() * 12))


def test_estimation_errors_follow_the_sampling_law():
    sizes = [10, 1000]
    rng = np.random.default_rng(3)
    means, stds = gaussian.estimation_errors(sizes, 10000, mean=2, std=3, ddof=1, rng=rng)
    for row, size in enumerate(sizes):
        assert agrees(z_of_mean(means[row] ** 2, 9 / size))
        squared = 9 * (2 - 2 * theory.c4(size))  # E(s − σ)² = 2σ²(1 − c₄)
        assert agrees(z_of_mean(stds[row] ** 2, squared))


def test_regimes_known_to_be_exact():
    assert [gaussian.is_exact(regime) for regime in MIXES.values()] == [
        *[True] * 3,
        *[False] * 4,
    ]
    assert generations.sources(POOL, 1) == [generations.REAL, 0]
