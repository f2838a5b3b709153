"""n-gram models with exact counts: count the n-grams of a text, draw a text from them, count again.

A text is a ring: its first word follows its last. Every context of n − 1 words then has a word that
follows it, so that no smoothing is needed to draw text, and a drawn n-gram is one that was counted.
At temperature 1, the expected number of each n-gram is the same in every generation, and only
chance changes it (drift). A lower temperature also prefers what is frequent (selection). The model
of order 1 draws words independently: it is the discrete chain of `collapse.discrete`.

Words are numbers from 0 to V − 1. An n-gram, or a context, is one integer, whose digits in base V
are its words.

References
----------
Shannon 1948, Bell System Technical Journal 27:379-423 (n-gram models, the entropy of text).
arXiv:2604.08554 (drift and selection of n-gram agents that learn from their own text). It selects
among finished texts; here selection is part of drawing them.
"""

from bisect import bisect_right
from typing import NamedTuple

import numpy as np
from scipy.special import entr

from collapse import theory
from collapse.errors import UserError
from collapse.process import chains

QUANTITIES = ("n_grams", "entropy", "survived")
LARGEST_LAW = 3000  # words per generation; the exact law works on matrices of this size


class Model(NamedTuple):
    """A fitted model, see `fit`.

    Parameters
    ----------
    order : int
        n.
    vocabulary : int
        Number of words V.
    grams : ndarray of int64, shape (n_grams,)
        Different n-grams, rising.
    counts : ndarray of int64, shape (n_grams,)
        At least 1.
    """

    order: int
    vocabulary: int
    grams: np.ndarray
    counts: np.ndarray


def passage(words, size, *, run, corpus):
    """The real text of one run, and the number of different words in it.

    Parameters
    ----------
    words : list of str
        Words of the corpus.
    size : int
        Words of each passage. Passages of different runs do not overlap.
    run : int
        Number of the run, counted from 0.
    corpus : str
        Name of the corpus, for the message.

    Returns
    -------
    text : ndarray of int64, shape (size,)
        Words as numbers.
    vocabulary : int

    Raises
    ------
    UserError
        If the corpus is too short for this run and those before it.
    """
    end = size * (run + 1)
    if len(words) < end:
        raise UserError(
            f"{corpus} has {len(words):,} words, but {run + 1} runs of {size:,} need {end:,}: "
            "lower ngram.sizes or ngram.runs, or use a larger corpus."
        )
    names, text = np.unique(words[end - size : end], return_inverse=True)
    return text, len(names)


def fit(text, order, vocabulary):
    """Count the n-grams of a text, which is read as a ring.

    Parameters
    ----------
    text : ndarray of int64, shape (...)
        Numbers below `vocabulary`, row by row.
    order : int
        n.
    vocabulary : int
        V; Vⁿ must fit in 64 bits.

    Returns
    -------
    Model
    """
    text = text.ravel()
    grams = text
    for shift in range(1, order):
        grams = grams * vocabulary + np.roll(text, -shift)
    return Model(order, vocabulary, *np.unique(grams, return_counts=True))


def draw(model, size, *, temperature, rng):
    """Draw a text: a walk over contexts that starts at a context drawn by its count.

    Parameters
    ----------
    model : Model
    size : int
        Words to draw.
    temperature : float
        A word of count c after a context has a probability proportional to c^(1/temperature).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int64, shape (size,)
    """
    contexts, first, of_gram = _contexts(model)
    end = np.append(first[1:], len(model.grams))
    most = np.maximum.reduceat(model.counts, first)[of_gram]  # or powers of counts would overflow
    mass = np.append(0, np.cumsum((model.counts / most) ** (1 / temperature)))
    tables = (first, end, mass[first], mass[end] - mass[first])
    following = np.searchsorted(contexts, model.grams % model.vocabulary ** (model.order - 1))
    start = rng.choice(following, p=model.counts / model.counts.sum())
    walked = _walk(start, following, mass, tables, rng.random(size))
    return model.grams[walked] % model.vocabulary


def _contexts(model):
    """Different contexts, the position of the first n-gram of each, and the context of each n-gram.

    All contexts are numbered by their rank.
    """
    contexts = model.grams // model.vocabulary
    return np.unique(contexts, return_index=True, return_inverse=True)


def _walk(context, following, mass, tables, uniform):
    """Positions of the n-grams that a walk passes, one for each number of `uniform`."""
    following, mass, uniform = following.tolist(), mass.tolist(), uniform.tolist()
    first, end, low, span = (table.tolist() for table in tables)
    walked = []
    for u in uniform:
        at = low[context] + u * span[context]
        gram = bisect_right(mass, at, first[context] + 1, end[context]) - 1
        walked.append(gram)
        context = following[gram]
    return walked


def entropy(model):
    """Entropy of a word given the n − 1 words before it, in nats: that of the text's own counts."""
    of_gram = _contexts(model)[2]
    share = model.counts / np.bincount(of_gram, model.counts)[of_gram]
    return -(model.counts @ np.log(share)) / model.counts.sum()


def survived(model, real):
    """Share of the n-grams of the model `real` that `model` still has."""
    return np.isin(real.grams, model.grams, assume_unique=True).mean()


def measure(regime, blocks, last_generation, *, order, temperature, vocabulary, seed):
    """Follow the chain of one run.

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
    blocks : ndarray of int64, shape (n_blocks, length)
        data(0): text cut into blocks, the items that the regime mixes.
    last_generation, order, temperature, vocabulary, seed
        See `fit`, `draw` and `collapse.process.chains.measure`.

    Returns
    -------
    ndarray, shape (last_generation + 1, 3)
        The `QUANTITIES` of model(0), model(1), …: number of different n-grams; entropy in nats per
        word; share of the n-grams of data(0) that are left.
    """
    real = fit(blocks, order, vocabulary)

    def drawn(model, n_blocks, rng):
        text = draw(model, n_blocks * blocks.shape[1], temperature=temperature, rng=rng)
        return text.reshape(n_blocks, -1)

    return chains.measure(
        *(regime, blocks[None], last_generation),
        fit=lambda data: fit(data, order, vocabulary),
        draw=drawn,
        quantity=lambda model: (len(model.grams), entropy(model), survived(model, real)),
        seed=seed,
    )[0]


def expected_survival(counts, last_generation):
    """Expected share of the words of data(0) that drift leaves, order 1 without real data.

    Parameters
    ----------
    counts : ndarray of int, shape (words,)
        Of the words in data(0).
    last_generation : int

    Returns
    -------
    ndarray, shape (last_generation + 1,)
        Exact; NaN if data(0) has more than `LARGEST_LAW` words.
    """
    size = counts.sum()
    if size > LARGEST_LAW:
        return np.full(last_generation + 1, np.nan)
    count, words = np.unique(counts, return_counts=True)
    lost = theory.extinct(count / size, np.arange(last_generation), size)
    return np.append(1, 1 - words @ lost / words.sum())


def sharpened_entropy(counts, temperature, last_generation):
    """Entropy of model(0), model(1), … in an infinite corpus, order 1 without real data.

    Drawing from shares p leaves shares proportional to p^(1/temperature).

    Parameters
    ----------
    counts : ndarray of int, shape (words,)
        Proportional to the shares of generation 0.
    temperature : float
    last_generation : int

    Returns
    -------
    ndarray, shape (last_generation + 1,)
        In nats.
    """
    logs, entropies = np.log(counts / counts.max()), []
    for _ in range(last_generation + 1):
        shares = np.exp(logs) / np.exp(logs).sum()
        entropies.append(entr(shares).sum())
        logs = logs / temperature
    return np.array(entropies)
