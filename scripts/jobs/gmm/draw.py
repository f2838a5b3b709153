"""Draw samples of one run at some generations, and keep them with data(0)."""

import numpy as np
from collapse.mixture import mixture
from collapse.process.regimes import FullRegime
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    run = settings["run"] % settings["runs_per_job"]
    real = files.read_arrays(snakemake.input.real)["real"][run]
    models = mixture.Mixtures(**files.read_arrays(snakemake.input.models)).at(run)
    options = {
        "seed": [snakemake.params.seed, run],
        "regime": FullRegime(**snakemake.params.regime),
        "ideal": mixture.truth(**snakemake.params.truth),
    }
    samples = [
        mixture.samples_of(models, generation, len(real), **options)
        for generation in settings["generations"]
    ]
    files.write_arrays(snakemake.output[0], real=real, samples=np.stack(samples))
