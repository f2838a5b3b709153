"""Run chains of normal distributions with one source of error each, and with all three."""

import numpy as np
from collapse.approximation import sources
from pipeline import files
from pipeline.job import job

with job(snakemake):
    at, seed, arrays = snakemake.params.settings, snakemake.params.seed, {}
    for position, (_, chain) in enumerate(sources.chains_of(at)):
        rng = np.random.default_rng([seed, position, 0, 1])
        runs = at["runs"] if chain.size else 1  # without samples, all runs are equal
        real = sources.real_data(chain, runs, separation=at["separation"], rng=rng)
        found = sources.models(chain, real, last_generation=at["last_generation"], seed=seed)
        arrays |= {f"means_{position}": found[0], f"variances_{position}": found[1]}
    files.write_arrays(snakemake.output[0], **arrays)
