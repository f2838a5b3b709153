"""Regimes with all keys: what data are made of, and the laws that chains of families follow."""

import numpy as np
import pytest
from collapse.gaussian import gaussian
from collapse.human_data import laws
from collapse.kde import kde
from collapse.mixture import mixture
from collapse.process import generations, regimes
from collapse.process.regimes import FullRegime
from oracles import agrees, same_law, z_of_mean

SIZE, LAST, RUNS = 20, 4, 3000
HALF = {"new": 0.5, "real": 0.5}
SHARED = {"new": 0.7, "real": 0.3}
FRESH = FullRegime(**SHARED, fresh=True)
MIXES = {
    "fresh": FRESH,
    "fresh_biased": FullRegime(**SHARED, fresh=True, bias=0.7),
    "fresh_weighted": FullRegime(**SHARED, fresh=True, weight=3.0),
    "small_pool": FullRegime(**SHARED, pool=10),
    "large_pool": FullRegime(**SHARED, pool=30, weight=2.0),
    "accumulate": FullRegime(**HALF, accumulate=True, fresh=True, bias=0.8, weight=2.0),
    "verifier": FullRegime(verifier_keeps=0.5, verifier_shift=0.5),
    "verifier_fresh": FullRegime(**HALF, fresh=True, verifier_keeps=0.8),
}


def test_the_keys_of_the_mix_are_those_of_every_family():
    own = set(vars(FullRegime())) - set(vars(generations.Regime()))
    assert own == {"fresh", "pool", "weight", "bias", "verifier_keeps", "verifier_shift"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (HALF | {"fresh": True, "pool": 9}, "drop one"),
        ({"accumulate": True, "pool": 9}, "pool has no meaning"),
        ({"fresh": True}, "needs real items"),
        ({"weight": 2.0}, "no real items"),
        ({"verifier_shift": 1.0}, "only with verifier_keeps"),
        ({"accumulate": True, "fresh": True, "real": 0.5}, "must sum to 1"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(keys, message):
    with pytest.raises(ValueError, match=message):
        FullRegime(**keys)


def numbered(regime, last, *, size=SIZE, pool=0):
    """data(last) where an item is its place and source: real 1…, fresh 1000…, samples −1, −2, …"""
    fresh = iter(range(1000, 10**6))
    mixer = regimes.Mixer(
        *(regime, np.arange(1, size + 1), last),
        seed=[7, 0],
        truth=lambda n, rng: np.array([next(fresh) for _ in range(n)], dtype=int),
    )
    found = []
    for g in range(1, last + 1):
        mixer.add(g, np.full(size, -g))
        found.append(mixer.data(g))
    return found


def test_fresh_items_are_new_in_each_generation():
    (first, _), (second, _) = numbered(FRESH, 2)
    for data, newest in ((first, -1), (second, -2)):
        assert (data >= 1000).sum() == 6
        assert (data == newest).sum() == 14
    assert not set(first[first > 0]) & set(second[second > 0])


def test_a_pool_gives_the_same_items_again_and_none_twice():
    found = [data for data, _ in numbered(FullRegime(**SHARED, pool=8), 40)]
    taken = [data[data > 0] for data in found]
    assert all(len(set(one)) == 6 for one in taken)
    assert set(np.concatenate(taken)) == set(range(1, 9))


def test_a_pool_larger_than_data_0_has_further_real_items():
    found = [data for data, _ in numbered(FullRegime(**SHARED, pool=23), 60)]
    real = np.concatenate([data[data > 0] for data in found])
    assert set(real) == {*range(1, 21), 1000, 1001, 1002}


def test_a_pool_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="pool has 5 real items, of which each generation takes 6"):
        numbered(FullRegime(**SHARED, pool=5), 1)


def test_what_is_kept_of_the_previous_data_is_not_renewed():
    regime = FullRegime(new=0.4, previous=0.3, real=0.3, fresh=True)
    (before, _), (now, _) = numbered(regime, 2)
    assert (now == -2).sum() == 8
    assert len(set(now[now > 1000]) - set(before)) >= 6 - 1
    assert (now == before).sum() == 6


def test_accumulated_data_hold_fresh_items_of_each_generation():
    data = numbered(FullRegime(**HALF, accumulate=True, fresh=True), 3)[-1][0]
    assert len(data) == 4 * SIZE
    assert [(data == -g).sum() for g in (1, 2, 3)] == [10] * 3
    assert len(set(data[data >= 1000])) == 30


@pytest.mark.parametrize("name", ["fresh_weighted", "accumulate", "large_pool"])
def test_weights_are_those_of_real_items(name):
    data, weights = numbered(MIXES[name], 2)[-1]
    np.testing.assert_array_equal(weights, np.where(data > 0, MIXES[name].weight, 1))


def test_a_verifier_keeps_the_best_rated_in_their_order():
    drawn = np.random.default_rng(1).standard_normal(100)
    found = regimes.samples(
        *(FullRegime(verifier_keeps=0.2), None, 20),
        draw=lambda model, n, rng: drawn[:n],
        rng=None,
        rating=lambda items, shift: -np.abs(items),
    )
    np.testing.assert_array_equal(found, drawn[np.abs(drawn) <= np.sort(np.abs(drawn))[19]])


def start(n_runs, seed):
    real = gaussian.draw_real(n_runs, SIZE, mean=0, std=1, rng=np.random.default_rng(seed))
    return real, tuple(estimate[:, None] for estimate in gaussian.fit(real, ddof=0))


def exact(regime, *, seed=1, n_runs=RUNS, last=LAST, ddof=0):
    return gaussian.chain(regime, *start(n_runs, seed), last, ddof=ddof, seed=seed + 1000)


def drawn(regime, *, seed=2, n_runs=500, last=LAST, ddof=0):
    chain = gaussian.chain_from_samples
    return chain(regime, *start(n_runs, seed), last, ddof=ddof, seed=seed + 1000)


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("name", MIXES)
def test_exact_and_drawn_chains_follow_one_law(name, ddof):
    assert gaussian.is_exact(MIXES[name])
    a, b = exact(MIXES[name], ddof=ddof), drawn(MIXES[name], ddof=ddof)
    for x, y in zip(a, b, strict=True):
        assert same_law(x[:, LAST], y[:, LAST])


@pytest.mark.parametrize(
    "change", [{"bias": 1.0}, {"weight": 1.0}, {"pool": 6, "fresh": False}, {"verifier_keeps": 0.5}]
)
def test_control_another_key_is_another_law(change):
    keys = SHARED | {"fresh": True, "bias": 0.5, "weight": 3.0}
    a, b = exact(FullRegime(**keys), last=8), exact(FullRegime(**keys | change), seed=2, last=8)
    assert not same_law(a[1][:, -1], b[1][:, -1]) or not same_law(a[0][:, -1], b[0][:, -1])


def test_a_pool_of_data_0_is_what_the_real_share_takes_by_default():
    a, b = exact(FullRegime(**SHARED, pool=SIZE)), drawn(FullRegime(**SHARED), n_runs=1000)
    for x, y in zip(a, b, strict=True):
        assert same_law(x[:, LAST], y[:, LAST])


@pytest.mark.parametrize("name", ["fresh_weighted", "large_pool", "accumulate", "verifier"])
def test_chains_in_blocks_are_the_chains_in_one(name):
    real, first = start(3, 5)
    for chain in (gaussian.chain, gaussian.chain_from_samples):
        half = chain(MIXES[name], real, first, 3, ddof=1, seed=6)
        resumed = chain(MIXES[name], real, half, 8, ddof=1, seed=6)
        np.testing.assert_array_equal(chain(MIXES[name], real, first, 8, ddof=1, seed=6), resumed)


def test_a_shifted_verifier_pulls_the_mean_to_its_own_centre():
    keys = HALF | {"fresh": True, "verifier_keeps": 0.5}
    assert agrees(z_of_mean(exact(FullRegime(**keys))[0][:, -1], 0))
    pulled = z_of_mean(exact(FullRegime(**keys, verifier_shift=2.0))[0][:, -1], 0)
    assert pulled > 0
    assert not agrees(pulled)


@pytest.mark.parametrize("name", ["fresh_biased", "large_pool", "accumulate", "verifier"])
def test_lengths_are_in_true_standard_deviations(name):
    real, first = start(3, 5)
    moved = 5 + 2 * real, (5 + 2 * first[0], 2 * first[1])
    for chain in (gaussian.chain, gaussian.chain_from_samples):
        means, stds = chain(MIXES[name], real, first, 5, ddof=0, seed=6)
        others = chain(MIXES[name], *moved, 5, ddof=0, seed=6, truth=(5.0, 2.0))
        np.testing.assert_allclose(others, (5 + 2 * means, 2 * stds), rtol=1e-9)


BLOB = mixture.truth(means=[[0, 0]], std=1)


def mixtures(regime, n_runs=100):
    rng = np.random.default_rng(3)
    real = np.stack([mixture.draw(BLOB, SIZE, rng=rng) for _ in range(n_runs)])
    options = {"tol": 1e-5, "max_iter": 2, "reg_covar": 1e-9}
    return mixture.chain(regime, real, None, 2, fit_options=options, seed=4, ideal=BLOB)


@pytest.mark.parametrize("bias", [1.0, 0.6])
def test_mixtures_follow_the_law_of_fresh_items(bias):
    found = mixtures(FullRegime(**SHARED, fresh=True, bias=bias))
    spread = np.trace(mixture.total_moments(found)[1], axis1=-2, axis2=-1)[:, -1] / 2
    assert agrees(z_of_mean(spread, laws.variances(6, SIZE, 2, bias=bias)[-1]))
    assert not agrees(z_of_mean(spread, laws.variances(6, SIZE, 2, bias=bias - 0.5)[-1]))


def test_mixtures_follow_the_law_of_a_pool_and_the_verifiers_taste():
    found = mixtures(FullRegime(**SHARED, pool=7))
    spread = np.trace(mixture.total_moments(found)[1], axis1=-2, axis2=-1)[:, -1] / 2
    assert agrees(z_of_mean(spread, laws.pool_variances(6, SIZE, 7, 2)[-1]))
    pulled = mixtures(FullRegime(verifier_keeps=0.2, verifier_shift=1.0), n_runs=20)
    mean = mixture.total_moments(pulled)[0][:, -1].mean(axis=0)
    assert mean[0] > 0.5 > abs(mean[1])


def test_mixtures_have_no_weights():
    with pytest.raises(ValueError, match="has no weights"):
        mixtures(FullRegime(**HALF, fresh=True, weight=2.0), n_runs=1)


def test_the_log_density_is_that_of_a_normal_distribution():
    points = np.random.default_rng(5).standard_normal((9, 2))
    expected = -(points**2).sum(axis=1) / 2 - np.log(2 * np.pi)
    np.testing.assert_allclose(mixture.log_density(BLOB, points), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("regime", "law"),
    [
        (FRESH, laws.variances(6, SIZE, 3)),
        (FullRegime(**SHARED, fresh=True, bias=0.6), laws.variances(6, SIZE, 3, bias=0.6)),
        (FullRegime(**SHARED, fresh=True, weight=3.0), laws.variances(6, SIZE, 3, weight=3.0)),
        (FullRegime(**SHARED, pool=9), laws.pool_variances(6, SIZE, 9, 3)),
        (
            FullRegime(**HALF, accumulate=True, fresh=True),
            laws.accumulated_variances(10, SIZE, 3),
        ),
    ],
    ids=["fresh", "bias", "weight", "pool", "accumulate"],
)
def test_density_estimates_with_narrow_kernels_follow_the_laws(regime, law):
    real = np.random.default_rng(1).uniform(-(3**0.5), 3**0.5, (150, SIZE))
    chain = {"last_generation": 3, "bandwidth": 1e-6, "seed": 2}
    found = kde.variances(regime, real, **chain)[:, -1]
    if regime.pool is None:  # fresh items are normal, data(0) uniform: both have variance 1
        assert not agrees(z_of_mean(found, law[-1] - 0.3))
    assert agrees(z_of_mean(found, law[-1]))
