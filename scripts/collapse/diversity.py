"""How much of the real data's variety a set of generated images still has."""

import numpy as np


def class_shares(probabilities):
    """Share of images whose most probable class is each class: shape (..., classes).

    Parameters
    ----------
    probabilities : ndarray, shape (..., n, classes)
    """
    classes = np.arange(probabilities.shape[-1])
    return (probabilities.argmax(axis=-1)[..., None] == classes).mean(axis=-2)


def entropy(shares):
    """Entropy of a distribution over the last axis, in nats; log 10 for ten equal classes."""
    logs = np.log(shares, where=shares > 0, out=np.zeros_like(shares))
    return 0.0 - (shares * logs).sum(axis=-1)


def confidence(probabilities):
    """Mean probability of the most probable class: low when images are no digit in particular."""
    return probabilities.max(axis=-1).mean(axis=-1)


def pixel_deviation(images):
    """Root mean over pixels of the variance across images (n, height, width), in [0, 1] units."""
    return float(np.sqrt((images / 255).var(axis=0).mean()))


def tail_share(latents, *, scale):
    """Share of latent coordinates farther than two `scale` from zero: the tail that is left."""
    return (np.abs(latents) > 2 * scale).mean(axis=(-2, -1))
