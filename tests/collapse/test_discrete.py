"""The discrete chains against their exact laws; controls must break them."""

import numpy as np
import oracles
import pytest
from collapse import theory
from collapse.discrete import discrete, summary, tail_cutting
from collapse.process import summaries
from oracles import agrees, z_of_mean
from scipy import stats

ZIPF = discrete.probabilities("zipf", n_states=12, exponent=1.0, text="")
UNIFORM = discrete.probabilities("uniform", n_states=12, exponent=1.0, text="")
N_RUNS, SIZE, LOOKED_AT = 4000, 10, [0, 1, 3, 10, 32]


def chain(true, size=SIZE, seed=1, n_runs=N_RUNS):
    return discrete.chain(true, size, n_runs, 20 * size, rng=np.random.default_rng(seed))


def z_of_shares(count, n, expected):
    """Standardised distances of shares of runs from their probabilities."""
    return (count / n - expected) / np.sqrt(expected * (1 - expected) / n)


def z_of_absorption(observed, true, size=SIZE):
    """By generation: states left, heterozygosity and share of absorbed runs against their laws."""
    at = np.searchsorted(observed["generation"], LOOKED_AT)
    laws = summary.laws(true, np.array(LOOKED_AT), size)
    left = (observed["rare"] + observed["common"])[:, at]
    heterozygosity, found = observed["heterozygosity"][:, at], []
    for column, generation in enumerate(LOOKED_AT):
        found.append(z_of_mean(left[:, column], laws["states"][column]))
        found.append(z_of_mean(heterozygosity[:, column], laws["heterozygosity"][column]))
        if generation >= SIZE:  # before, hardly any run is absorbed
            done = (observed["absorbed_at"] >= 0) & (observed["absorbed_at"] <= generation)
            found.append(z_of_shares(done.sum(), done.size, laws["absorbed"][column]))
    return np.array(found)


def z_of_ends(observed, true):
    """By state: the share of runs that ended in it against its true probability."""
    ended = np.bincount(observed["absorbed_in"][observed["absorbed_in"] >= 0], minlength=len(true))
    return z_of_shares(ended, ended.sum(), true)


@pytest.mark.parametrize("true", [UNIFORM, ZIPF], ids=["uniform", "zipf"])
def test_states_heterozygosity_and_absorption_follow_their_laws(true):
    observed = chain(true)
    assert agrees(z_of_absorption(observed, true))
    assert (observed["absorbed_at"] >= 0).all(), "20·M generations were not enough"
    assert agrees(z_of_ends(observed, true))


def test_rare_and_common_states_are_lost_by_their_own_laws():
    observed = chain(ZIPF, seed=2)
    laws = summary.laws(ZIPF, np.array(LOOKED_AT), SIZE)
    is_rare, at = ZIPF * SIZE <= 1, np.searchsorted(observed["generation"], LOOKED_AT)
    assert 0 < is_rare.sum() < len(ZIPF)
    for name, states in (("rare", is_rare.sum()), ("common", (~is_rare).sum())):
        share = observed[name][:, at] / states
        assert agrees([z_of_mean(s, law) for s, law in zip(share.T, laws[name], strict=True)])
    assert (laws["rare"] < laws["common"]).all(), "rare states go first"


def test_control_a_chain_that_draws_from_the_truth_is_not_absorbed(monkeypatch):
    def from_truth(states, counts, *, rng):
        return discrete.start(ZIPF, SIZE, len(counts), rng=rng)

    monkeypatch.setattr(discrete, "resample", from_truth)
    observed = chain(ZIPF)
    assert not agrees(z_of_absorption(observed, ZIPF))
    assert (observed["absorbed_at"] >= 0).mean() < 0.1
    left = observed["rare"] + observed["common"]
    assert (np.diff(left, axis=1) > 0).any(), "states come back"


def test_control_two_generations_in_one_break_the_laws(monkeypatch):
    once = discrete.resample

    def twice(states, counts, *, rng):
        return once(*once(states, counts, rng=rng), rng=rng)

    monkeypatch.setattr(discrete, "resample", twice)
    assert not agrees(z_of_absorption(chain(ZIPF), ZIPF))


def test_control_a_chain_that_prefers_common_states_ends_elsewhere(monkeypatch):
    def sharpened(states, counts, *, rng):
        weights = counts**1.2
        total = weights.sum(axis=1, keepdims=True)
        return discrete._tidy(states, rng.multinomial(SIZE, weights / total))

    monkeypatch.setattr(discrete, "resample", sharpened)
    assert not agrees(z_of_ends(chain(ZIPF), ZIPF))


def test_control_states_below_1_over_m_do_not_go_for_certain():
    """Cutting them all off at once would end elsewhere than P(absorbed in i) = q."""
    cut = np.where(ZIPF * SIZE > 1, ZIPF, 0)
    assert not agrees(z_of_ends(chain(cut / cut.sum()), ZIPF))


def test_lost_states_never_return():
    observed = chain(ZIPF, size=50, n_runs=200)
    for name in ("rare", "common"):
        assert (np.diff(observed[name], axis=1) <= 0).all()
    last = observed["generation"][-1]
    assert (observed["absorbed_at"] <= last).all()


def test_the_first_sample_counts_draws_from_the_truth():
    states, counts = discrete.start(ZIPF, 30, 3000, rng=np.random.default_rng(3))
    by_state = np.zeros((3000, 12), dtype=int)
    np.add.at(by_state, (np.arange(3000)[:, None], states), counts)
    assert (by_state.sum(axis=1) == 30).all()
    assert agrees([z_of_mean(by_state[:, i], 30 * ZIPF[i]) for i in range(12)])
    later, new = discrete.resample(states, counts, rng=np.random.default_rng(4))
    assert (new.sum(axis=1) == 30).all()
    assert (np.diff(new, axis=1) >= 0).all()
    for row in range(100):  # what is there was there before
        assert set(later[row, new[row] > 0]) <= set(states[row, counts[row] > 0])


def test_distributions():
    np.testing.assert_allclose(UNIFORM, 1 / 12)
    assert ZIPF[0] / ZIPF == pytest.approx(np.arange(1, 13))
    words = discrete.probabilities(
        "corpus", n_states=1, exponent=1, text="The cat, the hat;\nTHE\n"
    )
    assert words == pytest.approx([3 / 5, 1 / 5, 1 / 5])


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_extinction_of_two_items_by_hand(q):
    """One of two items dies out in a generation with probability 1/4, and takes over with 1/4."""
    one = 2 * q * (1 - q)
    by_hand = [(1 - q) ** 2 + one * (1 - 0.5**g) / 2 for g in range(6)]
    assert theory.extinct([q], range(6), 2)[0] == pytest.approx(by_hand)


def test_extinction_is_that_of_the_multiplied_chain_and_ends_at_the_complement():
    generations = [0, 1, 2, 7, 30, 1000]
    p = stats.binom.pmf(np.arange(31), 30, np.arange(31)[:, None] / 30)
    first = stats.binom.pmf(np.arange(31), 30, ZIPF[:, None])
    slow = [first @ np.linalg.matrix_power(p, g)[:, 0] for g in generations]
    found = theory.extinct(ZIPF, generations, 30)
    assert found == pytest.approx(np.transpose(slow), rel=1e-10)
    assert found[:, -1] == pytest.approx(1 - ZIPF, abs=oracles.absorption_bound(1000, 30))
    assert found[:, 0] == pytest.approx(oracles.unseen(ZIPF, 30))


def test_heterozygosity_falls_by_one_over_m():
    """x(1 − x) is an eigenvector of the binomial chain."""
    x = np.arange(21) / 20
    product = theory._binomial(20, x) @ (x * (1 - x))
    assert product == pytest.approx((1 - 1 / 20) * x * (1 - x))
    assert theory.heterozygosity([0.5, 0.5], [0, 1], 20) == pytest.approx([0.475, 0.45125])


def test_no_more_runs_are_left_than_the_bound_says():
    generations = np.array([10, 50, 200])
    left = 1 - theory.extinct(1 - ZIPF, generations, 20).sum(axis=0)
    bound = oracles.absorption_bound(generations, 20)
    assert (left <= bound).all()
    assert bound[-1] < 20 / 2 * np.exp(-10)


def test_a_state_at_1_over_m_is_missed_by_37_percent_of_samples():
    # (1 − 1/M)^M = e⁻¹(1 − 1/(2M) − …)
    assert oracles.unseen(1e-6, 10**6) == pytest.approx(np.exp(-1), rel=1e-6)
    assert oracles.unseen(1.0, 10) == 0


def test_groups_of_ranks_double_and_hold_every_run():
    table = summary.absorbed(chain(ZIPF, n_runs=50), ZIPF)
    assert table[["first_rank", "last_rank"]].to_numpy().tolist() == [
        [1, 1],
        [2, 3],
        [4, 7],
        [8, 12],
    ]
    assert table["probability"].sum() == pytest.approx(1)
    assert table["absorbed"].sum() == pytest.approx(1)
    ended = {"absorbed_in": np.array([0, 1, 2, 2, -1, 11])}
    assert (summary.absorbed(ended, ZIPF)["absorbed"] * 5).tolist() == [1, 3, 0, 1]


def test_runs_that_are_still_apart_count_for_no_state():
    observed = discrete.chain(UNIFORM, 50, 20, 1, rng=np.random.default_rng(5))
    assert (observed["absorbed_in"] == -1).all()
    table = summary.by_generation(observed, UNIFORM, 50)
    assert table["generation"].tolist() == [0, 1]
    assert (table["absorbed"] == 0).all()
    assert table["rare"].isna().all()  # 1/12 > 1/50
    assert table["states"].to_numpy() == pytest.approx(12 * table["common"].to_numpy())


def z_of_presence(observed, true):
    """By generation and class of states: the number that is present against its law."""
    table = summary.presence(observed, true, SIZE)
    at = np.searchsorted(observed["generation"], table["generation"])
    of_class = table.groupby("generation").cumcount().to_numpy()
    error = observed["present_sd"][at, of_class] / table["states"] / np.sqrt(N_RUNS)
    certain = error == 0
    return ((table["present"] - table["present_theory"]) / error)[~certain].to_numpy()


@pytest.mark.parametrize("true", [UNIFORM, ZIPF], ids=["uniform", "zipf"])
def test_classes_of_states_are_present_by_their_laws(true):
    observed = chain(true, seed=8)
    assert agrees(z_of_presence(observed, true))
    table = summary.presence(observed, true, SIZE)
    assert table["generation"].unique().tolist() == [0, 1, 10, 100]
    assert (table.groupby("generation")["states"].sum() == len(true)).all()
    left = (table["present"] * table["states"]).groupby(table["generation"]).sum()
    at = np.searchsorted(observed["generation"], [0, 1, 10, 100])
    assert left.to_numpy() == pytest.approx(
        (observed["rare"] + observed["common"]).mean(axis=0)[at]
    )
    assert table["present_low"].min() >= 0 and table["present_high"].max() <= 1


def test_control_a_chain_that_draws_from_the_truth_keeps_its_states(monkeypatch):
    def from_truth(states, counts, *, rng):
        return discrete.start(ZIPF, SIZE, len(counts), rng=rng)

    monkeypatch.setattr(discrete, "resample", from_truth)
    assert not agrees(z_of_presence(chain(ZIPF, seed=8), ZIPF))


def test_classes_are_factors_of_two():
    assert (discrete.classes(UNIFORM, SIZE) == 0).all()
    q = np.array([8, 4, 3, 1]) / 16
    assert discrete.classes(q, 16).tolist() == [3, 2, 1, 0]


def test_one_run_has_no_interval():
    table = summary.presence(chain(ZIPF, n_runs=1), ZIPF, SIZE)
    assert table[["present_low", "present_high"]].isna().all(axis=None)


EDGES = tail_cutting.edges(20, 0.5)
SHAPE = {"mean": 4, "std": 1, "tail_std": 6}


def test_bins_have_their_probabilities():
    true = tail_cutting.bin_probabilities(EDGES, **SHAPE, tail_share=0.1)
    centres = [(0.45, 4, 1), (0.45, -4, 1), (0.1, 0, 6)]
    by_hand = sum(w * np.diff(stats.norm.cdf(EDGES, m, s)) for w, m, s in centres)
    assert true[:-1] == pytest.approx(by_hand)
    assert true.sum() == pytest.approx(1)
    assert len(true) == 81


def test_bins_are_empty_as_often_as_the_law_says():
    true = tail_cutting.bin_probabilities(EDGES, **SHAPE, tail_share=0.1)
    table = tail_cutting.lost(
        *(true, 100, 2000, [0, 3]),
        *tail_cutting.resampled(true, 100, 2000, [0, 3], rng=np.random.default_rng(6)),
    )
    table = table[table["lost_theory"].between(0.05, 0.95)]
    assert set(table["generation"]) == {0, 3}
    for law, good in (
        (table["lost_theory"], True),
        (oracles.unseen(table["probability"], 200), False),
    ):
        assert agrees(z_of_shares(2000 * table["lost"], 2000, law)) is good


def test_an_exact_interval_of_a_share_covers_for_every_probability():
    counts, p = np.arange(21), np.linspace(0.01, 0.99, 99)[:, None]
    _, low, high = summaries.proportion(counts, 20)
    weight = stats.binom.pmf(counts, 20, p)
    assert (((low <= p) & (p <= high)) * weight).sum(axis=1).min() >= 0.95
    half = 1.96 * np.sqrt(counts / 20 * (1 - counts / 20) / 20)
    wald = ((abs(counts / 20 - p) <= half) * weight).sum(axis=1)
    assert wald.min() < 0.5, "the textbook interval would not"
    assert (low[0], high[-1]) == (0, 1)
    assert high[0] == pytest.approx(1 - 0.025 ** (1 / 20))
