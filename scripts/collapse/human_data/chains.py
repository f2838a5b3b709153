"""Chains that receive fresh real data in every generation, for many runs at once.

See `collapse.human_data.laws` for the mix. Both functions draw only what the next fit depends on:
sufficient statistics of normal samples, counts of states.
"""

import numpy as np

from collapse.gaussian import gaussian


def normal(real, size, last_generation, n_runs, *, bias=1.0, seed):
    """Variance of the last of a chain of fitted normal distributions.

    Parameters
    ----------
    real, size, last_generation, bias
        See `laws.variances`.
    n_runs, seed : int

    Returns
    -------
    ndarray, shape (n_runs,)
        In units of the true variance.
    """
    rng = np.random.default_rng(seed)
    zero, one = np.zeros(n_runs), np.ones(n_runs)
    mean, squares = _sample(zero, one, size, rng=rng)
    for _ in range(last_generation):
        drawn = _sample(mean, np.sqrt(bias * squares / size), size - real, rng=rng)
        fresh = _sample(zero, one, real, rng=rng)
        _, mean, squares = gaussian.merge_statistics(real, *fresh, size - real, *drawn)
    return squares / size


def _sample(mean, std, size, *, rng):
    """Mean and sum of squares of a sample, which may be a single item."""
    if size == 1:
        return mean + std * rng.standard_normal(mean.shape), np.zeros(mean.shape)
    return gaussian.sample_statistics(mean, std, size, rng=rng)


def discrete(true, real, size, last_generation, n_runs, *, seed):
    """Diversity and support of the last of a chain of resampled counts.

    Parameters
    ----------
    true : ndarray, shape (states,)
        Probabilities.
    real, size, last_generation
        See `laws.variances`.
    n_runs, seed : int

    Returns
    -------
    diversity : ndarray, shape (n_runs,)
        Chance that two draws from the last counts differ, as a share of the truth's.
    support : ndarray of int, shape (n_runs,)
        States among the last items.
    """
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(size, true, size=n_runs)
    for _ in range(last_generation):
        drawn = rng.multinomial(size - real, counts / size)
        counts = drawn + rng.multinomial(real, true, size=n_runs)
    diversity = 1 - ((counts / size) ** 2).sum(axis=1)
    return diversity / (1 - (true**2).sum()), (counts > 0).sum(axis=1)
