"""Draw the distance of the replace chain to the truth for growing numbers of samples."""

import numpy as np
import pandas as pd
from pipeline.job import job
from report import plotting


def draw(axes, by_power):
    """Draw measurement with interval, closed form and limit, for each power."""
    for position, (power, table) in enumerate(by_power):
        x, ends = table["generation"] + 1, (table["wasserstein_low"], table["wasserstein_high"])
        label = f"M ∝ $(g + 1)^{{{power:g}}}$" if power else "M constant"
        plotting.line_with_band(
            axes, x, table["wasserstein"], *ends, position=position, label=label
        )
        axes.plot(x, table["wasserstein_theory"], **plotting.THEORY)
        if np.isfinite(table["limit"].iloc[0]):
            axes.axhline(table["limit"].iloc[0], color=plotting.COLOURS[position], linewidth=0.7)
        if table["error_term"].iloc[0]:
            axes.plot(x, table["bound"], color="0.5", linewidth=0.7)


with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    rows, columns = (sorted(whole[name].unique()) for name in ("ddof", "noise"))
    figure, grid = plotting.plt.subplots(
        *(len(rows), len(columns)),
        figsize=(3.6 * len(columns), 2.6 * len(rows)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for ddof, panels in zip(rows, grid, strict=True):
        for noise, axes in zip(columns, panels, strict=True):
            draw(axes, whole[(whole["ddof"] == ddof) & (whole["noise"] == noise)].groupby("power"))
            axes.set(xscale="log", yscale="log", title=f"ddof = {ddof}, noise = {noise:g} σ₀")
        panels[0].set_ylabel("mean squared W₂ distance / σ₀²")
    for axes in grid[-1]:
        axes.set_xlabel("number of fits (generation + 1)")
    grid[0][0].legend(loc="upper left")
    plotting.save(figure, snakemake)
