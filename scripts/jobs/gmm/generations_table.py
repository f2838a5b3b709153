"""Tabulate distances and widths of every chain of mixtures, over runs."""

import numpy as np
import pandas as pd
from collapse.mixture import mixture, summary
from collapse.process import summaries
from pipeline import files, results
from pipeline.job import job

with job(snakemake):
    params, tables, read = snakemake.params, [], []
    for setting, arrays in results.chains(snakemake.input.chains, params.grid):
        last = setting["last_generation"]
        wanted = [generation for generation in params.generations if generation <= last]
        table = summary.over_runs(
            mixture.Mixtures(**arrays),
            mixture.truth(**params.truths[setting["data"]]),
            size=setting["size"],
            generations=np.union1d(summaries.spaced_generations(last), wanted),
        )
        place = {name: setting[name] for name in ("regime", "data", "size")}
        table = pd.DataFrame({**place, **table})
        tables.append(table)
        read.append(table[table["generation"].isin([*wanted, last])])
    files.write_table(snakemake.output.csv, pd.concat(tables))
    files.write_markdown(snakemake.output.md, summary.readable(pd.concat(read)))
