"""Draw data(0) of a batch of runs."""

import numpy as np
from collapse.mixture import mixture
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    truth = mixture.truth(means=settings["means"], std=settings["std"])
    size = int(snakemake.wildcards.size)
    rng = np.random.default_rng(snakemake.params.seed)
    real = [mixture.draw(truth, size, rng=rng) for _ in range(settings["runs"])]
    files.write_arrays(snakemake.output[0], real=np.stack(real))
