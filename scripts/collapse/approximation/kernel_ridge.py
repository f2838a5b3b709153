"""Kernel ridge regression on its own predictions: which directions of a function are left.

The n inputs stay; the targets of each generation are the predictions of the previous one, with new
noise, and perhaps a share of real targets. In the eigenvectors of the kernel matrix, which are the
*directions*, every fit multiplies the targets by λ/(λ + μ): λ is the eigenvalue of the direction,
and μ the ridge.

The fit is scikit-learn's `KernelRidge`, which solves (K + μI)a = y by Cholesky factors and knows
no eigenvalues; the law comes from NumPy's `eigh`. Neither can hide a mistake of the other.

References
----------
Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), section 5.8.
"""

import numpy as np
from sklearn.kernel_ridge import KernelRidge

from collapse.process import chains, summaries
from collapse.process.regimes import FullRegime


def places(n):
    """`n` equally spaced inputs in (0, 1)."""
    return (np.arange(n) + 0.5) / n


def true_function(x, jump):
    """A step from −1 to 1 at `jump`, which has a part in every direction."""
    return np.where(x < jump, -1.0, 1.0)


def directions(x, truth, count, *, length_scale):
    """The directions in which the truth is largest.

    Parameters
    ----------
    x, truth : ndarray, shape (n,)
        Inputs, and the true function there.
    count : int
        How many, at most n.
    length_scale : float
        Of the Gaussian kernel exp(−(x − x′)²/(2·length_scale²)).

    Returns
    -------
    eigenvalues : ndarray, shape (count,)
        Falling.
    projections : ndarray, shape (n, count)
        ``values @ projections`` are the parts of a function as shares of the true ones.
    """
    kernel = np.exp(-((x[:, None] - x) ** 2) / (2 * length_scale**2))
    eigenvalues, vectors = np.linalg.eigh(kernel)
    parts = truth @ vectors
    largest = np.sort(np.argsort(-np.abs(parts), kind="stable")[:count])[::-1]
    return eigenvalues[largest], vectors[:, largest] / parts[largest]


def predictions(regime, real, *, ridge, length_scale, noise, last_generation, seed):
    """Predictions of model(0), model(1), … at the inputs, in every run.

    Parameters
    ----------
    regime, last_generation, seed
        See `collapse.process.chains.measure`.
    real : ndarray, shape (runs, n, 2)
        Inputs, the same in every run, and real targets; see `real_data`.
    ridge : float
        μ, added to the diagonal of the kernel matrix.
    length_scale : float
        See `directions`.
    noise : float
        Standard deviation of the noise of new targets.

    Returns
    -------
    ndarray, shape (runs, last_generation + 1, n)
    """
    x = real[0, :, :1]

    def fit(data):
        model = KernelRidge(alpha=ridge, kernel="rbf", gamma=1 / (2 * length_scale**2))
        return model.fit(data[:, :1], data[:, 1]).predict(x)

    return chains.measure(
        *(regime, real, last_generation),
        fit=fit,
        draw=lambda model, size, rng: _targets(x[:, 0], model, noise, rng),
        quantity=lambda model: model,
        seed=seed,
    )


def real_data(x, truth, n_runs, *, noise, rng):
    """data(0) of every run: inputs, and the true function with noise; shape (n_runs, n, 2)."""
    return np.stack([_targets(x, truth, noise, rng) for _ in range(n_runs)])


def _targets(x, values, noise, rng):
    return np.stack([x, values + noise * rng.standard_normal(len(x))], axis=1)


def expected_shares(regime, eigenvalues, n, *, ridge, last_generation):
    """Expected share of the truth that model(0), model(1), … have left in each direction.

    With h = λ/(λ + μ) and a share γ of real targets, c₀ = h and c_{g+1} = h((1 − γ)c_g + γ).
    Without real targets this is h^(g + 1).

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
    eigenvalues : ndarray, shape (directions,)
    n : int
        Inputs.
    ridge, last_generation
        See `predictions`.

    Returns
    -------
    ndarray, shape (last_generation + 1, directions)
        NaN for regimes that do not mix new and real targets only.
    """
    gamma = round(regime.real * n) / n  # of whole targets
    if regime != FullRegime(new=regime.new, real=regime.real):
        return np.full((last_generation + 1, len(eigenvalues)), np.nan)
    kept = eigenvalues / (eigenvalues + ridge)
    law = [kept]
    for _ in range(last_generation):
        law.append(kept * ((1 - gamma) * law[-1] + gamma))
    return np.array(law)


def by_direction(eigenvalues, shares, law):
    """Tabulate the shares that are left, over runs, next to their expectation.

    Parameters
    ----------
    eigenvalues : ndarray, shape (directions,)
    shares : ndarray, shape (runs, directions)
    law : ndarray, shape (directions,)

    Returns
    -------
    dict of ndarray
        Columns of a table: eigenvalue; the mean share and its 95 % confidence interval; its
        expectation.
    """
    mean, low, high = summaries.confidence(shares)
    measured = {"share": mean, "share_low": low, "share_high": high}
    return {"eigenvalue": eigenvalues} | measured | {"share_theory": law}
