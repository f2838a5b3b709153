"""Tabulate the headline numbers of every chain, by which revisions are compared."""

import pandas as pd
from collapse.claims import headline
from pipeline import files
from pipeline.job import job

with job(snakemake):
    given = dict(snakemake.input.items())
    gaussian = map(pd.read_csv, given.pop("gaussian", []))
    tables = {family: pd.read_csv(path) for family, path in given.items()}
    table = headline.histories(
        dict(zip(snakemake.params.regimes, gaussian, strict=False)), **tables
    )
    files.write_table(snakemake.output.csv, table.reset_index())
    files.write_markdown(snakemake.output.md, headline.ends(table))
    columns, chains = snakemake.params.columns, snakemake.params.chains
    for path, family in zip(snakemake.output.json, columns, strict=True):
        shown = headline.numbers(table, chains[family])
        shown["curves"] = headline.curves(table, columns[family])
        files.write_json(path, shown)
