"""Errors of one fit to n real points, repeated, for each n."""

import numpy as np
from collapse import files, gaussian
from collapse.jobs import job

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
