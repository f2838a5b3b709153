"""Chains with fresh real data follow their laws, and a control without them does not."""

import itertools

import numpy as np
import oracles
import pytest
from collapse.human_data import chains, laws
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
