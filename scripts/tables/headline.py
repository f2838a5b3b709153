"""Spread or perplexity of every chain, by generation: what revisions are compared by."""

import pandas as pd
from collapse import files, headline
from collapse.jobs import job

with job(snakemake):
    given = snakemake.input
    gaussian = dict(zip(snakemake.params.regimes, map(pd.read_csv, given.gaussian), strict=True))
    table = headline.histories(gaussian, *map(pd.read_csv, (given.gmm, given.vae, given.lm)))
    ends = headline.ends(table)
    files.write_table(snakemake.output.csv, table.reset_index())
    files.write_markdown(snakemake.output.md, ends)
    rounded = ends.set_index("quantity").map(lambda value: float(f"{value:.6g}"))
    files.write_json(snakemake.output.json, rounded[["first", "last"]].to_dict("index"))
