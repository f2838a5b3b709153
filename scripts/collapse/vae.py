"""A convolutional variational autoencoder for 28×28 images.

References
----------
Kingma & Welling 2014, arXiv:1312.6114; arXiv:2305.17493, section 5.3 (settings from the released
code).
"""

import torch
from torch import nn
from torch.nn import functional as F

from collapse import seeds, torch_tools

N_LEVELS = 255  # images are stored as levels/255, like MNIST itself


class VAE(nn.Module):
    """Encoder to a diagonal Gaussian over the latent space, and the mirrored decoder.

    Parameters
    ----------
    channels : tuple of int
        Channels after the first and second convolution; (64, 128) in the paper.
    latent_dimensions : int
        20 in the paper, which makes 647,081 parameters.
    """

    def __init__(self, channels, latent_dimensions):
        super().__init__()
        first, second = channels
        self.latent_dimensions = latent_dimensions
        flat = second * 7 * 7
        self.encoder = nn.Sequential(
            nn.Conv2d(1, first, 4, stride=2, padding=1),  # (n, first, 14, 14)
            nn.ReLU(),
            nn.Conv2d(first, second, 4, stride=2, padding=1),  # (n, second, 7, 7)
            nn.ReLU(),
            nn.Flatten(),
        )
        self.mean = nn.Linear(flat, latent_dimensions)
        self.log_variance = nn.Linear(flat, latent_dimensions)
        self.decoder = nn.Sequential(
            nn.Linear(latent_dimensions, flat),
            nn.ReLU(),
            nn.Unflatten(1, (second, 7, 7)),
            nn.ConvTranspose2d(second, first, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(first, 1, 4, stride=2, padding=1),
        )

    def encode(self, images):
        """Mean and log variance, each (n, latent_dimensions), of images (n, 1, 28, 28)."""
        hidden = self.encoder(images)
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, latents):
        """Pixel logits (n, 1, 28, 28) of latents (n, latent_dimensions)."""
        return self.decoder(latents)


def load(path, architecture, device):
    """A trained VAE from its file and its configuration block, on `device`."""
    return torch_tools.load_model(path, VAE(**architecture)).to(device)


def new_generation(settings, *, device, seed, data=None, teacher=None):
    """Train a new VAE on a finite data set, or on an endless one that `teacher` decodes.

    Parameters
    ----------
    settings : mapping
        architecture, images (per epoch), epochs, batch_size, learning_rate, weight_decay.
    device : torch.device
    seed : int
        Of the generation; initial weights, order and noise are derived from it.
    data : ndarray of uint8, shape (n, 28, 28), optional
    teacher : VAE, optional
        The previous generation's model; exactly one of the two is given.

    Returns
    -------
    model : VAE
        In evaluation mode.
    losses : list of float
        As from `train`.
    """
    weights_seed = seeds.seed(seed, "weights")
    model = torch_tools.initialised(lambda: VAE(**settings["architecture"]), seed=weights_seed)
    model.to(device)
    passes = {"n_epochs": settings["epochs"], "batch_size": settings["batch_size"]}
    if teacher is None:
        order = torch_tools.generator(seeds.seed(seed, "order"))
        epochs = epochs_of(torch.tensor(data, device=device), rng=order, **passes)
    else:
        stream = torch_tools.generator(seeds.seed(seed, "stream"), device)
        epochs = epochs_from(teacher, settings["images"], rng=stream, **passes)
    losses = train(
        model,
        epochs,
        learning_rate=settings["learning_rate"],
        weight_decay=settings["weight_decay"],
        rng=torch_tools.generator(seeds.seed(seed, "noise"), device),
    )
    return model, losses


def loss(model, images, *, rng):
    """Negative evidence lower bound, summed over the batch: binary cross-entropy plus KL.

    Parameters
    ----------
    model : VAE
    images : Tensor, shape (n, 1, 28, 28), in [0, 1]
    rng : torch.Generator
        For the latent noise; on the images' device.
    """
    mean, log_variance = model.encode(images)
    noise = torch.randn(mean.shape, generator=rng, device=mean.device)
    logits = model.decode(mean + noise * torch.exp(log_variance / 2))
    reconstruction = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    divergence = -0.5 * torch.sum(1 + log_variance - mean**2 - log_variance.exp())
    return reconstruction + divergence


def epochs_of(images, *, n_epochs, batch_size, rng):
    """Shuffled passes over a finite data set: yields lists of batches, one list an epoch.

    Parameters
    ----------
    images : Tensor of uint8, shape (n, 28, 28)
    rng : torch.Generator
        On the CPU.
    """
    for _ in range(n_epochs):
        order = torch.randperm(len(images), generator=rng).to(images.device)
        yield (_as_input(images[rows]) for rows in order.split(batch_size))


def epochs_from(model, n_images, *, n_epochs, batch_size, rng):
    """Passes of the same length over an endless data set: every batch is decoded afresh.

    As the released code does. Batches are (batch_size, 1, 28, 28) in [0, 1], not rounded.
    """
    sizes = [batch_size] * (n_images // batch_size) + [n_images % batch_size]
    for _ in range(n_epochs):
        yield (_decoded(model, size, rng=rng) for size in sizes if size)


def train(model, epochs, *, learning_rate, weight_decay, rng):
    """Train in place with Adam.

    Parameters
    ----------
    model : VAE
    epochs : iterable
        From `epochs_of` or `epochs_from`.
    learning_rate, weight_decay : float
    rng : torch.Generator
        For the latent noise; on the model's device.

    Returns
    -------
    list of float
        Mean loss per image of each epoch, in nats, while training.

    Raises
    ------
    UserError
        If the loss is not finite.
    """
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    model.train()
    losses, step = [], 0
    for epoch, batches in enumerate(epochs, start=1):
        total, count = 0.0, 0
        for images in batches:
            batch_loss = loss(model, images, rng=rng)
            optimiser.zero_grad()
            batch_loss.backward()
            optimiser.step()
            value = batch_loss.item()
            torch_tools.check_finite(value, step=step, learning_rate=learning_rate)
            total, count, step = total + value, count + len(images), step + 1
        losses.append(total / count)
        print(f"epoch {epoch}: loss {losses[-1]:.3f} nats per image over {count} images")
    model.eval()
    return losses


@torch.no_grad()
def sample(model, n_images, *, rng, batch_size=1000):
    """Decode `n_images` latents from N(0, I).

    Returns
    -------
    Tensor of uint8, shape (n_images, 28, 28), on the CPU
        Pixel probabilities rounded to levels of 1/255.
    """
    sizes = [len(rows) for rows in torch.arange(n_images).split(batch_size)]
    levels = [(_decoded(model, size, rng=rng) * N_LEVELS).round() for size in sizes]
    return torch.cat(levels)[:, 0].to(torch.uint8).cpu()


@torch.no_grad()
def latent_means(model, images, *, batch_size=1000):
    """Encoder means, (n, latent_dimensions), of uint8 images (n, 28, 28)."""
    return torch.cat([model.encode(_as_input(part))[0] for part in images.split(batch_size)])


@torch.no_grad()
def _decoded(model, size, *, rng):
    latents = torch.randn(size, model.latent_dimensions, generator=rng, device=rng.device)
    return torch.sigmoid(model.decode(latents))


def _as_input(levels):
    return levels[:, None].float() / N_LEVELS
