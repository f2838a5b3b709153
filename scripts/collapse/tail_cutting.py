"""What a finite sample leaves of a histogram's tails: bins of probability below 1/M go first.

References
----------
arXiv:2305.17493, figure 3: a mixture of two normal distributions and one with fatter tails look
alike once the bins that M samples are expected to miss are gone.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtr

from collapse import discrete, summaries, theory


def edges(limit, bin_width):
    """Edges of equal bins from −limit to limit."""
    return np.linspace(-limit, limit, round(2 * limit / bin_width) + 1)


def bin_probabilities(edges, *, mean, std, tail_share, tail_std):
    """Exact bin probabilities of N(±mean, std²) in equal parts, with a broad normal mixed in.

    Parameters
    ----------
    edges : ndarray, shape (bins + 1,)
    mean, std : float
    tail_share, tail_std : float
        (1 − tail_share) of the mixture and tail_share of N(0, tail_std²): fatter tails.

    Returns
    -------
    ndarray, shape (bins + 1,)
        Sums to 1: the last value is of all that lies outside the bins.
    """
    parts = [(1 - tail_share, mean, std), (1 - tail_share, -mean, std)]
    parts += 2 * [(tail_share, 0, tail_std)]
    below = sum(share / 2 * ndtr((edges - centre) / width) for share, centre, width in parts)
    inside = np.diff(below)
    return np.append(inside, 1 - inside.sum())


def lost(true, size, n_runs, generations, *, rng):
    """Which bins are empty after some generations of M samples, each of the one before.

    Parameters
    ----------
    true : ndarray, shape (bins + 1,)
        From `bin_probabilities`.
    size, n_runs : int
    generations : sequence of int

    Returns
    -------
    DataFrame
        One row per generation and bin: its probability, its items in run 0 (count), the share of
        runs in which it is empty (lost), the 95 % confidence interval of that (Clopper-Pearson)
        and the exact probability (theory).
    """
    generations = sorted(generations)
    tables, law = [], theory.extinct(true, generations, size)
    states, counts = discrete.start(true, size, n_runs, rng=rng)
    for generation in range(generations[-1] + 1):
        if generation:
            states, counts = discrete.resample(states, counts, rng=rng)
        if generation in generations:
            items = np.zeros((n_runs, len(true)), dtype=int)
            np.add.at(items, (np.arange(n_runs)[:, None], states), counts)
            ends = summaries.proportion((items == 0).sum(axis=0), n_runs)
            table = {"generation": generation, "probability": true, "count": items[0]}
            table |= dict(zip(("lost", "lost_low", "lost_high"), ends, strict=True))
            table["lost_theory"] = law[:, len(tables)]
            tables.append(pd.DataFrame(table)[:-1])
    return pd.concat(tables)
