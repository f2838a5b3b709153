"""Chains of distributions over states under every regime, by counts, for many runs at once.

Items of one state are alike, so that counts are all that a chain depends on: they are exact. A
batch of data is an array of shape (2, runs, states), the counts of samples and of real items.
"""

import numpy as np

from collapse.process import regimes


def models(regime, true, size, n_runs, last_generation, *, rng):
    """Run chains, and yield model(0), model(1), …, model(last_generation).

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
        Real items are taken from data(0) without replacement if they are neither fresh nor from a
        pool. The verifier keeps the items of the most probable states.
    true : ndarray, shape (states,)
        Probabilities.
    size : int
        Items of data(0): M.
    n_runs, last_generation : int
    rng : numpy.random.Generator

    Yields
    ------
    ndarray, shape (n_runs, states)
        Probabilities.

    Raises
    ------
    ValueError
        If the verifier is shifted: states have no distance.
    """
    if regime.verifier_shift:
        raise ValueError("states have no distance: drop verifier_shift")
    data = np.zeros((2, n_runs, len(true)), dtype=int)
    data[1] = rng.multinomial(size, true, size=n_runs)
    pool = _pool(regime, data[1], size, true=true, rng=rng)
    union = data * regime.keep_real
    yield _fit(data, regime.weight)
    for _ in range(last_generation):
        new = _added(regime, _fit(data, regime.weight), size, true=true, pool=pool, rng=rng)
        if regime.accumulate:
            union = union + new
            data = without_replacement(union, size, rng=rng) if regime.subsample else union
        else:
            kept = size - sum(regimes.added(regime, size))
            data = new + (without_replacement(data, kept, rng=rng) if kept else 0)
        yield _fit(data, regime.weight)


def _fit(data, weight):
    """Shares of the states, where a real item has this weight."""
    counts = data[0] + (data[1] if weight == 1 else weight * data[1])
    return counts / counts.sum(axis=1, keepdims=True)


def _added(regime, shares, size, *, true, pool, rng):
    """Counts of what a generation adds."""
    n_new, n_real = regimes.added(regime, size)
    new = np.zeros((2, *shares.shape), dtype=int)
    if n_new:
        new[0] = _sampled(regime, shares, n_new, true=true, rng=rng)
    if n_real and regime.fresh:
        new[1] = rng.multinomial(n_real, true, size=len(shares))
    elif n_real:
        new[1] = without_replacement(pool, n_real, rng=rng)
    return new


def _sampled(regime, shares, n, *, true, rng):
    if regime.bias != 1:
        shares = shares ** (1 / regime.bias)
        shares = shares / shares.sum(axis=1, keepdims=True)
    drawn = rng.multinomial(round(n / regime.verifier_keeps), shares)
    if regime.verifier_keeps == 1:
        return drawn
    kept, left = np.zeros_like(drawn), np.full(len(drawn), n)
    for probability in np.unique(true)[::-1]:  # chance decides between equal ones
        alike = true == probability
        here = np.minimum(left, drawn[:, alike].sum(axis=1))
        kept[:, alike] = without_replacement(drawn[:, alike], here, rng=rng)
        left = left - here
    return kept


def _pool(regime, real, size, *, true, rng):
    """Counts of the real items that exist in all."""
    n = regimes.checked_pool(regime, size)
    if n is None:
        return real
    if n <= size:
        return without_replacement(real, n, rng=rng)
    return real + rng.multinomial(n - size, true, size=len(real))


def without_replacement(counts, n, *, rng):
    """Counts of n of the items in each run, drawn without replacement.

    Parameters
    ----------
    counts : ndarray of int, shape (runs, states) or (parts, runs, states)
        The items of a run are those of all its parts.
    n : int, or ndarray of int, shape (runs,)
        At most the number of items.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, of the shape of `counts`
    """
    urns = counts.reshape(-1, *counts.shape[-2:])
    taken, left, rest = np.zeros_like(urns), n, urns.sum(axis=(0, 2))
    for part, state in np.ndindex(urns.shape[0], urns.shape[2]):
        here = urns[part, :, state]
        rest = rest - here
        taken[part, :, state] = rng.hypergeometric(here, rest, left)
        left = left - taken[part, :, state]
    return taken.reshape(counts.shape)
