"""Every chain of mixtures in numbers, over runs."""

import numpy as np
import pandas as pd
from collapse import files, mixture, mixture_summary, summaries
from collapse.jobs import job

with job(snakemake):
    params, tables, read = snakemake.params, [], []
    for setting, history in mixture.read_chains(snakemake.input.chains, params.grid):
        last = setting["last_generation"]
        wanted = [generation for generation in params.generations if generation <= last]
        table = mixture_summary.over_runs(
            history,
            mixture.truth(**params.truths[setting["data"]]),
            size=setting["size"],
            generations=np.union1d(summaries.spaced_generations(last), wanted),
        )
        place = {name: setting[name] for name in ("regime", "data", "size")}
        table = pd.DataFrame({**place, **table})
        tables.append(table)
        read.append(table[table["generation"].isin([*wanted, last])])
    files.write_table(snakemake.output.csv, pd.concat(tables))
    files.write_markdown(snakemake.output.md, mixture_summary.to_read(pd.concat(read)))
