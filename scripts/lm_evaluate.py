"""Perplexity of the real test set under every generation, and of every text under generation 0."""

import numpy as np

from collapse import files, language_model, torch_tools
from collapse.jobs import job

with job(snakemake.log[0]):
    settings, given = snakemake.params.settings, snakemake.input
    device = torch_tools.prepare(settings["device"])
    real, tests = files.read_arrays(given.real), []
    for path in [given.base, *given.models]:
        model = language_model.load(given.config, path, device)
        tests.append(
            language_model.perplexities(language_model.token_losses(model, real["test"], settings))
        )
    first = language_model.load(given.config, given.models[0], device)
    texts = [real["blocks"], *(files.read_arrays(path)["blocks"] for path in given.samples)]
    losses = [language_model.token_losses(first, blocks, settings) for blocks in texts]
    files.write_arrays(
        snakemake.output[0],
        # (1 + generations,), the model that no generation has trained first
        token=np.array([test["token"] for test in tests]),
        sequence=np.array([test["sequence"] for test in tests]),
        # (1 + generations, blocks), the real text first
        under_first=np.stack([language_model.sequence_perplexities(values) for values in losses]),
    )
