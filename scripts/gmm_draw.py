"""Data(0) of one run, and what its models drew at some generations."""

import numpy as np
from collapse import files, mixture
from collapse.jobs import job

with job(snakemake):
    settings = snakemake.params.settings
    run = settings["run"] % settings["runs_per_job"]
    real = files.read_arrays(snakemake.input.real)["real"][run]
    models = mixture.Mixtures(**files.read_arrays(snakemake.input.models)).at(run)
    samples = [
        mixture.samples_of(models, generation, len(real), seed=[snakemake.params.seed, run])
        for generation in settings["generations"]
    ]
    files.write_arrays(snakemake.output[0], real=real, samples=np.stack(samples))
