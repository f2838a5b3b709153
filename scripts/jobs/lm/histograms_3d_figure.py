"""Draw histograms of the perplexity of text under generation 0, in three dimensions."""

import numpy as np
import pandas as pd
from pipeline.job import job
from report import plotting

with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    settings = whole["setting"].unique()
    n_columns = min(len(settings), 3)
    n_rows = -(-len(settings) // n_columns)
    figure = plotting.plt.figure(figsize=(3.6 * n_columns, 3.4 * n_rows))
    for position, setting in enumerate(settings, start=1):
        axes = figure.add_subplot(n_rows, n_columns, position, projection="3d")
        table = whole[(whole["setting"] == setting) & (whole["generation"] >= 0)]
        by_generation = table.groupby("generation")
        colours = plotting.sequence(len(by_generation))
        # later generations first, so that earlier ones are in front
        for colour, (generation, rows) in reversed(list(zip(colours, by_generation, strict=True))):
            middle = np.log10(rows["perplexity_from"] * rows["perplexity_to"]) / 2
            axes.plot(middle, np.full(len(rows), generation), rows["mean"], color=colour)
            place = middle.to_numpy(), np.full(len(rows), generation)
            axes.fill_between(*place, 0, *place, rows["mean"].to_numpy(), color=colour, alpha=0.25)
        axes.set(ylabel="generation")
        axes.set_title(plotting.setting(setting)[0], y=0.92)
        axes.set_xlabel("log₁₀ of perplexity\nunder generation 0", labelpad=9)
        axes.set_zlabel("share of blocks")
        axes.set_box_aspect(None, zoom=0.82)
    plotting.save(figure, snakemake)
