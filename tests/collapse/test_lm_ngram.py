"""The 3-gram model against numbers worked out by hand and a source of known entropy."""

import numpy as np
import pytest
from collapse.lm import ngram
from oracles import agrees, z_of_mean

N_TOKENS, LENGTH, NOISE = 8, 64, 0.3  # of `source`
EXPECTED = 1 - NOISE + NOISE / N_TOKENS  # probability of the sum of the two tokens before
OTHER = NOISE / N_TOKENS
ENTROPY = -EXPECTED * np.log(EXPECTED) - (N_TOKENS - 1) * OTHER * np.log(OTHER)  # nats a token
TEXT = np.array([[0, 1, 2], [0, 1, 2], [3, 1, 0]])


def source(n, *, seed):
    """Draw blocks, (n, LENGTH): a token is the sum of the two before it or, with NOISE, uniform.

    Pairs of neighbours are uniform, so that only a model of three tokens can predict the text.
    """
    rng = np.random.default_rng(seed)
    blocks = rng.integers(N_TOKENS, size=(n, LENGTH))
    noisy = rng.random((n, LENGTH)) < NOISE
    for place in range(2, LENGTH):
        given = (blocks[:, place - 1] + blocks[:, place - 2]) % N_TOKENS
        blocks[:, place] = np.where(noisy[:, place], blocks[:, place], given)
    return blocks


def true_losses(blocks):
    given = (blocks[:, :-2] + blocks[:, 1:-1]) % N_TOKENS == blocks[:, 2:]
    second = np.full((len(blocks), 1), np.log(N_TOKENS))
    return np.concatenate([second, -np.log(np.where(given, EXPECTED, OTHER))], axis=1)


def unigram_losses(text, blocks):
    shares = np.bincount(text[:, 1:].ravel(), minlength=N_TOKENS) / text[:, 1:].size
    return -np.log(shares)[blocks[:, 1:]].mean(axis=1)


def excess(text, fresh):
    """Loss above that of the source's own probabilities, of each block."""
    model = ngram.fit([text], N_TOKENS)
    return ngram.block_losses(model, fresh) - true_losses(fresh).mean(axis=1)


def test_a_small_text_gives_the_probabilities_worked_out_by_hand():
    model = ngram.fit([TEXT], 4)
    # trigrams: 012 twice, 310 once; two different tokens precede 1, and one each precedes 0, 2,
    # 10 and 12
    discounts = [order.discount for order in model[1:]]
    assert discounts == pytest.approx([1 / 2, 1, 1 / 3, 1 / 3])
    # Unigram: 7/32, 15/32, 7/32, 3/32. After 1 it is the same, because a discount of 1 takes all.
    blocks = [[0, 1, 2], [3, 1, 0], [0, 1, 3], [2, 2, 1]]
    expected = [
        [175 / 192, 167 / 192],  # (2 − 1/3)/2 + 15/32/6, (2 − 1/3)/2 + 7/32/6
        [79 / 96, 71 / 96],  # 2/3 + 15/32/3, 2/3 + 7/32/3
        [175 / 192, 3 / 192],  # 3 has a share of the uniform distribution only
        [7 / 32, 15 / 32],  # contexts that were never seen
    ]
    losses = ngram.token_losses(model, blocks)
    np.testing.assert_allclose(np.exp(-losses), expected, rtol=1e-12)
    np.testing.assert_allclose(ngram.block_losses(model, blocks), losses.mean(axis=1))


def test_probabilities_sum_to_one_after_seen_and_unseen_contexts():
    size = 50
    text = np.random.default_rng(0).zipf(1.5, size=(40, 12)) % (size - 1)  # never the last token
    model = ngram.fit([text], size)
    contexts = [text[0, :2], text[5, 7:9], [text[0, 0], size - 1], [size - 1, size - 1]]
    for context in contexts:
        blocks = np.column_stack([np.tile(context, (size, 1)), np.arange(size)])
        third = np.exp(-ngram.token_losses(model, blocks)[:, 1])
        second = np.exp(-ngram.token_losses(model, blocks[:, 1:])[:, 0])
        assert third.min() > 0
        assert (third.sum(), second.sum()) == pytest.approx((1, 1), abs=1e-12)


def test_blocks_are_independent_whichever_array_they_come_in():
    fresh = source(20, seed=2)
    text = source(30, seed=1)
    whole = ngram.block_losses(ngram.fit([text], N_TOKENS), fresh)
    parts = [text[20:].astype(np.uint16), text[:20]]
    np.testing.assert_array_equal(whole, ngram.block_losses(ngram.fit(parts, N_TOKENS), fresh))
    joined = ngram.fit([text.reshape(15, -1)], N_TOKENS)  # with n-grams across the edges
    assert (whole != ngram.block_losses(joined, fresh)).any()


def test_loss_falls_to_the_entropy_of_the_source_as_text_grows():
    """The excess of a fit of k free probabilities to n tokens tends to χ²(k)/2n (Wilks 1938)."""
    fresh = source(2000, seed=3)
    assert agrees(z_of_mean(true_losses(fresh)[:, 1:].mean(axis=1), ENTROPY))
    excesses = [excess(source(n, seed=4), fresh) for n in (30, 300, 3000)]
    assert all(z_of_mean(values, 0) > 5 for values in excesses)
    means = [values.mean() for values in excesses]
    assert means[0] > means[1] > means[2]
    n_free = N_TOKENS**2 * (N_TOKENS - 1)
    law = n_free / (2 * 3000 * (LENGTH - 1))  # of LENGTH − 1 tokens, the second has almost none
    error = np.hypot(law * np.sqrt(2 / n_free), excesses[2].std(ddof=1) / np.sqrt(len(fresh)))
    assert agrees((means[2] - law) / error)


def test_loss_is_below_that_of_a_unigram():
    text, fresh = source(30, seed=4), source(500, seed=3)
    losses = ngram.block_losses(ngram.fit([text], N_TOKENS), fresh)
    assert z_of_mean(unigram_losses(text, fresh) - losses, 0) > 5


def test_control_shuffled_text_teaches_nothing_about_the_order():
    text, fresh = source(300, seed=4), source(500, seed=3)
    shuffled = np.random.default_rng(5).permutation(text.ravel()).reshape(text.shape)
    losses = excess(shuffled, fresh)
    assert z_of_mean(losses - excess(text, fresh), 0) > 5
    assert losses.mean() > np.log(N_TOKENS) - ENTROPY - 0.1


def test_the_default_discount_leaves_probability_for_unseen_tokens():
    model = ngram.fit([np.tile([0, 1, 0, 1], (5, 1))], 3)
    assert model.trigram.discount == ngram.DEFAULT_DISCOUNT
    assert np.isfinite(ngram.block_losses(model, [[0, 1, 2]])).all()


def test_blocks_of_two_tokens_have_no_trigram():
    model = ngram.fit([TEXT[:, :2]], 4)
    unigram = (2 - ngram.DEFAULT_DISCOUNT) / 2 + ngram.DEFAULT_DISCOUNT / 2 / 4  # p(1)
    expected = (2 - 1 / 3) / 2 + 1 / 3 / 2 * unigram  # p(1 | 0), of 01, 01, 31
    assert ngram.block_losses(model, [[0, 1]]) == pytest.approx(-np.log(expected), rel=1e-12)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "no block"),
        ([np.empty((0, 4), dtype=int)], "no block"),
        ([[[1], [2]]], r"got \(2, 1\)"),
        ([[[1, 4]]], "from 0 to 3, got 4"),
        ([[[1, -1]]], "from 0 to 3, got -1"),
    ],
)
def test_text_that_cannot_be_counted_is_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        ngram.fit(texts, 4)


def test_a_vocabulary_too_large_to_pack_is_refused():
    ngram.fit([TEXT], 2097151)
    with pytest.raises(ValueError, match="at most 2097151, got 2097152"):
        ngram.fit([TEXT], 2097152)
