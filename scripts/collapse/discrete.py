"""Discrete distributions: count the states in a sample, sample from the counts, count again.

data(0) is M draws from the true probabilities; model(g) is the share of each state in data(g), and
data(g + 1) is M draws from it. What a generation does not draw, no later one can: the chain ends
in a single state. In genetics this is Wright-Fisher drift without mutation.

A batch of runs is held as two arrays of shape (runs, columns): `states`, numbers of the states
that are left in a run, and `counts`, how often each is among the M items. Columns without items,
at the front of a row, only fill it up.

References
----------
arXiv:2305.17493, section 4.1 and appendix A.1; Nature 631:755, "Discrete distributions with exact
approximation". Ewens, Mathematical Population Genetics (2004), chapter 3.
"""

import collections
import re

import numpy as np

from collapse import summaries


def probabilities(name, *, n_states, exponent, text):
    """True probabilities of the named distribution, in falling order.

    Parameters
    ----------
    name : {"uniform", "zipf", "corpus"}
    n_states : int
        Of the first two.
    exponent : float
        Of Zipf's law: the state of rank r has a probability proportional to r^−exponent.
    text : str
        Whose words are the states of the third; see `word_counts`.

    Returns
    -------
    ndarray, shape (states,)
    """
    weights = {
        "uniform": lambda: np.ones(n_states),
        "zipf": lambda: np.arange(1, n_states + 1) ** -float(exponent),
        "corpus": lambda: word_counts(text),
    }[name]()
    return weights / weights.sum()


def word_counts(text):
    """How often each word occurs in a text, in falling order; a word is a run of letters, digits
    and underscores, in lower case."""
    return np.sort([*collections.Counter(re.findall(r"\w+", text.lower())).values()])[::-1]


def is_rare(q, size):
    """Whether a state is expected among M draws at most once: q ≤ 1/M, but for rounding."""
    return q * size <= 1 + 1e-9


def start(true, size, n_runs, *, rng):
    """data(0) of every run: `size` draws from the probabilities `true`, counted by state."""
    drawn = np.sort(rng.choice(len(true), (n_runs, size), p=true), axis=1)
    first = np.diff(drawn, axis=1, prepend=-1) > 0  # of its state in the run
    column = first.cumsum(axis=1) - 1
    states, counts = np.zeros((2, n_runs, size), dtype=int)
    row = np.arange(n_runs)[:, None]
    states[row, column] = drawn
    np.add.at(counts, (row, column), 1)
    return _tidy(states, counts)


def resample(states, counts, *, rng):
    """The next generation's data: as many draws as this one has items, from its shares."""
    size = counts[0].sum()
    # what rounding leaves over goes to the last column, which `_tidy` keeps in use
    return _tidy(states, rng.multinomial(size, counts / size))


def _tidy(states, counts):
    """Each row sorted by count, the commonest state last, without columns that no run uses."""
    order = np.argsort(counts, axis=1, kind="stable")[:, -(counts > 0).sum(axis=1).max() :]
    return np.take_along_axis(states, order, 1), np.take_along_axis(counts, order, 1)


def chain(true, size, n_runs, last_generation, *, rng):
    """Follow runs from data(0) on.

    Parameters
    ----------
    true : ndarray, shape (states,)
        Probabilities.
    size : int
        Items per generation (M in the paper).
    n_runs, last_generation : int
    rng : numpy.random.Generator

    Returns
    -------
    dict of ndarray
        generation : shape (shown,), those that the next three show, evenly on a log scale.
        rare, common : shape (runs, shown), states left with a probability q ≤ 1/M, and above.
        heterozygosity : shape (runs, shown), 1 − Σ of squared shares.
        absorbed_at : shape (runs,), first generation with one state only; −1 where there is none.
        absorbed_in : shape (runs,), that state; −1 where there is none.
    """
    shown = summaries.spaced_generations(last_generation)
    rarity = is_rare(true, size)
    rare, common, heterozygosity = np.zeros((3, n_runs, len(shown)))
    absorbed_at = np.full(n_runs, -1)
    states, counts = start(true, size, n_runs, rng=rng)
    for generation in range(last_generation + 1):
        if generation and counts.shape[1] > 1:  # once all runs are absorbed, nothing changes
            states, counts = resample(states, counts, rng=rng)
        absorbed_at[(counts[:, -1] == size) & (absorbed_at < 0)] = generation
        position = np.searchsorted(shown, generation)
        if shown[position] == generation:
            left = counts > 0
            rare[:, position] = (left & rarity[states]).sum(axis=1)
            common[:, position] = (left & ~rarity[states]).sum(axis=1)
            heterozygosity[:, position] = 1 - ((counts / size) ** 2).sum(axis=1)
    return {
        "generation": shown,
        "rare": rare,
        "common": common,
        "heterozygosity": heterozygosity,
        "absorbed_at": absorbed_at,
        "absorbed_in": np.where(absorbed_at < 0, -1, states[:, -1]),
    }
