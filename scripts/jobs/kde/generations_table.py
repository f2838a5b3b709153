"""Tabulate the variance of chains of kernel density estimates against its expectation."""

import itertools

import pandas as pd
from collapse.kde import kde
from collapse.process import summaries
from collapse.process.regimes import FullRegime
from pipeline import files
from pipeline.job import job

with job(snakemake):
    at, tables = snakemake.params.settings, []
    measured = files.read_arrays(snakemake.input.chains)["variances"]
    grid = itertools.product(at["regimes"].items(), at["sizes"], at["bandwidths"])
    for variances, ((name, mix), size, bandwidth) in zip(measured, grid, strict=True):
        chain = {"last_generation": at["last_generation"], "bandwidth": bandwidth}
        law = kde.expected_variances(FullRegime(**mix), size, **chain)
        place = {"regime": name, "size": size, "bandwidth": bandwidth or "Scott's rule"}
        tables.append(pd.DataFrame(place | summaries.against_law("variance", variances, law)))
    files.write_table(snakemake.output.csv, pd.concat(tables))
    files.write_markdown(snakemake.output.md, pd.concat([table[::10] for table in tables]))
