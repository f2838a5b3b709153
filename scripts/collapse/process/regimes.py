"""Regimes with every key of the configuration, and the data that they mix for one run.

`collapse.process.generations` chooses the items of data(g), for every family. What is added here
serves the families that run in one process: real items that are fresh or from a fixed pool, biased
sampling, weights of real items in the fit, and a verifier.

References
----------
A fresh share: Bertrand et al., arXiv:2310.00429; Alemohammad et al., arXiv:2307.01850. Weights: He
et al., arXiv:2502.18049. A verifier: Feng et al., arXiv:2406.07515; Yi et al., arXiv:2510.16657.
"""

from dataclasses import dataclass

import numpy as np

from collapse.process import generations

SUPPLY = 2  # last number of the seeds of real items; other generators end with another one


@dataclass(frozen=True)
class FullRegime(generations.Regime):
    """A regime with all keys; the neural families know only those of `generations.Regime`.

    Parameters
    ----------
    fresh : bool
        If true, the real items of each generation are new draws from the truth. With `accumulate`,
        each generation then adds as many items as data(0) has: shares `new` and `real` of them.
    pool : int or None
        Real items that exist in all: the first `pool` of data(0), or data(0) and new ones. Each
        generation takes its real items from them without replacement. None means those of data(0),
        each at its own place. Generation 0 is trained on data(0) in any case.
    weight : float
        Weight of a real item in the fit; a sample has weight 1.
    bias : float
        Variance of a draw from a model as a share of the model's: τ². The draw is moved towards the
        model's mean by the factor τ. For a distribution over states, which has no mean,
        probabilities are raised to the power 1/τ²: for a normal distribution both are the same.
    verifier_keeps : float
        Share of the draws that a verifier keeps as samples: those that the truth makes most likely.
    verifier_shift : float
        Distance of what the verifier takes for the truth from the truth, in true standard
        deviations.

    Raises
    ------
    ValueError
        If keys contradict each other; the message names them.
    """

    fresh: bool = False
    pool: int | None = None
    weight: float = 1.0
    bias: float = 1.0
    verifier_keeps: float = 1.0
    verifier_shift: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        for line in contradictions(self):
            raise ValueError(line)


def contradictions(regime):
    """Lines on keys of a regime that contradict each other; each starts with a key.

    Parameters
    ----------
    regime : FullRegime or object with the same attributes
    """
    supplied = regime.fresh or regime.pool is not None
    if regime.fresh and regime.pool is not None:
        yield "fresh is true, but pool names a fixed pool of real items: drop one of them."
    if regime.pool is not None and regime.accumulate:
        yield "pool has no meaning with accumulate, which keeps all real items: drop it."
    elif supplied and not regime.real:
        name = "fresh" if regime.fresh else "pool"
        yield f"{name} needs real items: give a share real, or drop it."
    if supplied and regime.size != 1:
        yield f"size is {regime.size:g}, but must be 1 with fresh or pool: drop it."
    if regime.accumulate and regime.fresh:
        total = regime.new + regime.real
        if regime.previous or abs(total - 1) > 1e-9:
            yield (
                f"new + real is {total:g} and previous {regime.previous:g}, but of the items that "
                "a generation adds the shares new and real must sum to 1: change them."
            )
    if regime.weight != 1 and not (regime.real or (regime.accumulate and regime.keep_real)):
        yield f"weight is {regime.weight:g}, but there are no real items: drop it."
    if regime.verifier_shift and regime.verifier_keeps == 1:
        yield "verifier_shift has a meaning only with verifier_keeps below 1: drop it."


def added(regime, size):
    """Numbers of samples and of real items that each generation after the first one adds.

    Parameters
    ----------
    regime : FullRegime
    size : int
        Items of data(0).

    Returns
    -------
    new, real : int
    """
    if regime.accumulate and not regime.fresh:
        return size, 0
    real = round(regime.real * size)
    new = round(regime.new * size) if regime.previous else size - real
    return new, min(real, size - new)


def checked_pool(regime, size):
    """The size of the fixed pool, None if there is none.

    Raises
    ------
    ValueError
        If a generation takes more real items than there are.
    """
    real = added(regime, size)[1]
    if regime.pool is not None and regime.pool < real:
        raise ValueError(
            f"pool has {regime.pool} real items, of which each generation takes {real}: raise it"
        )
    return regime.pool


def samples(regime, model, size, *, draw, rng, centre=None, rating=None):
    """Draw samples(g) as a regime says: with its bias, and as its verifier rates them.

    Parameters
    ----------
    regime : FullRegime
    model : object
    size : int
    draw : callable
        ``draw(model, n, rng)`` returns n independent draws, shape (n, ...).
    rng : numpy.random.Generator
    centre : callable
        ``centre(model)`` returns the mean of a draw. Only needed with a bias.
    rating : callable
        ``rating(items, shift)`` returns how much the verifier likes each item, shape (n,). Only
        needed with a verifier.

    Returns
    -------
    ndarray, shape (size, ...)
        In the order in which they were drawn.
    """
    items = draw(model, round(size / regime.verifier_keeps), rng)
    if regime.bias != 1:
        middle = centre(model)
        items = middle + np.sqrt(regime.bias) * (items - middle)
    if regime.verifier_keeps < 1:
        best = np.argpartition(-rating(items, regime.verifier_shift), size - 1)[:size]
        items = items[np.sort(best)]
    return items


class Mixer:
    """data(g) of one run, generation after generation.

    Parameters
    ----------
    regime : FullRegime
    real : ndarray, shape (size, ...)
        data(0).
    last_generation : int
    seed : [int, int]
        Seed of the chain, and the number of the run.
    truth : callable, default None
        ``truth(n, rng)`` returns n new real items. Only needed for fresh ones, and for a pool that
        is larger than data(0).
    """

    def __init__(self, regime, real, last_generation, *, seed, truth=None):
        self.remembers = bool(regime.accumulate or regime.previous)
        self._regime, self._seed, self._truth = regime, seed, truth
        self._mix_seed = int(np.random.SeedSequence(seed).generate_state(1)[0])
        self._size, self._added = len(real), added(regime, len(real))
        rows = last_generation + 1 if self.remembers and not self._in_steps else 2
        self._held = np.empty((max(rows, 2), *real.shape), real.dtype)  # data(0), then samples
        self._held[0] = real
        self._data, self._is_real = real.copy(), np.ones(len(real), dtype=bool)
        self._pool = self._pool_of(real)

    @property
    def _in_steps(self):
        """Whether data(g) is made from data(g − 1), because its real items are not in data(0)."""
        regime = self._regime
        return not regime.accumulate and (regime.fresh or regime.pool is not None)

    @property
    def needs_samples(self):
        """Whether data(g) takes anything from samples."""
        return self._added[0] > 0

    def _pool_of(self, real):
        n = checked_pool(self._regime, self._size)
        if n is None or n <= len(real):
            return real[:n]
        more = self._truth(n - len(real), np.random.default_rng([*self._seed, 0, SUPPLY]))
        return np.concatenate([real, more])

    def _supply(self, n, generation):
        """Real items of a generation: fresh ones, or some of the pool."""
        rng = np.random.default_rng([*self._seed, generation, SUPPLY])
        if self._regime.fresh:
            return self._truth(n, rng)
        return self._pool[rng.choice(len(self._pool), n, replace=False)]

    def add(self, generation, new):
        """Take what data(`generation`) has and the generation before it had not.

        Parameters
        ----------
        generation : int
            At least 1.
        new : ndarray, shape (size, ...)
            samples(generation − 1); None if `needs_samples` is false.
        """
        if self._in_steps:
            from_new, from_real = _chosen(self._regime, generation, self._size, seed=self._mix_seed)
            if self.needs_samples:
                self._data[from_new] = new[from_new]
            self._data[from_real] = self._supply(from_real.sum(), generation)
            self._is_real = from_real | (self._is_real & ~from_new)
        elif self.needs_samples:
            row = self._held[generation if self.remembers else 1]
            row[:] = new
            if self._regime.fresh:
                n_real = self._added[1]
                row[:n_real] = self._supply(n_real, generation)

    def data(self, generation):
        """Return data(`generation`) and the weights of its items.

        Returns
        -------
        items : ndarray, shape (n, ...)
        weights : ndarray, shape (n,), or None
            None if all items have the same weight.
        """
        regime = self._regime
        if self._in_steps:
            items, is_real = self._data.copy(), self._is_real
        else:
            names = generations.sources(regime, generation)
            row = np.array([0 if name == generations.REAL else name + 1 for name in names])
            row = row if self.remembers else np.minimum(row, 1)
            source, item = generations.composition(
                regime, generation, self._size, seed=self._mix_seed
            )
            items = self._held[row[source], item]
            is_real = None if regime.weight == 1 else self._are_real(row[source], item)
        if regime.weight == 1 or is_real.all():
            return items, None
        return items, np.where(is_real, regime.weight, 1.0)

    def _are_real(self, row, item):
        """Whether items that are held in these rows are real."""
        n_real = self._added[1] if self._regime.accumulate else 0
        return (row == 0) | (item < n_real)


def _chosen(regime, generation, size, *, seed):
    """Places that take samples, and places that take real items; the others keep what they have."""
    rng = np.random.default_rng([seed, generation])
    order = rng.permutation(size)
    new, real = added(regime, size)
    mask = np.zeros((2, size), dtype=bool)
    mask[0, order[:new]] = mask[1, order[new : new + real]] = True
    return mask
