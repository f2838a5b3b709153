"""Chains of kernel density estimates: estimate a density, sample from it, estimate again.

Lengths are in units of the true standard deviation.

References
----------
Silverman, Density Estimation for Statistics and Data Analysis (1986).
"""

import numpy as np
from scipy.stats import gaussian_kde

from collapse.process import chains
from collapse.process.regimes import FullRegime


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

    def fit(data, weights=None):
        width = data.std(ddof=1) if weights is None else np.cov(data, aweights=weights) ** 0.5
        return gaussian_kde(data, bandwidth and bandwidth / width, weights)

    return chains.measure(
        *(regime, real, last_generation),
        fit=fit,
        draw=lambda model, size, rng: model.resample(size, seed=rng)[0],
        quantity=lambda model: _spread(model) + model.covariance.item(),
        seed=seed,
        truth=lambda n, rng: rng.standard_normal(n),
        centre=lambda model: model.weights @ model.dataset[0],
        rating=lambda items, shift: -np.abs(items - shift),
    )


def _spread(model):
    """Variance of the data of a density, each item with its weight."""
    if np.ptp(model.weights) == 0:
        return model.dataset.var()
    return np.cov(model.dataset[0], aweights=model.weights, ddof=0).item()


def expected_variances(regime, size, *, last_generation, bandwidth):
    """Expectation of `variances`, which does not depend on the shape of the true distribution.

    The expected variance of `size` draws from a density of variance v is (1 − 1/size)·v. The
    kernels add their own variance.

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
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
    if regime not in (FullRegime(), FullRegime(accumulate=True)):
        return np.full(last_generation + 1, np.nan)
    law, old, spread = [1.0], 0, 0.0  # `law`: variances of the truth, model(0), model(1), …
    for _ in range(last_generation + 1):
        n = old + size  # `old` items of earlier generations; new ones are drawn around their mean
        spread = (old * spread + (size - 1 + old / n) * law[-1]) / n
        law.append(spread + (bandwidth**2 if bandwidth else n**-0.4 * spread * n / (n - 1)))
        old = n if regime.accumulate else 0
    return np.array(law[1:])
