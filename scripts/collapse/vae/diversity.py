"""Measures of the diversity that is left in a set of generated images."""

import numpy as np


def class_shares(probabilities):
    """Share of images that are assigned to each class.

    An image is assigned to its most probable class.

    Parameters
    ----------
    probabilities : ndarray, shape (..., n, classes)

    Returns
    -------
    ndarray, shape (..., classes)
    """
    classes = np.arange(probabilities.shape[-1])
    return (probabilities.argmax(axis=-1)[..., None] == classes).mean(axis=-2)


def entropy(shares):
    """Entropy in nats of distributions along the last axis; log 10 for ten equal classes."""
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    return 0.0 - (shares * logs).sum(axis=-1)


def confidence(probabilities):
    """Mean probability of the most probable class; low for images that resemble no digit."""
    return probabilities.max(axis=-1).mean(axis=-1)


def pixel_deviation(images):
    """Standard deviation across images: root of the mean over pixels of the variance.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, height, width)

    Returns
    -------
    float
        In units of the pixel range [0, 1].
    """
    return float(np.sqrt((images / 255).var(axis=0).mean()))


def tail_share(latents, *, scale):
    """Share of latent coordinates in the tails, farther than two `scale` from zero.

    Parameters
    ----------
    latents : ndarray, shape (..., images, dimensions)
    scale : float or ndarray
        Standard deviation of the latent coordinates of real data.

    Returns
    -------
    ndarray, shape (...)
    """
    return (np.abs(latents) > 2 * scale).mean(axis=(-2, -1))
