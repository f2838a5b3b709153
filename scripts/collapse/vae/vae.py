"""A convolutional variational autoencoder for 28×28 images.

References
----------
Kingma & Welling 2014, arXiv:1312.6114; arXiv:2305.17493, section 5.3. The settings are those of the
released code.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from collapse.neural import onednn, torch_tools
from collapse.process import seeds

N_LEVELS = 255  # images are stored as whole numbers of levels of 1/255, like MNIST
BATCH_SIZE = 1000  # images at once when no gradients are needed


class VAE(nn.Module):
    """Variational autoencoder: encoder to a diagonal Gaussian, and a mirrored decoder.

    Parameters
    ----------
    channels : (int, int)
        Channels after the first and the second convolution; (64, 128) in the paper.
    latent_dimensions : int
        20 in the paper, which gives 647,081 parameters.
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
        """Mean and log variance, each of shape (n, latent_dimensions), of images (n, 1, 28, 28)."""
        hidden = self.encoder(images)
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, latents):
        """Pixel logits, shape (n, 1, 28, 28), of latents (n, latent_dimensions)."""
        return self.decoder(latents)


def build(architecture, *, device):
    """Make a VAE in the layout that is fastest on its device.

    On the CPU channels are last in memory, which saves oneDNN's convolutions from reordering, and
    linear layers run in oneDNN. Names, shapes and initial distribution of weights are the same.

    Parameters
    ----------
    architecture : mapping
        Arguments of `VAE`.
    device : torch.device

    Returns
    -------
    VAE
    """
    model = VAE(**architecture).to(device)
    if device.type == "cpu":
        model.to(memory_format=torch.channels_last)
        onednn.use_for_linear_layers(model)
    return model


def new_generation(settings, *, device, seed, data=None, teacher=None):
    """Train a new VAE, either on a finite data set or on a stream of images from `teacher`.

    Parameters
    ----------
    settings : mapping
        architecture (arguments of `VAE`), images (per epoch), epochs, batch_size, learning_rate,
        weight_decay.
    device : torch.device
    seed : int
        Seed of the generation. Initial weights, order and noise are derived from it.
    data : ndarray of uint8, shape (n, 28, 28), optional
    teacher : VAE, optional
        Model of the previous generation. Exactly one of `data` and `teacher` must be given.

    Returns
    -------
    model : VAE
        In evaluation mode.
    losses : list of float
        Mean loss per image of each epoch, see `train`.
    """
    model = torch_tools.initialised(
        lambda: build(settings["architecture"], device=device), seed=seeds.seed(seed, "weights")
    )
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
    """Negative evidence lower bound, summed over a batch: binary cross-entropy plus KL divergence.

    Parameters
    ----------
    model : VAE
    images : Tensor, shape (n, 1, 28, 28)
        In [0, 1].
    rng : torch.Generator
        For the latent noise; on the same device as the images.

    Returns
    -------
    Tensor, scalar
        In nats.
    """
    mean, log_variance = model.encode(images)
    noise = torch.randn(mean.shape, generator=rng, device=mean.device)
    logits = model.decode(mean + noise * _exp(log_variance / 2))
    reconstruction = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    divergence = -0.5 * torch.sum(1 + log_variance - mean**2 - _exp(log_variance))
    return reconstruction + divergence


def epochs_of(images, *, n_epochs, batch_size, rng):
    """Shuffled passes over a finite data set.

    Parameters
    ----------
    images : Tensor of uint8, shape (n, 28, 28)
    n_epochs, batch_size : int
    rng : torch.Generator
        For the order; on the CPU.

    Yields
    ------
    iterable of Tensor
        The batches of one epoch, each of shape (batch_size, 1, 28, 28) in [0, 1].
    """
    for _ in range(n_epochs):
        order = torch.randperm(len(images), generator=rng).to(images.device)
        yield (_as_input(images[rows]) for rows in order.split(batch_size))


def epochs_from(model, n_images, *, n_epochs, batch_size, rng):
    """Epochs of new images, decoded by a model batch by batch, as in the released code.

    Parameters
    ----------
    model : VAE
    n_images : int
        Images per epoch.
    n_epochs, batch_size : int
    rng : torch.Generator
        For the latents; on the model's device.

    Yields
    ------
    iterable of Tensor
        The batches of one epoch, each of shape (batch_size, 1, 28, 28) in [0, 1]. They are not
        rounded to levels of 1/255.
    """
    sizes = [batch_size] * (n_images // batch_size) + [n_images % batch_size]
    for _ in range(n_epochs):
        yield (_decoded(model, size, rng=rng) for size in sizes if size)


def train(model, epochs, *, learning_rate, weight_decay, rng):
    """Train a VAE in place with Adam. It is left in evaluation mode.

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
        Mean loss per image of each epoch, in nats, taken during training.

    Raises
    ------
    UserError
        If the loss is not finite.
    """
    # fused: faster, and with a square root of its own instead of MKL's, see `_exp`
    optimiser = torch.optim.Adam(
        model.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True
    )
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
def sample(model, n_images, *, seed, first=None):
    """Draw samples(g) from model(g): decode latents from N(0, I).

    The same model and seed always give the same images, so that images need not be stored.

    Parameters
    ----------
    model : VAE
    n_images : int
        Number of images of a generation.
    seed : int
        The seed of the generation, as in `new_generation`.
    first : int, optional
        Draw only this many of the images, from the beginning. By default all.

    Returns
    -------
    ndarray of uint8, shape (first, 28, 28)
        Pixel probabilities, rounded to levels of 1/255.
    """
    rng = torch_tools.generator(seeds.seed(seed, "samples"))
    first = n_images if first is None else first
    sizes = [min(BATCH_SIZE, n_images - done) for done in range(0, first, BATCH_SIZE)]
    levels = [(_decoded(model, size, rng=rng) * N_LEVELS).round() for size in sizes]
    return torch.cat(levels)[:first, 0].to(torch.uint8).cpu().numpy()


@torch.no_grad()
def latent_means(model, images):
    """Encoder means, shape (n, latent_dimensions), of uint8 images (n, 28, 28)."""
    return torch.cat([model.encode(_as_input(part))[0] for part in images.split(BATCH_SIZE)])


@torch.no_grad()
def _decoded(model, size, *, rng):
    latents = torch.randn(size, model.latent_dimensions, generator=rng, device=rng.device)
    return torch.sigmoid(model.decode(latents.to(model.mean.weight.device)))


def _exp(values):
    """e^values. `torch.exp` uses MKL, whose approximations may depend on the processor."""
    return torch.exp2(values * math.log2(math.e))


def _as_input(levels):
    return levels[:, None].float() / N_LEVELS
