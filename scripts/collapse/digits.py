"""A small digit classifier, trained on real MNIST, that names what a generated image shows."""

import torch
from torch import nn
from torch.nn import functional as F

from collapse import torch_tools

N_CLASSES = 10


class DigitClassifier(nn.Module):
    """Two convolutions and a linear layer: (n, 1, 28, 28) in [0, 1] to (n, 10) logits."""

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

    def forward(self, images):
        return self.layers(images)


def build(channels, *, seed):
    """A new classifier with seeded initial weights."""
    return torch_tools.initialised(lambda: DigitClassifier(channels), seed=seed)


def train(model, images, labels, *, epochs, batch_size, learning_rate, rng):
    """Train in place with Adam on uint8 images (n, 28, 28) and labels (n,)."""
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
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
def probabilities(model, images, *, batch_size=1000):
    """Class probabilities, (n, 10), of uint8 images (n, 28, 28)."""
    parts = [model(part[:, None].float() / 255) for part in images.split(batch_size)]
    return torch.cat(parts).softmax(dim=1)
