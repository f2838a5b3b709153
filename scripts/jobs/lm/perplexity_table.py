"""Tabulate perplexities of real text by generation, and of all text under generation 0."""

import numpy as np
import pandas as pd
from collapse.lm import summary
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    runs = np.reshape(
        [files.read_arrays(path) for path in snakemake.input.runs], (len(settings), -1)
    )
    tables, histograms = [], []
    edges = summary.edges_for(np.stack([run["under_first"] for run in runs.flat]))
    for setting, evaluations in zip(settings, runs, strict=True):
        tables.append(summary.perplexities(evaluations).assign(setting=setting))
        under_first = [run["under_first"] for run in evaluations]
        histograms.append(summary.histograms(under_first, edges).assign(setting=setting))
    files.write_table(snakemake.output.csv, pd.concat(tables))
    files.write_markdown(snakemake.output.md, pd.concat(tables))
    files.write_table(snakemake.output.histograms, pd.concat(histograms))
