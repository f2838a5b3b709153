"""n-gram models against counts by hand, and their chains against the laws of order 1."""

import numpy as np
import oracles
import pytest
from collapse.discrete import discrete
from collapse.errors import UserError
from collapse.ngram import ngram
from collapse.process.regimes import FullRegime

REPLACE, POOL = FullRegime(), FullRegime(accumulate=True)
KEPT = FullRegime(new=0.9, real=0.1)
TOY, VOCABULARY = np.array([0, 1, 0, 1, 2]), 3
RUNS, LAST, SIZE = 100, 5, 200
WORDS = np.random.default_rng(1).choice(80, SIZE, p=(p := 1 / np.arange(1, 81)) / p.sum())
COUNTS = np.unique(WORDS, return_counts=True)[1]


def chain(regime=REPLACE, seed=0, *, order=1, temperature=1.0, text=WORDS, block=20):
    """By generation: number of different n-grams, entropy, share of real n-grams left."""
    how = {"order": order, "temperature": temperature, "vocabulary": 80, "seed": seed}
    return ngram.measure(regime, text.reshape(-1, block), LAST, **how)


@pytest.mark.parametrize(
    ("order", "grams", "counts", "entropy"),
    [
        (1, [0, 1, 2], [2, 2, 1], 0.8 * np.log(2.5) + 0.2 * np.log(5)),
        (2, [(0, 1), (1, 0), (1, 2), (2, 0)], [2, 1, 1, 1], 0.4 * np.log(2)),
        (3, [(0, 1, 0), (0, 1, 2), (1, 0, 1), (1, 2, 0), (2, 0, 1)], 5 * [1], 0.4 * np.log(2)),
    ],
)
def test_counts_and_entropy_of_a_ring_are_those_by_hand(order, grams, counts, entropy):
    model = ngram.fit(TOY, order, VOCABULARY)
    digits = np.array(grams).reshape(len(grams), order)
    assert model.grams.tolist() == (digits @ VOCABULARY ** np.arange(order)[::-1]).tolist()
    assert model.counts.tolist() == counts
    assert ngram.entropy(model) == pytest.approx(entropy)


@pytest.mark.parametrize(("temperature", "share"), [(1.0, 3 / 4), (0.5, 9 / 10)])
def test_words_follow_a_context_in_proportion_to_powers_of_their_counts(temperature, share):
    model = ngram.fit(np.array([0, 1, 0, 1, 0, 1, 0, 2]), 2, 3)
    how = {"temperature": temperature, "rng": np.random.default_rng(2)}
    text = ngram.draw(model, 20_000, **how)
    after = text[text > 0] == 1
    assert after.size == 10_000
    assert oracles.agrees(oracles.z_of_mean(after, share))
    assert not oracles.agrees(oracles.z_of_mean(after, share - 0.05))


def test_the_lowest_temperature_draws_the_most_frequent_word():
    model = ngram.fit(np.array([0, 1, 0, 1, 0, 1, 0, 2]), 2, 3)
    text = ngram.draw(model, 100, temperature=1e-3, rng=np.random.default_rng(2))
    assert sorted(text.tolist()) == 50 * [0] + 50 * [1]


@pytest.mark.parametrize("order", [2, 3])
def test_drawn_n_grams_are_those_of_the_model(order):
    real = ngram.fit(WORDS, order, 80)
    for drawn_order, holds in ((order, True), (order - 1, False)):
        model = ngram.fit(WORDS, drawn_order, 80)
        text = ngram.draw(model, 500, temperature=0.9, rng=np.random.default_rng(3))
        crossing = order - 1  # n-grams across the ends of the ring
        unknown = ~np.isin(ngram.fit(text, order, 80).grams, real.grams)
        assert bool(unknown.sum() <= crossing) is holds


@pytest.mark.parametrize("order", [1, 2])
def test_drift_changes_no_expected_count(order):
    """Drawn texts have every n-gram as often as the real text; selection prefers the frequent."""
    model = ngram.fit(WORDS, order, 80)
    most, inside = model.grams[np.argmax(model.counts)], SIZE - order + 1
    for temperature, holds in ((1.0, True), (0.5, False)):
        found = []
        for seed in range(RUNS):
            rng = np.random.default_rng(seed)
            text = ngram.draw(model, SIZE, temperature=temperature, rng=rng)
            windows = np.lib.stride_tricks.sliding_window_view(text, order)
            found.append((windows @ 80 ** np.arange(order)[::-1] == most).sum())
        z = oracles.z_of_mean(found, inside * model.counts.max() / SIZE)
        assert oracles.agrees(z) is holds


def test_words_survive_as_often_as_the_exact_law_says():
    law = ngram.expected_survival(COUNTS, LAST)
    by_hand = 1 - np.mean((1 - COUNTS / SIZE) ** SIZE)  # the first generation that is drawn
    assert law[:2] == pytest.approx([1, by_hand])
    left = np.array([chain(seed=seed)[:, 2] for seed in range(RUNS)])
    sharp = np.array([chain(seed=seed, temperature=0.9)[:, 2] for seed in range(RUNS)])
    for generation in (1, 3, LAST):
        assert oracles.agrees(oracles.z_of_mean(left[:, generation], law[generation]))
        assert not oracles.agrees(oracles.z_of_mean(sharp[:, generation], law[generation]))
    assert not oracles.agrees(oracles.z_of_mean(left[:, 3], law[2]))


def test_the_exact_law_is_left_out_where_it_would_take_too_long():
    assert np.isnan(ngram.expected_survival(np.array([2000, 1001]), 2)).all()


def test_selection_takes_the_entropy_that_it_takes_from_an_infinite_corpus():
    shares, expected = COUNTS / SIZE, []
    for _ in range(LAST + 1):
        expected.append(-(shares * np.log(shares)).sum())
        shares = shares ** (1 / 0.8) / (shares ** (1 / 0.8)).sum()
    law = ngram.sharpened_entropy(COUNTS, 0.8, LAST)
    assert law == pytest.approx(expected)
    assert ngram.sharpened_entropy(COUNTS, 1.0, LAST) == pytest.approx([expected[0]] * (LAST + 1))
    errors = []
    for copies in (1, 36):
        text = np.tile(WORDS, copies)
        ends = [chain(seed=seed, temperature=0.8, text=text)[LAST, 1] for seed in range(20)]
        errors.append(np.sqrt(np.mean((ends - law[LAST]) ** 2)))
    assert errors[1] < errors[0] / 3  # the error of chance shrinks by √36


def test_real_data_keep_n_grams():
    long = np.tile(WORDS, 10)
    left = {
        name: chain(regime, order=1, temperature=0.5, text=long)[LAST, 2]
        for name, regime in (("replace", REPLACE), ("kept", KEPT), ("pool", POOL))
    }
    assert left["replace"] < left["kept"] < left["pool"] == 1


def test_runs_have_passages_of_their_own():
    words = discrete.words("The cat, the mat. A cat sat on The mat")
    text, vocabulary = ngram.passage(words, 4, run=1, corpus="mine")
    assert (text.tolist(), vocabulary) == ([0, 1, 3, 2], 4)  # a cat sat on
    with pytest.raises(UserError, match="mine has 10 words, but 3 runs of 4 need 12: lower ngram"):
        ngram.passage(words, 4, run=2, corpus="mine")
