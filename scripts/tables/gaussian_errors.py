"""Errors of the fitted mean and standard deviation against generation, over runs."""

import pandas as pd
from collapse import files, gaussian, gaussian_summary, summaries
from collapse.jobs import job

with job(snakemake):
    tables = []
    for setting, means, stds in gaussian.read_chains(snakemake.input.chains, snakemake.params.grid):
        shown = summaries.spaced_generations(means.shape[1] - 1)
        table = gaussian_summary.errors(means, stds, **snakemake.params.truth, generations=shown)
        tables.append(pd.DataFrame({**setting, **table}))
    files.write_table(snakemake.output[0], pd.concat(tables))
