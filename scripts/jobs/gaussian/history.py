"""Keep what tables and claims read of the chains of a regime."""

import numpy as np
from collapse.process import summaries
from pipeline import files, results
from pipeline.job import job

with job(snakemake):
    params = snakemake.params
    some, every = {"means": [], "stds": []}, {"means": [], "stds": []}
    for setting, arrays in results.chains(snakemake.input.chains, params.grid):
        last = arrays["means"].shape[1] - 1
        wanted = [generation for generation in params.generations if generation <= last]
        kept = np.union1d(summaries.spaced_generations(last), wanted).astype(int)
        for name, values in arrays.items():
            some[name].append(values[:, kept])
            if setting in params.every:
                every[name].append(values)
    files.write_arrays(
        snakemake.output[0],
        generations=kept,
        **{name: np.stack(values) for name, values in some.items()},
        **{f"every_{name}": np.stack(values) for name, values in every.items() if values},
    )
