"""Run chains of kernel ridge regression and measure what is left of the true function."""

import numpy as np
from collapse.approximation import kernel_ridge
from collapse.process.regimes import FullRegime
from pipeline import files
from pipeline.job import job

with job(snakemake):
    at, seed, found = snakemake.params.settings, snakemake.params.seed, []
    shown, kernel = at["generations"], {"length_scale": at["length_scale"]}
    x = kernel_ridge.places(at["inputs"])
    truth = kernel_ridge.true_function(x, at["jump"])
    eigenvalues, projections = kernel_ridge.directions(x, truth, at["directions"], **kernel)
    chain = kernel | {"ridge": at["ridge"], "noise": at["noise"], "last_generation": max(shown)}
    for mix in at["regimes"].values():
        rng = np.random.default_rng([seed, 0, 0, 1])
        real = kernel_ridge.real_data(x, truth, at["runs"], noise=at["noise"], rng=rng)
        found.append(
            kernel_ridge.predictions(FullRegime(**mix), real, **chain, seed=seed)[:, shown]
        )
    predictions = np.stack(found)
    arrays = {"x": x, "truth": truth, "eigenvalues": eigenvalues, "predictions": predictions}
    files.write_arrays(snakemake.output[0], shares=predictions @ projections, **arrays)
