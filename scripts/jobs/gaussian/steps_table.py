"""Tabulate how far each generation's model is from the last one's, over runs."""

import pandas as pd
from collapse.gaussian import summary
from pipeline import files, results
from pipeline.job import job

COLUMNS = ("ddof", "size", "first", "last", "generation", "step", "step_low", "step_high")

with job(snakemake):
    params, tables = snakemake.params, [pd.DataFrame(columns=COLUMNS)]
    kept = results.gaussian_histories(snakemake.input.history, params.grid, params.every)
    for setting, arrays in kept:
        if setting in params.every:
            table = summary.steps(arrays["means"], arrays["stds"], std=params.truth["std"])
            tables.append(pd.DataFrame({**setting, **table}))
    files.write_table(snakemake.output[0], pd.concat(tables[1:] or tables))
