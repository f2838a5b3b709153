"""Where the paper leaves open what was done: what its code does, what this run does and shows."""

from pathlib import Path

import pandas as pd
from collapse import configuration, fidelity, files
from collapse.jobs import job

with job(snakemake):
    choices = configuration.read_yaml(snakemake.input.choices)
    results = {Path(path).stem: pd.read_csv(path) for path in snakemake.input.results}
    table = fidelity.table(choices, snakemake.params.values, results)
    files.write_table(snakemake.output.csv, table)
    table["in table"] = [f"[{name}]({name}.md)" if name else "" for name in table["in table"]]
    files.write_markdown(snakemake.output.md, table.drop(columns="choice"))
