"""Perplexity of real test text under every generation, and of every text under generation 0."""

import numpy as np
from collapse import files, language_model, torch_tools
from collapse.jobs import job

with job(snakemake):
    settings, given = snakemake.params.settings, snakemake.input
    device = torch_tools.prepare(settings["device"])
    real = files.read_arrays(given.real)
    texts = [real["blocks"], *(files.read_arrays(path)["blocks"] for path in given.samples)]
    base = language_model.load(given.config, given.base, device)
    before = language_model.perplexities(language_model.token_losses(base, real["test"], settings))
    tests = [before, *(files.read_json(path)["test"] for path in given.metrics)]
    judge = language_model.load(given.config, given.judge, device)
    losses = [language_model.token_losses(judge, text, settings) for text in texts]
    files.write_arrays(
        snakemake.output[0],
        # (1 + generations,), the model that no generation has trained first
        **{name: np.array([test[name] for test in tests]) for name in before},
        # (1 + generations, blocks), the real text first
        under_first=np.stack([language_model.sequence_perplexities(x) for x in losses]),
    )
