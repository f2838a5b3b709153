"""Look at all generations of one run with generation 0's encoder and the digit classifier."""

import numpy as np
import torch
from collapse import digits, diversity, files, torch_tools, vae
from collapse.jobs import job

with job(snakemake):
    settings = snakemake.params.settings
    encoder = vae.load(
        snakemake.input.encoder, settings["architecture"], torch_tools.prepare("cpu")
    )
    classifier = digits.DigitClassifier(settings["classifier"])
    torch_tools.load_model(snakemake.input.classifier, classifier)
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
