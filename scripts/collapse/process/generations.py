"""The generational process: how the training data of each generation are mixed.

The terms are the same for every family. ``data(g)`` is what ``model(g)`` is trained on,
``samples(g)`` are drawn from ``model(g)``, and ``data(0)`` is real. A *regime* is a rule by which
``data(g)`` is mixed for g > 0. A *composition* lists the items of a mix by source and index, so
that the mix itself need not be stored.

References
----------
arXiv:2305.17493, section 3: p_{i+1} = α·p_θ(i+1) + β·p_i + γ·p_0.
"""

from dataclasses import dataclass

import numpy as np

REAL = "real"


@dataclass(frozen=True)
class Regime:
    """A rule for mixing the training data of a generation.

    Parameters
    ----------
    new, previous, real : float
        Shares of data(g) taken from samples(g−1), data(g−1) and data(0): α, β and γ in the
        paper. They sum to 1. Item i of data(g) is item i of one of these three data sets.
        Ignored if `accumulate` is true.
    accumulate : bool
        If true, data(g) is the union of samples(0) … samples(g−1), so that α = 1/g without data(0).
    keep_real : bool
        If true, an accumulated union includes data(0).
    subsample : bool
        If true, an accumulated union is reduced to as many items as data(0) has, drawn without
        replacement.
    size : float
        Number of items of data(g) as a share of those of data(0), at most 1. A smaller data(g) is
        a random part of what it would be otherwise. Only for regimes without `previous` and
        `accumulate`.

    Raises
    ------
    ValueError
        If the shares do not sum to 1, or if the regime cannot have another size.
    """

    new: float = 1.0
    previous: float = 0.0
    real: float = 0.0
    accumulate: bool = False
    keep_real: bool = True
    subsample: bool = False
    size: float = 1.0

    def __post_init__(self):
        if self.size != 1 and (self.accumulate or self.previous):
            raise ValueError("size must be 1 with accumulate or previous")
        if not self.accumulate and abs(self.new + self.previous + self.real - 1) > 1e-9:
            total = self.new + self.previous + self.real
            raise ValueError(f"the shares new + previous + real are {total:g}, but must sum to 1")


def sources(regime, generation):
    """List the data sets from which data(`generation`) may take items.

    Parameters
    ----------
    regime : Regime
    generation : int

    Returns
    -------
    list
        ``REAL`` for data(0), and a number g for samples(g). The source index of a composition
        refers to positions in this list.
    """
    if generation == 0:
        return [REAL]
    if regime.accumulate:
        return [REAL] * regime.keep_real + list(range(generation))
    if regime.previous:
        return [REAL, *range(generation)]
    return [REAL] * bool(regime.real) + [generation - 1] * bool(regime.new)


def composition(regime, generation, size, *, seed):
    """Choose the items of data(`generation`).

    Parameters
    ----------
    regime : Regime
    generation : int
    size : int
        Number of items in data(0) and in every samples(g): M in the paper.
    seed : int
        Seed of the chain. The random choice of each generation is derived from it.

    Returns
    -------
    source : ndarray of int, shape (n,)
        Position in ``sources(regime, generation)``.
    item : ndarray of int, shape (n,)
        Index of the item in that source. n is `size`, a part of it, or the number of accumulated
        items.
    """
    if regime.accumulate:
        return _accumulated(regime, generation, size, seed=seed)
    item = np.arange(size)
    source = np.zeros(size, dtype=int)
    if not regime.previous:
        rng = np.random.default_rng([seed, generation])
        if generation and regime.real and regime.new:
            source = np.where(_choose(size, regime.real, rng=rng), 0, 1)
        if generation and regime.size < 1:
            # with the same seed, the items that a regime with this share of real items takes
            item = np.flatnonzero(_choose(size, regime.size, rng=rng))
            source = source[item]
        return source, item
    for g in range(1, generation + 1):
        rng = np.random.default_rng([seed, g])
        from_new = _choose(size, regime.new, rng=rng)
        from_real = ~from_new & _choose_among(~from_new, regime.real, rng=rng)
        source = np.where(from_new, g, np.where(from_real, 0, source))
    return source, item


def _accumulated(regime, generation, size, *, seed):
    parts = len(sources(regime, generation))
    if regime.subsample and parts > 1:
        rng = np.random.default_rng([seed, generation])
        flat = rng.choice(parts * size, size, replace=False, shuffle=False)
    else:
        flat = np.arange(parts * size)
    return flat // size, flat % size


def _choose(size, share, *, rng):
    """Random mask of shape (size,) with round(share · size) places set."""
    return _choose_among(np.ones(size, dtype=bool), share, rng=rng)


def _choose_among(allowed, share, *, rng):
    """Random mask with round(share · len(allowed)) places set, all of them set in `allowed` too."""
    places = np.flatnonzero(allowed)
    count = min(round(share * allowed.size), places.size)
    mask = np.zeros(allowed.size, dtype=bool)
    mask[rng.choice(places, count, replace=False)] = True
    return mask


def assemble(arrays, source, item):
    """Gather the items of a composition.

    Parameters
    ----------
    arrays : list of ndarray, each of shape (size, ...)
        One for each entry of ``sources(regime, generation)``, in the same order.
    source, item : ndarray of int, shape (n,)
        From `composition`.

    Returns
    -------
    ndarray, shape (n, ...)
    """
    data = np.empty((len(item), *arrays[0].shape[1:]), dtype=arrays[0].dtype)
    for position, array in enumerate(arrays):
        chosen = source == position
        data[chosen] = array[item[chosen]]
    return data
