"""Tables of the generations of the VAE, over runs."""

import numpy as np
import pandas as pd
from scipy.stats import gaussian_kde

from collapse.process import summaries
from collapse.vae import diversity

N_POINTS = 241  # of the grid of latent values on which densities are evaluated
IDENTICAL = 0.01  # pixel std across images, in pixel ranges, below which all images are the same


def moments(evaluations, losses):
    """Tabulate quantities of the images and of the training of each generation.

    Parameters
    ----------
    evaluations : list of dict of ndarray
        One dict for each run: latents, shape (generations + 1, images, dimensions); class_shares,
        confidence and pixel_deviation, with the same first axis. Entry 0 is of real data, entry
        g > 0 of samples(g − 1).
    losses : ndarray, shape (runs, generations)
        Mean loss per image of model(g) in its last epoch, in nats.

    Returns
    -------
    DataFrame
        One row per quantity and generation g: mean over runs, 95 % confidence interval (low, high),
        and the value of each run. The loss is that of model(g).
    """
    latents = np.stack([run["latents"] for run in evaluations])
    scale = latents[:, :1].std(axis=(-2, -1), keepdims=True)
    shares = np.stack([run["class_shares"] for run in evaluations])
    quantities = {
        "latent_mean": latents.mean(axis=(-2, -1)),
        "latent_std": latents.std(axis=(-2, -1)),
        "latent_tail_share": diversity.tail_share(latents, scale=scale),
        "class_entropy": diversity.entropy(shares),
        "confidence": np.stack([run["confidence"] for run in evaluations]),
        "pixel_deviation": np.stack([run["pixel_deviation"] for run in evaluations]),
        "last_epoch_loss": losses,
    }
    return pd.concat([_over_runs(name, values) for name, values in quantities.items()])


def _over_runs(name, values):
    """Rows of one quantity, from its values of shape (runs, generations)."""
    mean, low, high = summaries.confidence(values)
    table = {"quantity": name, "generation": np.arange(values.shape[1])}
    table |= {"mean": mean, "low": low, "high": high}
    table |= {f"run{run:02d}": row for run, row in enumerate(values)}
    return pd.DataFrame(table)


def latent_density(evaluations, generations):
    """Tabulate the density of latent coordinates of samples(g).

    The latent coordinates are the means that the original encoder (generation 0) assigns to
    images. Their density is a Gaussian kernel density estimate with Scott's bandwidth.

    Parameters
    ----------
    evaluations : list of dict of ndarray
        See `moments`.
    generations : sequence of int
        Generations g to tabulate; −1: real images.

    Returns
    -------
    DataFrame
        One row per generation and latent value: mean density over runs, and its 95 % confidence
        interval (low, high). NaN if a run has collapsed to a point.
    """
    pooled = [[run["latents"][g + 1].ravel() for run in evaluations] for g in generations]
    reach = 4 * max(np.std(run["latents"][0]) for run in evaluations)
    grid = np.linspace(-reach, reach, N_POINTS)
    tables = []
    for generation, runs in zip(generations, pooled, strict=True):
        densities = np.stack([_density(values, grid) for values in runs])
        mean, low, high = summaries.confidence(densities)
        columns = {"latent": grid, "mean": mean, "low": np.maximum(low, 0), "high": high}
        tables.append(pd.DataFrame({"generation": generation, **columns}))
    return pd.concat(tables)


def without_identical(density, moments):
    """Leave out generations whose images are the same for any latent: they have no density.

    Parameters
    ----------
    density : DataFrame
        From `latent_density`, with the column regime.
    moments : DataFrame
        From `moments`, with the column regime.

    Returns
    -------
    density : DataFrame
    left_out : list of int
        Generations that are left out in any regime.
    """
    varies = moments[moments["quantity"] == "pixel_deviation"]
    same = varies[varies["mean"] < IDENTICAL]
    # row g + 1 of the moments is that of the images drawn from model(g)
    places = set(zip(same["regime"], same["generation"] - 1, strict=True))
    shown = [at not in places for at in zip(density["regime"], density["generation"], strict=True)]
    left_out = density["generation"][[not one for one in shown]]
    return density[shown], [int(generation) for generation in sorted(left_out.unique())]


def _density(values, grid):
    """Density estimate on a grid; NaN for values that are all equal, which have no density."""
    try:
        return gaussian_kde(values)(grid)
    except np.linalg.LinAlgError:
        return np.full_like(grid, np.nan)
