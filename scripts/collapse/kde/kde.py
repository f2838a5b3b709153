"""Chains of kernel density estimates: estimate a density, sample from it, estimate again.

Lengths are in units of the true standard deviation.

References
----------
Silverman, Density Estimation for Statistics and Data Analysis (1986).
"""

import numpy as np
from scipy.stats import gaussian_kde

from collapse.process import chains
from collapse.process.generations import Regime


def variances(regime, real, *, last_generation, bandwidth, seed):
    """Variances of model(0), model(1), … of every run.

    Parameters
    ----------
    regime, real, last_generation, seed
        See `collapse.process.chains.measure`.
    bandwidth : float or None
        Standard deviation of the kernels. None means Scott's rule: n^(−1/5) times the standard
        deviation of the n samples.

    Returns
    -------
    ndarray, shape (runs, last_generation + 1)
    """
    return chains.measure(
        *(regime, real, last_generation),
        fit=lambda data: gaussian_kde(data, bandwidth and bandwidth / data.std(ddof=1)),
        draw=lambda model, size, rng: model.resample(size, seed=rng)[0],
        quantity=lambda model: model.dataset.var() + model.covariance.item(),
        seed=seed,
    )


def expected_variances(regime, size, *, last_generation, bandwidth):
    """Expectation of `variances`, which does not depend on the shape of the true distribution.

    The expected variance of `size` draws from a density of variance v is (1 − 1/size)·v. The
    kernels add their own variance.

    Parameters
    ----------
    regime : collapse.process.generations.Regime
    size : int
        Samples per generation.
    last_generation : int
    bandwidth : float or None
        See `variances`.

    Returns
    -------
    ndarray, shape (last_generation + 1,)
        NaN for every regime other than replace and pool.
    """
    if regime not in (Regime(), Regime(accumulate=True)):
        return np.full(last_generation + 1, np.nan)
    law, old, spread = [1.0], 0, 0.0  # `law`: variances of the truth, model(0), model(1), …
    for _ in range(last_generation + 1):
        n = old + size  # `old` items of earlier generations; new ones are drawn around their mean
        spread = (old * spread + (size - 1 + old / n) * law[-1]) / n
        law.append(spread + (bandwidth**2 if bandwidth else n**-0.4 * spread * n / (n - 1)))
        old = n if regime.accumulate else 0
    return np.array(law[1:])
