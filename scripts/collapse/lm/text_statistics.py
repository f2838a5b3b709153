"""Repetition and lost vocabulary in generated text, by counts of tokens and n-grams.

References
----------
Li et al. 2016, arXiv:1510.03055 (distinct-n); Welleck et al. 2020, arXiv:1908.04319 (repetition
within a continuation).
"""

import numpy as np

TAIL = 0.1  # share of all tokens that the rare types make up


def repeated_shares(blocks, n):
    """Share of each block's n-grams that occur earlier in the block.

    Parameters
    ----------
    blocks : ndarray of int, shape (blocks, length)
    n : int
        Tokens per n-gram, at most `length`.

    Returns
    -------
    ndarray, shape (blocks,)
    """
    return np.array([1 - len(set(row)) / len(row) for row in _grams(blocks, n).tolist()])


def distinct(blocks, n):
    """Distinct-n: number of different n-grams in all blocks, divided by the number of n-grams.

    Parameters
    ----------
    blocks : ndarray of int, shape (blocks, length)
    n : int
        Tokens per n-gram, at most `length`.

    Returns
    -------
    float
    """
    grams = _grams(blocks, n)
    return np.unique(grams).size / grams.size


def types(blocks):
    """Types, that is different tokens, of a set of blocks: a sorted array."""
    return np.unique(blocks)


def coverage(blocks, wanted):
    """Share of the types `wanted` that occur in `blocks`."""
    return float(np.isin(wanted, blocks).mean())


def rare_types(blocks):
    """The rarest types, which together make up at most 10 % of all tokens: a sorted array."""
    found, counts = np.unique(blocks, return_counts=True)
    order = np.argsort(counts, kind="stable")
    return np.sort(found[order[np.cumsum(counts[order]) <= TAIL * counts.sum()]])


def summary(blocks, real):
    """Compute all statistics of a set of blocks.

    Parameters
    ----------
    blocks : ndarray of int, shape (blocks, length)
    real : ndarray of int, shape (blocks, length)
        Real text, whose vocabulary is the reference for coverage.

    Returns
    -------
    dict of str to float
        repeated_{2,3,4}gram_share, distinct_{1,2,3}, vocabulary_coverage, tail_coverage.
    """
    blocks = np.asarray(blocks, dtype=np.int64)
    values = {
        f"repeated_{n}gram_share": float(repeated_shares(blocks, n).mean()) for n in (2, 3, 4)
    }
    values |= {f"distinct_{n}": distinct(blocks, n) for n in (1, 2, 3)}
    values["vocabulary_coverage"] = coverage(blocks, types(real))
    values["tail_coverage"] = coverage(blocks, rare_types(real))
    return values


def _grams(blocks, n):
    """Number the different n-grams; return the number of each, shape (blocks, length − n + 1)."""
    grams = blocks[:, : blocks.shape[1] - n + 1]
    for shift in range(1, n):
        # new numbers in each step, because powers of the vocabulary's size would overflow
        longer = blocks[:, shift : blocks.shape[1] - n + 1 + shift]
        pairs = grams.astype(np.int64) * (int(blocks.max()) + 1) + longer
        grams = np.unique(pairs, return_inverse=True)[1].reshape(pairs.shape)
    return grams
