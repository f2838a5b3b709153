"""Draw data(0) of a batch of runs."""

import numpy as np
from collapse.gaussian import gaussian
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    real = gaussian.draw_real(
        settings["runs"],
        int(snakemake.wildcards.size),
        mean=settings["mean"],
        std=settings["std"],
        rng=np.random.default_rng(snakemake.params.seed),
    )
    files.write_arrays(snakemake.output[0], real=real)
