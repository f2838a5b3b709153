"""Train model(g) on data(g), which is drawn again from the models of earlier generations."""

from pathlib import Path

import torch
from collapse.process import generations
from collapse.vae import vae
from pipeline import devices, files, weights
from pipeline.job import job
from sources import mnist

with job(snakemake):
    params, settings = snakemake.params, snakemake.params.settings
    n_images, seeds = settings["images"], params.source_seeds
    device = devices.prepare(settings["device"])
    # deterministic PyTorch fills new memory, which costs time; no layer reads it before writing
    torch.utils.deterministic.fill_uninitialized_memory = False
    models = [
        weights.load(path, vae.build(settings["architecture"], device=device))
        for path in snakemake.input.models
    ]
    data = teacher = None
    if models and settings["samples"] == "streaming":
        (teacher,) = models
    else:
        mix = generations.composition(
            generations.Regime(**params.regime),
            int(snakemake.wildcards.get("generation", 0)),
            n_images,
            seed=params.mix_seed,
        )
        roots = {Path(path).parents[2] for path in snakemake.input.mnist}
        arrays = [mnist.read(root, train=True)[0][:n_images] for root in roots]
        arrays += [vae.sample(m, n_images, seed=s) for m, s in zip(models, seeds, strict=True)]
        data = generations.assemble(arrays, *mix)
    model, losses = vae.new_generation(
        settings, data=data, teacher=teacher, device=device, seed=params.seed
    )
    weights.save(snakemake.output.model, model)
    files.write_json(snakemake.output.metrics, {"loss_per_epoch": losses})
