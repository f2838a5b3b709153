"""How finite samples cut the tails of a histogram: bins of probability below 1/M are lost first.

References
----------
arXiv:2305.17493, figure 3: a mixture of two normal distributions and one with fatter tails look
alike after the bins that M samples are expected to miss are removed.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from collapse import theory
from collapse.discrete import discrete
from collapse.process import summaries


def edges(limit, bin_width):
    """Edges of bins of equal width from −limit to limit: an array of shape (bins + 1,)."""
    return np.linspace(-limit, limit, round(2 * limit / bin_width) + 1)


def bin_probabilities(edges, *, mean, std, tail_share, tail_std):
    """Exact bin probabilities of a mixture of two normal distributions, with a broad third one.

    Parameters
    ----------
    edges : ndarray, shape (bins + 1,)
    mean, std : float
        The mixture is N(mean, std²) and N(−mean, std²) in equal parts.
    tail_share, tail_std : float
        Share and standard deviation of a third component N(0, tail_std²), which makes the tails
        fatter.

    Returns
    -------
    ndarray, shape (bins + 1,)
        The last value is the probability outside all bins, so that the sum is 1.
    """
    parts = [(1 - tail_share, mean, std), (1 - tail_share, -mean, std)]
    parts += 2 * [(tail_share, 0, tail_std)]
    below = sum(share / 2 * ndtr((edges - centre) / width) for share, centre, width in parts)
    inside = np.diff(below)
    return np.append(inside, 1 - inside.sum())


def resampled(true, size, n_runs, generations, *, rng):
    """Count items in bins after some generations of resampling.

    Parameters
    ----------
    true : ndarray, shape (bins + 1,)
        From `bin_probabilities`.
    size : int
        Samples per generation: M.
    n_runs : int
    generations : sequence of int, shape (n,)
        In ascending order.
    rng : numpy.random.Generator

    Returns
    -------
    counts : ndarray of int, shape (n, bins + 1)
        Items in each bin in run 0.
    empty : ndarray of int, shape (n, bins + 1)
        Runs in which each bin is empty.
    """
    counts_of_first, empty = [], []
    states, counts = discrete.start(true, size, n_runs, rng=rng)
    for generation in range(generations[-1] + 1):
        if generation:
            states, counts = discrete.resample(states, counts, rng=rng)
        if generation in generations:
            items = np.zeros((n_runs, len(true)), dtype=int)
            np.add.at(items, (np.arange(n_runs)[:, None], states), counts)
            counts_of_first.append(items[0])
            empty.append((items == 0).sum(axis=0))
    return np.array(counts_of_first), np.array(empty)


def lost(true, size, n_runs, generations, counts, empty):
    """Tabulate which bins are empty, against the exact expectation.

    Parameters
    ----------
    true, size, n_runs, generations
        As given to `resampled`.
    counts, empty : ndarray of int, shape (n, bins + 1)
        From `resampled`.

    Returns
    -------
    DataFrame
        One row per generation and bin: its probability; the number of items in run 0 (count); the
        share of runs in which it is empty (lost), with its 95 % Clopper-Pearson interval (suffixes
        _low and _high) and its exact expectation (_theory).
    """
    tables, law = [], theory.extinct(true, generations, size)
    for place, generation in enumerate(generations):
        ends = summaries.proportion(empty[place], n_runs)
        table = {"generation": generation, "probability": true, "count": counts[place]}
        table |= dict(zip(("lost", "lost_low", "lost_high"), ends, strict=True))
        table["lost_theory"] = law[:, place]
        tables.append(pd.DataFrame(table)[:-1])
    return pd.concat(tables)
