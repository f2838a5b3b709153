"""Tabulate variance and divergence of chains with one source of error each, with their laws."""

import numpy as np
import pandas as pd
from collapse.approximation import sources
from pipeline import files
from pipeline.job import job

with job(snakemake):
    at, tables = snakemake.params.settings, []
    arrays = files.read_arrays(snakemake.input.chains)
    for position, (source, chain) in enumerate(sources.chains_of(at)):
        found = arrays[f"means_{position}"], arrays[f"variances_{position}"]
        table = sources.against_laws(chain, *found, separation=at["separation"])
        steps = (chain.descent or (np.nan, np.nan))[:2]
        place = {"source": source, "truth": chain.truth, "size": chain.size or np.nan}
        place |= dict(zip(("steps", "step_size"), steps, strict=True))
        tables.append(pd.DataFrame(place | table))
    whole = pd.concat(tables)
    files.write_table(snakemake.output.csv, whole)
    files.write_markdown(snakemake.output.md, whole[whole["generation"] % 10 == 0])
