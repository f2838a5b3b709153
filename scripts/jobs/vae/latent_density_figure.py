"""Draw the density of the original encoder's means on samples of several generations."""

import pandas as pd
from collapse.claims import published
from pipeline import reference
from pipeline.job import job
from report import plotting

with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    regimes = whole["regime"].unique()
    figure, grid = plotting.plt.subplots(
        1, len(regimes), figsize=(5.4 * len(regimes), 3.4), sharey=True, squeeze=False
    )
    colours = plotting.sequence(whole["generation"].nunique())
    for axes, regime in zip(grid[0], regimes, strict=True):
        by_generation = whole[whole["regime"] == regime].groupby("generation")
        for colour, (generation, table) in zip(colours, by_generation, strict=True):
            x, low, high = table["latent"], table["low"], table["high"]
            axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(x, table["mean"], color=colour, label=f"{generation}")
        axes.set(xlabel="latent coordinate (mean of the original encoder)", title=regime)
    grid[0][0].set_ylabel("density")
    grid[0][-1].legend(title="samples of\ngeneration", ncols=2)
    peaks = published.select(reference.published(), quantity="latent_peak_density")
    by_generation = dict(zip(peaks["generation"].astype(int), peaks["value"], strict=True))
    plotting.save(figure, snakemake, published=by_generation)
