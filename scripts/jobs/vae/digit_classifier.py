"""Train the digit classifier on real MNIST and measure its test accuracy."""

from pathlib import Path

import torch
from collapse.neural import torch_tools
from collapse.process import seeds
from collapse.vae import digits
from pipeline import devices, files, weights
from pipeline.job import job
from sources import mnist

with job(snakemake):
    devices.prepare("cpu")
    seed, settings = snakemake.params.seed, dict(snakemake.params.settings)
    root = Path(snakemake.input.mnist[0]).parents[2]
    images, labels = map(torch.tensor, mnist.read(root, train=True))
    model = digits.build(settings["channels"], seed=seeds.seed(seed, "weights"))
    training = {name: settings[name] for name in ("epochs", "batch_size", "learning_rate")}
    rng = torch_tools.generator(seeds.seed(seed, "order"))
    digits.train(model, images, labels, rng=rng, **training)
    test_images, test_labels = map(torch.tensor, mnist.read(root, train=False))
    hits = digits.probabilities(model, test_images).argmax(dim=1) == test_labels
    print(f"test accuracy {hits.float().mean():.4f}")
    weights.save(snakemake.output.model, model)
    files.write_json(
        snakemake.output.metrics,
        {"test_accuracy": hits.double().mean().item(), "test_images": len(hits)},
    )
