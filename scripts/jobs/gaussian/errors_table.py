"""Tabulate errors of the fitted mean and standard deviation by generation, over runs."""

import pandas as pd
from collapse.gaussian import summary
from pipeline import files, results
from pipeline.job import job

with job(snakemake):
    tables = []
    for setting, arrays in results.gaussian_histories(
        snakemake.input.history, snakemake.params.grid
    ):
        table = summary.errors(**arrays, **snakemake.params.truth)
        tables.append(pd.DataFrame({**setting, **table}))
    files.write_table(snakemake.output[0], pd.concat(tables))
