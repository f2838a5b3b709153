"""What is lost and what repeats in generated text: counts of tokens and of their n-grams.

References
----------
Li et al. 2016, arXiv:1510.03055 (distinct-n); Welleck et al. 2020, arXiv:1908.04319 (repetition
within a continuation).
"""

import numpy as np


def repeated_share(blocks, n):
    """Share of a block's n-grams that stand in it before, mean over blocks.

    Parameters
    ----------
    blocks : ndarray of int, shape (blocks, length)
    n : int
        Tokens per n-gram, at most `length`.
    """
    return float(np.mean([1 - len(set(row)) / len(row) for row in _grams(blocks, n).tolist()]))


def distinct(blocks, n):
    """Distinct-n: different n-grams of all blocks together, per n-gram."""
    grams = _grams(blocks, n)
    return np.unique(grams).size / grams.size


def types(blocks):
    """The different tokens of a set of blocks, sorted."""
    return np.unique(blocks)


def coverage(blocks, wanted):
    """Share of the types `wanted` that still occur in `blocks`."""
    return float(np.isin(wanted, blocks).mean())


def rare_types(blocks, share=0.1):
    """The tail: the rarest types that together make up at most `share` of all tokens."""
    found, counts = np.unique(blocks, return_counts=True)
    order = np.argsort(counts, kind="stable")
    return np.sort(found[order[np.cumsum(counts[order]) <= share * counts.sum()]])


def summary(blocks, real):
    """All statistics of `blocks`, those of vocabulary against `real`.

    Returns
    -------
    dict of str to float
    """
    blocks = np.asarray(blocks, dtype=np.int64)
    values = {f"repeated_{n}gram_share": repeated_share(blocks, n) for n in (2, 3, 4)}
    values |= {f"distinct_{n}": distinct(blocks, n) for n in (1, 2, 3)}
    values["vocabulary_coverage"] = coverage(blocks, types(real))
    values["tail_coverage"] = coverage(blocks, rare_types(real))
    return values


def _grams(blocks, n):
    """Every n-gram as one number, shape (blocks, length - n + 1)."""
    grams = blocks[:, : blocks.shape[1] - n + 1]
    for shift in range(1, n):
        # numbered anew at each step, so that no power of the vocabulary overflows
        longer = blocks[:, shift : blocks.shape[1] - n + 1 + shift]
        pairs = grams.astype(np.int64) * (int(blocks.max()) + 1) + longer
        grams = np.unique(pairs, return_inverse=True)[1].reshape(pairs.shape)
    return grams
