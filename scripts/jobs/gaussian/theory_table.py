"""Tabulate measurements of the replace chain, over runs, and their closed forms."""

import pandas as pd
from collapse.gaussian import comparison
from pipeline import files, results
from pipeline.job import job

with job(snakemake):
    truth = snakemake.params.truth
    tables = []
    for setting, arrays in results.gaussian_histories(
        snakemake.input.history, snakemake.params.grid
    ):
        table = comparison.against_theory(**arrays, **truth, **setting)
        tables.append(pd.DataFrame({**setting, **table}))
    whole = pd.concat(tables)
    files.write_table(snakemake.output.csv, whole)
    decades = whole["generation"].isin([1, 10, 100, 1000])
    shown = whole[decades].filter(regex=r"(?<!_median)(?<!_q05)(?<!_q95)$")  # fit on a page
    files.write_markdown(snakemake.output.md, shown)
