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
    ends = headline.ends(table)
    files.write_table(snakemake.output.csv, table.reset_index())
    files.write_markdown(snakemake.output.md, ends)
    rounded = ends.set_index("quantity").map(lambda value: float(f"{value:.6g}"))
    files.write_json(snakemake.output.json, rounded[["first", "last"]].to_dict("index"))
