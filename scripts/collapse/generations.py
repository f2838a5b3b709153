"""The generational process: what a generation's model is trained on, for every family alike.

Terms, used everywhere: ``data(g)`` is what ``model(g)`` is trained on; ``samples(g)`` are drawn
from ``model(g)``; ``data(0)`` is real. A *regime* says how ``data(g)`` is mixed for g > 0.
Data sets are never copied to be mixed: a *composition* names their items by source and index.

References
----------
arXiv:2305.17493, section 3: p_{i+1} = α·p_θ(i+1) + β·p_i + γ·p_0.
"""

from dataclasses import dataclass

import numpy as np

REAL = "real"


@dataclass(frozen=True)
class Regime:
    """A choice of mix.

    Parameters
    ----------
    new, previous, real : float
        Shares of data(g) that come from samples(g−1), data(g−1) and data(0) (α, β, γ in the
        paper); they sum to 1. Item i of data(g) is item i of one of these three. Without meaning
        where `accumulate` is set.
    accumulate : bool
        data(g) is the union of samples(0) … samples(g−1) (so α = 1/g without data(0)).
    keep_real : bool
        With `accumulate`: data(0) is in the union too.
    subsample : bool
        With `accumulate`: train on as many items as data(0) has, drawn without replacement.
    """

    new: float = 1.0
    previous: float = 0.0
    real: float = 0.0
    accumulate: bool = False
    keep_real: bool = True
    subsample: bool = False

    def __post_init__(self):
        if not self.accumulate and abs(self.new + self.previous + self.real - 1) > 1e-9:
            total = self.new + self.previous + self.real
            raise ValueError(f"the shares new + previous + real are {total:g}, but must sum to 1")


def sources(regime, generation):
    """Whose items data(`generation`) may hold.

    Returns
    -------
    list
        ``REAL`` and generation numbers, in the order a composition's source index refers to.
    """
    if generation == 0:
        return [REAL]
    if regime.accumulate:
        return [REAL] * regime.keep_real + list(range(generation))
    if regime.previous:
        return [REAL, *range(generation)]
    return [REAL] * bool(regime.real) + [generation - 1]


def composition(regime, generation, size, *, seed):
    """The items of the training set of model(`generation`).

    Parameters
    ----------
    regime : Regime
    generation : int
    size : int
        Items in data(0) and in every samples(g) (M in the paper).
    seed : int
        Seed of the chain; the draw of each generation is derived from it.

    Returns
    -------
    source : ndarray of int, shape (n,)
        Position in ``sources(regime, generation)``.
    item : ndarray of int, shape (n,)
        Index into that source's items. n = `size`, or all accumulated items.
    """
    if regime.accumulate:
        return _accumulated(regime, generation, size, seed=seed)
    item = np.arange(size)
    source = np.zeros(size, dtype=int)
    if not regime.previous:
        if generation and regime.real:
            rng = np.random.default_rng([seed, generation])
            source = np.where(_choose(size, regime.real, rng=rng), 0, 1)
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
    """Mask of `size` items, round(share · size) of them set, at random places."""
    return _choose_among(np.ones(size, dtype=bool), share, rng=rng)


def _choose_among(allowed, share, *, rng):
    """Mask over `allowed`'s places with round(share · its length) set, all where it is set."""
    places = np.flatnonzero(allowed)
    count = min(round(share * allowed.size), places.size)
    mask = np.zeros(allowed.size, dtype=bool)
    mask[rng.choice(places, count, replace=False)] = True
    return mask


def assemble(arrays, source, item):
    """Gather a composition's items.

    Parameters
    ----------
    arrays : list of ndarray, each of shape (size, ...)
        One per entry of ``sources``, in its order.
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


def previous(generation, generations_per_job=1):
    """Last generation of the job before the one that ends with `generation` ≥ 1."""
    return (generation - 1) // generations_per_job * generations_per_job
