"""Discrete distributions: count the states in a sample, sample from the counts, count again.

data(0) is M draws from the true probabilities. model(g) is the share of each state in data(g), and
data(g + 1) is M draws from model(g). A state that one generation does not draw is lost for all
later ones, so that the chain is absorbed in a single state. In genetics this is Wright-Fisher
drift without mutation.

A batch of runs is two arrays of shape (runs, columns). `states` holds the numbers of the states
that are left in each run, `counts` how often each occurs among the M items. Rows are padded at the
front with columns whose count is 0.

References
----------
arXiv:2305.17493, section 4.1 and appendix A.1; Nature 631:755, "Discrete distributions with exact
approximation". Ewens, Mathematical Population Genetics (2004), chapter 3.
"""

import collections
import re

import numpy as np

from collapse.process import summaries


def probabilities(name, *, n_states, exponent, text):
    """True probabilities of a named distribution, in falling order.

    Parameters
    ----------
    name : {"uniform", "zipf", "corpus"}
    n_states : int
        Number of states of ``uniform`` and ``zipf``.
    exponent : float
        Exponent of Zipf's law: the state of rank r has a probability proportional to r^−exponent.
    text : str
        Text whose words are the states of ``corpus``; see `word_counts`.

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


def words(text):
    """Split a text into words: runs of letters, digits and underscores, in lower case."""
    return re.findall(r"\w+", text.lower())


def word_counts(text):
    """Count the words of a text, see `words`.

    Returns
    -------
    ndarray of int, shape (different words,)
        In falling order.
    """
    return np.sort([*collections.Counter(words(text)).values()])[::-1]


def is_rare(q, size):
    """Whether at most one item of a state is expected among M draws: q ≤ 1/M, up to rounding."""
    return q * size <= 1 + 1e-9


def classes(true, size):
    """Class of each state: those whose expected items M·q are within the same factor of 2.

    Returns
    -------
    ndarray of int, shape (states,)
        From 0, in rising order of M·q, without gaps.
    """
    with np.errstate(divide="ignore"):  # a probability of 0 has a class of its own
        exponent = np.floor(np.log2(true * size) + 1e-9)
    return np.unique(exponent, return_inverse=True)[1]


def start(true, size, n_runs, *, rng):
    """Draw data(0) of every run, counted by state.

    Parameters
    ----------
    true : ndarray, shape (states,)
        Probabilities.
    size, n_runs : int
    rng : numpy.random.Generator

    Returns
    -------
    states, counts : ndarray of int, shape (runs, columns)
    """
    drawn = np.sort(rng.choice(len(true), (n_runs, size), p=true), axis=1)
    first = np.diff(drawn, axis=1, prepend=-1) > 0  # first item of its state in the run
    column = first.cumsum(axis=1) - 1
    states, counts = np.zeros((2, n_runs, size), dtype=int)
    row = np.arange(n_runs)[:, None]
    states[row, column] = drawn
    np.add.at(counts, (row, column), 1)
    return _tidy(states, counts)


def resample(states, counts, *, rng):
    """Draw the next generation's data from the shares of this generation.

    Parameters
    ----------
    states, counts : ndarray of int, shape (runs, columns)
        This generation's data.
    rng : numpy.random.Generator

    Returns
    -------
    states, counts : ndarray of int, shape (runs, columns)
        At most as many columns as before.
    """
    size = counts[0].sum()
    # `multinomial` gives the rounding error of the shares to the last column, which is never empty
    return _tidy(states, rng.multinomial(size, counts / size))


def _tidy(states, counts):
    """Sort each row by count, the most common state last, and drop columns that no run uses."""
    order = np.argsort(counts, axis=1, kind="stable")[:, -(counts > 0).sum(axis=1).max() :]
    return np.take_along_axis(states, order, 1), np.take_along_axis(counts, order, 1)


def chain(true, size, n_runs, last_generation, *, rng):
    """Run chains from data(0) on and record how many states are left.

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
        generation : shape (shown,). Recorded generations, evenly spaced on a logarithmic scale.
        rare, common : shape (runs, shown). Numbers of states left with q ≤ 1/M and with q > 1/M.
        present, present_sd : shape (shown, classes). Number of states left of each of `classes`:
        mean and standard deviation over runs.
        heterozygosity : shape (runs, shown). 1 minus the sum of squared shares.
        absorbed_at : shape (runs,). First generation with a single state, or −1.
        absorbed_in : shape (runs,). That state, or −1.
    """
    shown = summaries.spaced_generations(last_generation)
    rarity, of_class = is_rare(true, size), classes(true, size)
    rare, common, heterozygosity = np.zeros((3, n_runs, len(shown)))
    present, present_sd = np.zeros((2, len(shown), of_class.max() + 1))
    absorbed_at = np.full(n_runs, -1)
    states, counts = start(true, size, n_runs, rng=rng)
    for generation in range(last_generation + 1):
        if generation and counts.shape[1] > 1:  # nothing changes after all runs are absorbed
            states, counts = resample(states, counts, rng=rng)
        absorbed_at[(counts[:, -1] == size) & (absorbed_at < 0)] = generation
        position = np.searchsorted(shown, generation)
        if shown[position] == generation:
            left = counts > 0
            rare[:, position] = (left & rarity[states]).sum(axis=1)
            common[:, position] = (left & ~rarity[states]).sum(axis=1)
            numbers = _by_class(of_class[states], left, present.shape[1])
            present[position], present_sd[position] = numbers.mean(axis=0), numbers.std(axis=0)
            heterozygosity[:, position] = 1 - ((counts / size) ** 2).sum(axis=1)
    return {
        "generation": shown,
        "rare": rare,
        "common": common,
        "present": present,
        "present_sd": present_sd,
        "heterozygosity": heterozygosity,
        "absorbed_at": absorbed_at,
        "absorbed_in": np.where(absorbed_at < 0, -1, states[:, -1]),
    }


def _by_class(of_class, left, n_classes):
    """Number of states left of each class, shape (runs, n_classes)."""
    n_runs = len(left)
    place = np.arange(n_runs)[:, None] * n_classes + of_class
    counted = np.bincount(place[left], minlength=n_runs * n_classes)
    return counted.reshape(n_runs, n_classes)
