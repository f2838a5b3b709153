"""Measure the errors of repeated fits to n real points, for each n."""

import numpy as np
from collapse.gaussian import gaussian
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    mean_errors, std_errors = gaussian.estimation_errors(
        settings["sizes"],
        settings["repeats"],
        mean=settings["mean"],
        std=settings["std"],
        ddof=0,  # as in the released code
        rng=np.random.default_rng(snakemake.params.seed),
    )
    files.write_arrays(snakemake.output[0], mean_errors=mean_errors, std_errors=std_errors)
