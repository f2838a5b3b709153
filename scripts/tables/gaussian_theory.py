"""Closed forms of the replace chain beside measurement, over runs."""

import pandas as pd
from collapse import files, gaussian, gaussian_comparison, summaries
from collapse.jobs import job

with job(snakemake):
    truth = snakemake.params.truth
    tables = []
    for setting, means, stds in gaussian.read_chains(snakemake.input.chains, snakemake.params.grid):
        shown = summaries.spaced_generations(means.shape[1] - 1)
        table = gaussian_comparison.against_theory(
            means, stds, **truth, **setting, generations=shown
        )
        tables.append(pd.DataFrame({**setting, **table}))
    whole = pd.concat(tables)
    files.write_table(snakemake.output.csv, whole)
    decades = whole["generation"].isin([1, 10, 100, 1000])
    files.write_markdown(snakemake.output.md, whole[decades])
