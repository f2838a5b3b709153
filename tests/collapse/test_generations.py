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


def origins(regime, generation, *, seed=7):
    """Names of the sources of data(generation)'s items, and the items' indices."""
    source, item = generations.composition(regime, generation, SIZE, seed=seed)
    names = generations.sources(regime, generation)
    return [names[position] for position in source], item


@pytest.mark.parametrize("regime", [REPLACE, PRESERVE, MEMORY, POOL, SUBSAMPLE, WITHOUT_REAL])
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
