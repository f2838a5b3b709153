"""Chains of counts under every regime: each follows the law that holds for normal distributions.

The chance that two draws differ is an expected squared difference, as the variance is.
"""

import numpy as np
import pytest
from collapse import theory
from collapse.discrete import regimes
from collapse.human_data import laws
from collapse.process.regimes import FullRegime
from oracles import agrees, z_of_mean
from scipy import stats

TRUE = np.array([0.4, 0.3, 0.2, 0.1])
SIZE, RUNS, LAST = 10, 4000, 6
HALF, SHARED = {"new": 0.5, "real": 0.5}, {"new": 0.7, "real": 0.3}


def chain(regime, *, true=TRUE, last=LAST, n_runs=RUNS, seed=1):
    rng = np.random.default_rng(seed)
    return list(regimes.models(regime, true, SIZE, n_runs, last, rng=rng))


def diversity(model, true=TRUE):
    return (1 - (model**2).sum(axis=1)) / (1 - (true**2).sum())


CASES = {
    "replace": (FullRegime(), theory.expected_variance(LAST + 1, SIZE, ddof=0)),
    "fresh": (FullRegime(**SHARED, fresh=True), laws.variances(3, SIZE, LAST)[-1]),
    "weight": (
        FullRegime(**SHARED, fresh=True, weight=10.0),
        laws.variances(3, SIZE, LAST, weight=10.0)[-1],
    ),
    "small_pool": (FullRegime(**SHARED, pool=4), laws.pool_variances(3, SIZE, 4, LAST)[-1]),
    "data_0": (FullRegime(**SHARED), laws.pool_variances(3, SIZE, SIZE, LAST)[-1]),
    "large_pool": (FullRegime(**SHARED, pool=25), laws.pool_variances(3, SIZE, 25, LAST)[-1]),
    "overlap": (
        FullRegime(new=0.3, previous=0.5, real=0.2, fresh=True),
        laws.overlap_variances(2, 5, SIZE, LAST)[-1],
    ),
    "accumulate": (
        FullRegime(accumulate=True),
        laws.accumulated_variances(0, SIZE, LAST)[-1],
    ),
    "accumulate_fresh": (
        FullRegime(**HALF, accumulate=True, fresh=True),
        laws.accumulated_variances(5, SIZE, LAST)[-1],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_diversity_follows_the_law_of_variances(name):
    regime, law = CASES[name]
    found = diversity(chain(regime)[-1])
    assert agrees(z_of_mean(found, law))
    assert not agrees(z_of_mean(found, law + 0.04))


def test_control_each_regime_has_a_law_of_its_own():
    found = {name: diversity(chain(regime)[-1]) for name, (regime, _) in CASES.items()}
    for name, other in [("fresh", "weight"), ("small_pool", "fresh"), ("overlap", "replace")]:
        assert not agrees(z_of_mean(found[name], CASES[other][1]))
    assert not agrees(z_of_mean(found["accumulate"], CASES["replace"][1]))


def test_a_bias_raises_probabilities_to_a_power():
    """The first samples, given model(0)."""
    first, second = chain(FullRegime(bias=0.5), last=1)
    sharp = first**2 / (first**2).sum(axis=1, keepdims=True)
    gap = second - sharp
    assert agrees([z_of_mean(gap[:, state], 0) for state in range(4)])
    assert not agrees(z_of_mean((second - first)[:, 0], 0)), "no bias went unseen"


def test_a_subsample_is_drawn_from_the_union():
    found = chain(FullRegime(accumulate=True, subsample=True))
    kept = diversity(found[-1])
    assert z_of_mean(kept, CASES["replace"][1]) > 5
    assert z_of_mean(kept, CASES["accumulate"][1]) < -5
    np.testing.assert_allclose(found[-1] * SIZE, np.rint(found[-1] * SIZE), atol=1e-9)


def test_a_verifier_keeps_items_of_the_most_probable_states():
    first, second = chain(FullRegime(verifier_keeps=0.5), last=1, n_runs=500)
    drawn = np.arange(21)
    chances = stats.binom.pmf(drawn, 20, first[:, :1])  # of the first state's count among 20 draws
    gap = second[:, 0] - chances @ np.minimum(drawn, 10) / 10
    assert agrees(z_of_mean(gap, 0))
    assert not agrees(z_of_mean(second[:, 0] - first[:, 0], 0)), "no verifier went unseen"


def test_chance_decides_between_states_that_are_equally_probable():
    true = np.full(4, 0.25)
    first, second = chain(FullRegime(verifier_keeps=0.5), true=true, last=1)
    assert agrees([z_of_mean((second - first)[:, state], 0) for state in range(4)])
    law = theory.expected_variance(2, SIZE, ddof=0)
    assert agrees(z_of_mean(diversity(second, true), law))


def test_a_pool_has_no_other_real_items():
    found = chain(FullRegime(new=0.0, real=1.0, pool=SIZE), n_runs=50)
    np.testing.assert_array_equal(found[0], found[-1])
    fresh = chain(FullRegime(new=0.0, real=1.0, fresh=True), n_runs=50)
    assert not np.array_equal(fresh[0], fresh[-1])


def test_draws_without_replacement_are_hypergeometric():
    counts = np.tile([[5, 3, 2]], (RUNS, 1))
    taken = regimes.without_replacement(counts, 4, rng=np.random.default_rng(1))
    assert (taken.sum(axis=1) == 4).all()
    assert (taken <= counts).all()
    law = stats.hypergeom(10, 3, 4)
    assert agrees(z_of_mean(taken[:, 1], law.mean()))
    assert agrees(z_of_mean((taken[:, 1] - law.mean()) ** 2, law.var()))
    assert not agrees(z_of_mean((taken[:, 1] - law.mean()) ** 2, stats.binom(4, 0.3).var()))


def test_a_shifted_verifier_is_refused():
    with pytest.raises(ValueError, match="drop verifier_shift"):
        chain(FullRegime(verifier_keeps=0.5, verifier_shift=1.0))
