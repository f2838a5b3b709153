"""Chains of kernel density estimates: their variance, over runs, beside its expectation."""

import itertools

import numpy as np
import pandas as pd
from collapse import files, kde, summaries
from collapse.generations import Regime
from collapse.jobs import job

with job(snakemake):
    at, seed, tables = snakemake.params.settings, snakemake.params.seed, []
    grid = itertools.product(at["regimes"].items(), at["sizes"], at["bandwidths"])
    for (name, mix), size, bandwidth in grid:
        real = np.random.default_rng([seed, size, 0, 1]).standard_normal((at["runs"], size))
        chain = {"last_generation": at["last_generation"], "bandwidth": bandwidth}
        measured = kde.variances(Regime(**mix), real, **chain, seed=seed)
        law = kde.expected_variances(Regime(**mix), size, **chain)
        place = {"regime": name, "size": size, "bandwidth": bandwidth or "Scott's rule"}
        tables.append(pd.DataFrame(place | summaries.against_law("variance", measured, law)))
    files.write_table(snakemake.output.csv, pd.concat(tables))
    files.write_markdown(snakemake.output.md, pd.concat([table[::10] for table in tables]))
