"""Chains that receive fresh real data in every generation, for many runs at once.

Both functions draw only what the next fit depends on: sufficient statistics of normal samples,
counts of states. Only the last model is kept, unlike in the families' own chains.
"""

import numpy as np

from collapse.discrete import regimes
from collapse.gaussian import gaussian
from collapse.process.regimes import FullRegime


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
    rng, share = np.random.default_rng(seed), real / size
    regime = FullRegime(new=1 - share, real=share, fresh=True, bias=bias)
    mean, squares = gaussian.sample_statistics(np.zeros(n_runs), 1.0, size, rng=rng)
    for _ in range(last_generation):
        std = np.sqrt(squares / size)
        _, mean, squares = gaussian.added_statistics(
            *(regime, mean, std, size), truth=(0.0, 1.0), pool=None, rng=rng
        )
    return squares / size


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
    rng, share = np.random.default_rng(seed), real / size
    regime = FullRegime(new=1 - share, real=share, fresh=True)
    for model in regimes.models(regime, true, size, n_runs, last_generation, rng=rng):
        last = model
    diversity = 1 - (last**2).sum(axis=1)
    return diversity / (1 - (true**2).sum()), (last > 0).sum(axis=1)
