"""Tabulate repetition and lost vocabulary in the text of every generation, over runs."""

import pandas as pd
from collapse.lm import summary
from pipeline import files, results
from pipeline.job import job

with job(snakemake):
    tables = []
    for setting, paths in results.grouped(snakemake.input.runs, snakemake.params.settings):
        runs = [files.read_arrays(path) for path in paths]
        # one value for each text; values of each block are for the claims
        shares = [{name: v for name, v in run.items() if v.ndim == 1} for run in runs]
        tables.append(summary.texts(shares).assign(setting=setting))
    table = pd.concat(tables)
    files.write_table(snakemake.output.csv, table)
    files.write_markdown(snakemake.output.md, table)
