"""Draw lost vocabulary and repetition in generated text against generation."""

import pandas as pd
from pipeline.job import job
from report import plotting

PANELS = {
    "vocabulary_coverage": "share of real types left",
    "tail_coverage": "share of rare real types left",
    "repeated_4gram_share": "share of repeated 4-grams",
    "distinct_2": "different 2-grams per 2-gram",
}

with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    figure, (row,) = plotting.plt.subplots(
        1, len(PANELS), figsize=(2.7 * len(PANELS), 3.2), squeeze=False
    )
    for axes, (quantity, label) in zip(row, PANELS.items(), strict=True):
        by_setting = whole[whole["quantity"] == quantity].groupby("setting", sort=False)
        for name, rows in by_setting:
            called, position = plotting.setting(name)
            plotting.runs_with_band(axes, rows, position=position, label=called)
        axes.set(xlabel="generation of the text (−1: real)", ylabel=label, ylim=(0, None))
        axes.xaxis.set_major_locator(plotting.plt.MaxNLocator(integer=True))
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    plotting.save(figure, snakemake)
