"""Tabulate losses of real text by generation, and of all text under generation 0."""

import numpy as np
import pandas as pd
from collapse.lm import summary
from pipeline import files, results
from pipeline.job import job

with job(snakemake):
    output, runs = snakemake.output, {}
    for setting, paths in results.grouped(snakemake.input.runs, snakemake.params.settings):
        runs[setting] = [files.read_arrays(path) for path in paths]
    losses = {setting: [run["losses"] for run in own] for setting, own in runs.items()}
    texts = {setting: [np.exp(run["under_first"]) for run in own] for setting, own in runs.items()}

    table = pd.concat(
        summary.perplexities(own).assign(setting=setting) for setting, own in losses.items()
    )
    files.write_table(output.csv, table)
    files.write_markdown(output.md, table)

    documents = next(iter(runs.values()))[0]["documents"]
    changes = summary.changes(losses, documents)
    files.write_table(output.changes, changes)
    files.write_markdown(output.changes_md, changes)

    edges = summary.edges_for([text for own in texts.values() for text in own])
    histograms = pd.concat(
        summary.histograms(own, edges).assign(setting=setting) for setting, own in texts.items()
    )
    files.write_table(output.histograms, histograms)
