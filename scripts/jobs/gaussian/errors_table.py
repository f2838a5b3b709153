"""Tabulate errors of the fitted mean and standard deviation by generation, over runs."""

import pandas as pd
from collapse.gaussian import summary
from collapse.process import summaries
from pipeline import files, results
from pipeline.job import job

with job(snakemake):
    tables = []
    for setting, arrays in results.chains(snakemake.input.chains, snakemake.params.grid):
        shown = summaries.spaced_generations(arrays["means"].shape[1] - 1)
        table = summary.errors(**arrays, **snakemake.params.truth, generations=shown)
        tables.append(pd.DataFrame({**setting, **table}))
    files.write_table(snakemake.output[0], pd.concat(tables))
