"""Run chains of kernel density estimates and measure their variance."""

import itertools

import numpy as np
from collapse.kde import kde
from collapse.process.regimes import FullRegime
from pipeline import files
from pipeline.job import job

with job(snakemake):
    at, seed, measured = snakemake.params.settings, snakemake.params.seed, []
    grid = itertools.product(at["regimes"].values(), at["sizes"], at["bandwidths"])
    for mix, size, bandwidth in grid:
        real = np.random.default_rng([seed, size, 0, 1]).standard_normal((at["runs"], size))
        chain = {"last_generation": at["last_generation"], "bandwidth": bandwidth}
        measured.append(kde.variances(FullRegime(**mix), real, **chain, seed=seed))
    files.write_arrays(snakemake.output[0], variances=np.stack(measured))
