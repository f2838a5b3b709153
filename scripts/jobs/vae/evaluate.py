"""Evaluate all generations of one run with the encoder of model(0) and the digit classifier."""

import numpy as np
import torch
from collapse.vae import digits, diversity, vae
from pipeline import devices, files, weights
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    devices.prepare("cpu")
    encoder = weights.load(snakemake.input.encoder, vae.VAE(**settings["architecture"]))
    classifier = digits.DigitClassifier(settings["classifier"])
    weights.load(snakemake.input.classifier, classifier)
    latents, probabilities, deviations = [], [], []
    for path in [snakemake.input.real, *snakemake.input.samples]:
        images = files.read_arrays(path)["images"][: settings["images"]]
        latents.append(vae.latent_means(encoder, torch.tensor(images)).numpy())
        probabilities.append(digits.probabilities(classifier, torch.tensor(images)).numpy())
        deviations.append(diversity.pixel_deviation(images))
    files.write_arrays(
        snakemake.output[0],
        latents=np.stack(latents),  # (1 + generations, images, latent dimensions), real data first
        class_shares=diversity.class_shares(np.stack(probabilities)),
        confidence=diversity.confidence(np.stack(probabilities)),
        pixel_deviation=np.array(deviations),
    )
