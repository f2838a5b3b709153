"""Collect the losses of real text under every generation, and of all text under model(0)."""

import numpy as np
from collapse.lm import language_model
from pipeline import devices, files, weights
from pipeline.job import job


def load(config, path, device):
    """Load the model with this configuration and these weights."""
    model = language_model.from_configuration(files.read_json(config))
    return language_model.place(weights.load(path, model), device)


with job(snakemake):
    settings, given = snakemake.params.settings, snakemake.input
    device = devices.prepare(settings["device"])
    real = files.read_arrays(given.real)
    texts = [real["blocks"], *(files.read_arrays(path)["blocks"] for path in given.samples)]
    base = load(given.config, given.base, device)
    before = language_model.block_losses(base, real["test"], settings)
    tests = [before, *(files.read_arrays(path)["test"] for path in given.losses)]
    judge = load(given.config, given.judge, device)
    files.write_arrays(
        snakemake.output[0],
        # (1 + generations, test blocks), the model before fine-tuning first
        losses=np.stack(tests),
        documents=real["test_documents"],
        # (1 + generations, blocks), the real text first
        under_first=np.stack(
            [language_model.block_losses(judge, text, settings) for text in texts]
        ),
    )
