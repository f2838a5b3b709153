"""A small classifier, trained on real MNIST, that recognises the digits in generated images."""

import torch
from torch import nn
from torch.nn import functional as F

from collapse.neural import onednn, torch_tools

N_CLASSES = 10
BATCH_SIZE = 1000  # images at once when no gradients are needed


class DigitClassifier(nn.Module):
    """Two convolutions and a linear layer.

    Parameters
    ----------
    channels : (int, int)
        Channels after the first and the second convolution.
    """

    def __init__(self, channels):
        super().__init__()
        first, second = channels
        self.layers = nn.Sequential(
            nn.Conv2d(1, first, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(second * 7 * 7, N_CLASSES),
        )
        onednn.use_for_linear_layers(self)

    def forward(self, images):
        """Logits, shape (n, 10), of images (n, 1, 28, 28) in [0, 1]."""
        return self.layers(images)


def build(channels, *, seed):
    """Make a new classifier with seeded initial weights.

    Parameters
    ----------
    channels : (int, int)
    seed : int

    Returns
    -------
    DigitClassifier
    """
    return torch_tools.initialised(lambda: DigitClassifier(channels), seed=seed)


def train(model, images, labels, *, epochs, batch_size, learning_rate, rng):
    """Train a classifier in place with Adam.

    Parameters
    ----------
    model : DigitClassifier
    images : Tensor of uint8, shape (n, 28, 28)
    labels : Tensor of int64, shape (n,)
    epochs, batch_size : int
    learning_rate : float
    rng : torch.Generator
        For the order of the images.

    Returns
    -------
    DigitClassifier
        `model`, in evaluation mode.

    Raises
    ------
    UserError
        If the loss is not finite.
    """
    # fused: its square root is not MKL's, which may depend on the processor
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
    step = 0
    for epoch in range(1, epochs + 1):
        total = 0.0
        for rows in torch.randperm(len(images), generator=rng).split(batch_size):
            logits = model(images[rows, None].float() / 255)
            loss = F.cross_entropy(logits, labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            value = loss.item()
            torch_tools.check_finite(value, step=step, learning_rate=learning_rate)
            total, step = total + value * len(rows), step + 1
        print(f"epoch {epoch}: cross-entropy {total / len(images):.4f} nats per image")
    return model.eval()


@torch.no_grad()
def probabilities(model, images):
    """Class probabilities, shape (n, 10), of uint8 images (n, 28, 28)."""
    parts = [model(part[:, None].float() / 255) for part in images.split(BATCH_SIZE)]
    return torch.cat(parts).softmax(dim=1)
