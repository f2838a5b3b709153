"""Evaluate all generations of one run with the encoder of model(0) and the digit classifier."""

from pathlib import Path

import numpy as np
import torch
from collapse.vae import digits, diversity, vae
from pipeline import devices, files, weights
from pipeline.job import job
from sources import mnist

with job(snakemake):
    params, drawn = snakemake.params, snakemake.params.drawn
    n_images = params.settings["images"]
    device = devices.prepare("cpu")
    models = [
        weights.load(path, vae.build(drawn["architecture"], device=device))
        for path in snakemake.input.models
    ]
    classifier = digits.DigitClassifier(params.settings["classifier"])
    weights.load(snakemake.input.classifier, classifier)
    root = Path(snakemake.input.mnist[0]).parents[2]
    data = [mnist.read(root, train=True)[0][:n_images]]
    for model, seed in zip(models, params.seeds, strict=True):
        data.append(vae.sample(model, drawn["images"], seed=seed, first=n_images))
    tensors = [torch.tensor(images) for images in data]
    latents = [vae.latent_means(models[0], images).numpy() for images in tensors]
    probabilities = np.stack([digits.probabilities(classifier, i).numpy() for i in tensors])
    files.write_arrays(
        snakemake.output[0],
        latents=np.stack(latents),  # (1 + generations, images, latent dimensions), real data first
        class_shares=diversity.class_shares(probabilities),
        confidence=diversity.confidence(probabilities),
        pixel_deviation=np.array([diversity.pixel_deviation(images) for images in data]),
    )
