"""The process: what data(g) is made of, under every regime."""

import numpy as np
import pytest
from collapse.process import generations
from collapse.process.generations import Regime

SIZE = 50
REPLACE = Regime()
PRESERVE = Regime(new=0.9, real=0.1)
MEMORY = Regime(new=0.5, previous=0.3, real=0.2)
POOL = Regime(accumulate=True)
SUBSAMPLE = Regime(accumulate=True, subsample=True)
WITHOUT_REAL = Regime(accumulate=True, keep_real=False)
SHAM = Regime(new=0.0, real=1.0)
TENTH = Regime(new=0.0, real=1.0, size=0.1)


def origins(regime, generation, *, seed=7, size=SIZE):
    """Names of the sources of data(generation)'s items, and the items' indices."""
    source, item = generations.composition(regime, generation, size, seed=seed)
    names = generations.sources(regime, generation)
    return [names[position] for position in source], item


REGIMES = [REPLACE, PRESERVE, MEMORY, POOL, SUBSAMPLE, WITHOUT_REAL, SHAM, TENTH]


@pytest.mark.parametrize("regime", REGIMES)
def test_data_0_is_real(regime):
    names, item = origins(regime, 0)
    assert set(names) == {generations.REAL}
    assert sorted(item) == list(range(SIZE))


def test_replace_takes_only_the_last_samples():
    names, item = origins(REPLACE, 4)
    assert names == [3] * SIZE
    assert list(item) == list(range(SIZE))


def test_preserve_takes_a_fresh_tenth_of_real_items_in_place():
    first, item = origins(PRESERVE, 3)
    second, _ = origins(PRESERVE, 4)
    for names, newest in ((first, 2), (second, 3)):
        assert names.count(generations.REAL) == 5
        assert names.count(newest) == 45
    kept = [{i for i, name in enumerate(n) if name == generations.REAL} for n in (first, second)]
    assert kept[0] != kept[1]
    assert list(item) == list(range(SIZE))


def test_previous_share_keeps_items_of_every_age():
    names, _ = origins(MEMORY, 3)
    assert names.count(2) == 25
    # 15 come from data(2); 10 + what data(2) had of real ones come from data(0)
    assert names.count(generations.REAL) >= 10
    assert set(names) <= {generations.REAL, 0, 1, 2}
    assert 0 < sum(name in (0, 1) for name in names) <= 15


def test_previous_items_are_those_that_data_of_the_generation_before_had():
    before, now = origins(MEMORY, 2)[0], origins(MEMORY, 3)[0]
    kept = [i for i, name in enumerate(now) if name in (0, 1)]
    assert all(before[i] == now[i] for i in kept)


def test_pool_holds_every_item_once():
    names, item = origins(POOL, 3)
    assert sorted(zip(map(str, names), item, strict=True)) == sorted(
        (str(name), i) for name in (generations.REAL, 0, 1, 2) for i in range(SIZE)
    )


def test_pool_without_real_data():
    assert set(origins(WITHOUT_REAL, 3)[0]) == {0, 1, 2}


def test_subsample_draws_without_replacement_from_all_ages():
    names, item = origins(SUBSAMPLE, 3)
    assert len(item) == SIZE
    assert len(set(zip(names, item, strict=True))) == SIZE
    assert set(names) == {generations.REAL, 0, 1, 2}
    assert origins(SUBSAMPLE, 3, seed=8)[0] != names


def test_shares_must_sum_to_one():
    with pytest.raises(ValueError, match=r"1\.1"):
        Regime(new=1.0, real=0.1)


def test_assemble_gathers_the_named_items():
    arrays = [np.arange(4) + 10, np.arange(4) + 20]
    got = generations.assemble(arrays, np.array([0, 1, 1]), np.array([3, 0, 2]))
    assert got.tolist() == [13, 20, 22]


@pytest.mark.parametrize("generation", [1, 2, 7])
def test_sham_is_data_0_in_every_generation_and_needs_no_samples(generation):
    names, item = origins(SHAM, generation)
    assert names == [generations.REAL] * SIZE
    assert list(item) == list(range(SIZE))
    assert generations.sources(SHAM, generation) == [generations.REAL]
    assert generations.sources(TENTH, generation) == [generations.REAL]


def test_only_the_sources_that_have_a_share_are_needed():
    assert generations.sources(REPLACE, 3) == [2]
    assert generations.sources(PRESERVE, 3) == [generations.REAL, 2]
    assert generations.sources(MEMORY, 3) == [generations.REAL, 0, 1, 2]


@pytest.mark.parametrize("size", [20, 101, 705])
def test_the_tenth_alone_has_the_real_items_of_the_tenth_in_a_mix(size):
    """The same seed and generation choose the same items; another seed or generation others."""
    chosen = []
    for seed, generation in ((7, 1), (7, 2), (8, 1)):
        names, item = origins(TENTH, generation, seed=seed, size=size)
        assert names == [generations.REAL] * round(0.1 * size)
        mixed = origins(PRESERVE, generation, seed=seed, size=size)[0]
        assert list(item) == [i for i, name in enumerate(mixed) if name == generations.REAL]
        chosen.append(frozenset(item.tolist()))
    assert len(set(chosen)) == 3


def test_a_smaller_mix_is_a_part_of_the_mix():
    half = Regime(new=0.9, real=0.1, size=0.5)
    names, item = origins(half, 2)
    assert len(set(item)) == len(item) == 25
    whole = origins(PRESERVE, 2)[0]
    assert names == [whole[i] for i in item]
    assert set(names) <= {generations.REAL, 1}


@pytest.mark.parametrize(
    "shares", [{"accumulate": True}, {"new": 0.5, "previous": 0.5}], ids=["accumulate", "previous"]
)
def test_regimes_that_look_further_back_have_one_size(shares):
    Regime(**shares)
    with pytest.raises(ValueError, match="size must be 1 with accumulate or previous"):
        Regime(**shares, size=0.5)
