"""Draw the distance of the replace chain to the truth for growing numbers of samples."""

import numpy as np
import pandas as pd
from collapse import labels
from pipeline.job import job
from report import plotting

BOUND = {"color": "0.45", "linewidth": 0.8}
NAMES = {0: "M constant", 1: "M grows linearly", 2: "M grows quadratically"}


def draw(axes, position, power, table):
    """Draw one power: mean with interval, quantiles over runs, closed form, limit and bound."""
    x, ends = table["generation"] + 1, (table["wasserstein_low"], table["wasserstein_high"])
    label = NAMES.get(power, f"M grows as power {power:g}")
    plotting.line_with_band(axes, x, table["wasserstein"], *ends, position=position, label=label)
    known = table["wasserstein_median"].notna()  # a little apart, or the bars would overlap
    colour, apart = plotting.COLOURS[position], x[known] * 1.12 ** (position - 1)
    axes.vlines(
        *(apart, table.loc[known, "wasserstein_q05"], table.loc[known, "wasserstein_q95"]),
        color=colour,
        linewidth=0.8,
    )
    marker = {"color": colour, "marker": "o", "markersize": 3, "linestyle": "none"}
    axes.plot(apart, table.loc[known, "wasserstein_median"], markerfacecolor="white", **marker)
    axes.plot(x, table["wasserstein_theory"], label="closed form of the mean", **plotting.THEORY)
    if np.isfinite(limit := table["limit"].iloc[0]):
        style = {"color": colour, "linewidth": 0.7, "linestyle": (0, (6, 3))}
        axes.axhline(limit, label="limit of the mean, leading order", **style)
    if table["error_term"].iloc[0] and table["bound"].notna().any():
        axes.plot(x, table["bound"], label="lower bound of the mean with noise", **BOUND)


with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    rows, columns = (sorted(whole[name].unique()) for name in ("ddof", "noise"))
    figure, grid = plotting.grid(len(rows), len(columns), height=2.1, sharex=True, sharey=True)
    for ddof, panels in zip(rows, grid, strict=True):
        for noise, axes in zip(columns, panels, strict=True):
            part = whole[(whole["ddof"] == ddof) & (whole["noise"] == noise)]
            for position, (power, table) in enumerate(part.groupby("power")):
                draw(axes, position, power, table)
            more = f"noise of {noise:g} σ₀ in each mean" if noise else "no noise"
            axes.set(xscale="log", yscale="log", title=f"{labels.DDOF[ddof]}, {more}")
        panels[0].set_ylabel("W₂² / σ₀²")
    for axes in grid[-1]:
        axes.set_xlabel("number of fits")
    style = {"color": "0.2", "marker": "o", "markersize": 3, "markerfacecolor": "white"}
    grid[0, 0].plot([], [], label="median and 5–95 % of runs", linewidth=0.8, **style)
    plotting.legend(figure, columns=3)
    plotting.save(figure, snakemake)
