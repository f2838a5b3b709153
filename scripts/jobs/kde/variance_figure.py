"""Draw the variance of chains of kernel density estimates against generation."""

import pandas as pd
from pipeline.job import job
from report import plotting

with job(snakemake):
    whole = pd.read_csv(snakemake.input.table, index_col="generation")
    sets = list(whole.groupby(["regime", "size"], sort=False))
    figure, grid = plotting.plt.subplots(1, len(sets), figsize=(9, 2.8), sharey=True, squeeze=False)
    for axes, ((regime, size), part) in zip(grid[0], sets, strict=True):
        for position, (bandwidth, table) in enumerate(part.groupby("bandwidth", sort=False)):
            band = (table[name] for name in ("variance", "variance_low", "variance_high"))
            plotting.line_with_band(axes, table.index, *band, position=position, label=bandwidth)
            axes.plot(table.index, table["variance_theory"], **plotting.THEORY)
        axes.set(yscale="log", xlabel="generation", title=f"{regime}, M = {size:,}")
    grid[0][0].set_ylabel("variance of the model / σ₀²")
    axes.plot([], [], label="expectation", **plotting.THEORY)
    axes.legend(title="bandwidth / σ₀")
    plotting.save(figure, snakemake)
