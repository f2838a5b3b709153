"""Chains of kernel density estimates (Silverman 1986); lengths in units of the true std."""

import numpy as np
from scipy.stats import gaussian_kde

from collapse import chains
from collapse.generations import Regime


def variances(regime, real, *, last_generation, bandwidth, seed):
    """Variance of model(0), model(1), … of every run: shape (runs, generations).

    Parameters as of `chains.measure`; `bandwidth` is the standard deviation of the kernels, None:
    n^(−1/5) of that of the n samples they stand on (Scott's rule).
    """
    return chains.measure(
        *(regime, real, last_generation),
        fit=lambda data: gaussian_kde(data, bandwidth and bandwidth / data.std(ddof=1)),
        draw=lambda model, size, rng: model.resample(size, seed=rng)[0],
        quantity=lambda model: model.dataset.var() + model.covariance.item(),
        seed=seed,
    )


def expected_variances(regime, size, *, last_generation, bandwidth):
    """Expectation of `variances`, whatever the truth's shape; NaN but for replace and pool.

    `size` draws from a density of variance v have (1 − 1/size)·v in expectation; kernels add more.
    """
    if regime not in (Regime(), Regime(accumulate=True)):
        return np.full(last_generation + 1, np.nan)
    law, old, spread = [1.0], 0, 0.0  # the true variance, then the models'
    for _ in range(last_generation + 1):
        n = old + size  # `old` of earlier generations, around whose mean the new ones are drawn
        spread = (old * spread + (size - 1 + old / n) * law[-1]) / n
        law.append(spread + (bandwidth**2 if bandwidth else n**-0.4 * spread * n / (n - 1)))
        old = n if regime.accumulate else 0
    return np.array(law[1:])
