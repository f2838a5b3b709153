"""Draw the images that a figure shows from the models of some generations, and read real ones."""

from pathlib import Path

import numpy as np
from collapse.vae import vae
from pipeline import devices, files, weights
from pipeline.job import job
from sources import mnist

with job(snakemake):
    drawn, n_shown = snakemake.params.drawn, snakemake.params.settings["rows"] ** 2
    device = devices.prepare("cpu")
    grids = []
    for path, seed in zip(snakemake.input.models, snakemake.params.seeds, strict=True):
        model = weights.load(path, vae.build(drawn["architecture"], device=device))
        grids.append(vae.sample(model, drawn["images"], seed=seed, first=n_shown))
    root = Path(snakemake.input.mnist[0]).parents[2]
    real = mnist.read(root, train=True)[0][:n_shown]
    files.write_arrays(snakemake.output[0], real=real, images=np.stack(grids))
