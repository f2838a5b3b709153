"""Tables of the VAE's generations over runs."""

import numpy as np
import pandas as pd
from scipy.stats import gaussian_kde

from collapse import diversity, summaries


def moments(evaluations, losses):
    """What each generation's images and training tell, over runs.

    Parameters
    ----------
    evaluations : list of dict of ndarray
        One per run: latents (generations + 1, images, dimensions), class_shares, confidence,
        pixel_deviation; entry 0 shows real data, entry g > 0 samples(g - 1).
    losses : ndarray, shape (runs, generations)
        Last epoch's mean loss per image of model(g), in nats.

    Returns
    -------
    DataFrame
        One row per quantity and g (loss: of model(g)): mean over runs, 95 % confidence interval
        (low, high), and each run's value.
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
    """Rows of one quantity from its values (runs, generations)."""
    mean, low, high = summaries.confidence(values)
    table = {"quantity": name, "generation": np.arange(values.shape[1])}
    table |= {"mean": mean, "low": low, "high": high}
    table |= {f"run{run:02d}": row for run, row in enumerate(values)}
    return pd.DataFrame(table)


def latent_density(evaluations, generations, *, n_points=241):
    """Density of the original encoder's means on samples(g), over runs.

    Parameters
    ----------
    evaluations : list of dict of ndarray
        As for `moments`.
    generations : sequence of int
        Generations g of the models whose samples are looked at.

    Returns
    -------
    DataFrame
        One row per generation and latent value: mean over runs of a Gaussian kernel density
        estimate (Scott's bandwidth) of all images' coordinates, 95 % confidence interval.
    """
    pooled = [[run["latents"][g + 1].ravel() for run in evaluations] for g in generations]
    reach = 4 * max(np.std(run["latents"][0]) for run in evaluations)
    grid = np.linspace(-reach, reach, n_points)
    tables = []
    for generation, runs in zip(generations, pooled, strict=True):
        densities = np.stack([gaussian_kde(values)(grid) for values in runs])
        mean, low, high = summaries.confidence(densities)
        columns = {"latent": grid, "mean": mean, "low": np.maximum(low, 0), "high": high}
        tables.append(pd.DataFrame({"generation": generation, **columns}))
    return pd.concat(tables)
