"""Tabulate errors of the fitted mean and standard deviation by generation, over runs."""

import pandas as pd
from collapse.gaussian import summary
from collapse.process.regimes import FullRegime
from pipeline import files, results
from pipeline.job import job

with job(snakemake):
    params, tables = snakemake.params, []
    for setting, arrays in results.gaussian_histories(snakemake.input.history, params.grid):
        table = summary.errors(**arrays, **params.truth)
        if FullRegime(**params.mix) == FullRegime():  # the only regime whose law is known
            law = summary.replace_law(arrays["generations"], std=params.truth["std"], **setting)
            table = table.join(law)
        tables.append(pd.DataFrame({**setting, **table}))
    files.write_table(snakemake.output[0], pd.concat(tables))
