"""Tabulate the choices that the paper leaves open: released code, this run, measured effect."""

from pathlib import Path

import pandas as pd
from collapse.claims import fidelity
from pipeline import files, reference
from pipeline.job import job

with job(snakemake):
    results = {Path(path).stem: pd.read_csv(path) for path in snakemake.input.results}
    table = fidelity.table(reference.choices(), snakemake.params.values, results)
    files.write_table(snakemake.output.csv, table)
    table["in table"] = [f"[{name}]({name}.md)" if name else "" for name in table["in table"]]
    files.write_markdown(snakemake.output.md, table.drop(columns="choice"))
