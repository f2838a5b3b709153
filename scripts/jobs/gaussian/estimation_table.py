"""Tabulate mean and standard deviation over repeats of the errors of a fit to n real points."""

import pandas as pd
from pipeline import files
from pipeline.job import job

with job(snakemake):
    errors = files.read_arrays(snakemake.input.errors)
    table = {"points": snakemake.params.sizes}
    for name in ("mean_errors", "std_errors"):
        table[name] = errors[name].mean(axis=1)
        table[f"{name}_spread"] = errors[name].std(axis=1, ddof=1)
    files.write_table(snakemake.output[0], pd.DataFrame(table))
