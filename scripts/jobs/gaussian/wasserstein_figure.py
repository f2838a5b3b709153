"""Draw measured distance and variances of the replace chain, and their closed forms."""

import pandas as pd
from pipeline.job import job
from report import plotting

PANELS = {
    "wasserstein": ("mean squared W₂ distance / σ₀²", "log"),
    "sample_variance": ("variance of a sample, Var(Xⁿ) / σ₀²", "linear"),
    "log_variance": ("mean of log(σ² / σ₀²)", "linear"),
}


def draw(axes, position, table, quantity):
    """Draw one size M in one panel: measurement with its interval, and closed form."""
    x = table["generation"] + 1
    ends = table[f"{quantity}_low"], table[f"{quantity}_high"]
    label = f"M = {table['size'].iloc[0]:,}"
    plotting.line_with_band(axes, x, table[quantity], *ends, position=position, label=label)
    axes.plot(x, table[f"{quantity}_theory"], **plotting.THEORY)


with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    rows = sorted(whole["ddof"].unique())
    figure, grid = plotting.plt.subplots(
        len(rows), 3, figsize=(9.5, 2.6 * len(rows)), sharex=True, squeeze=False
    )
    for ddof, panels in zip(rows, grid, strict=True):
        by_size = whole[whole["ddof"] == ddof].groupby("size")
        for axes, (quantity, (label, scale)) in zip(panels, PANELS.items(), strict=True):
            for position, (_, table) in enumerate(by_size):
                draw(axes, position, table, quantity)
            axes.set(xscale="log", yscale=scale, ylabel=label, title=f"ddof = {ddof}")
        # The mean of a heavy tail depends on one run in a thousand: scale the axis by the theory.
        top = whole.loc[whole["ddof"] == ddof, "sample_variance_theory"].max()
        panels[1].set_ylim(0, 1.5 * top)
        panels[0].set_ylim(whole["wasserstein"].min() / 2, 3 * whole["wasserstein_theory"].max())
    for axes in grid[-1]:
        axes.set_xlabel("number of fits (generation + 1)")
    grid[0][-1].plot([], [], label="closed form", **plotting.THEORY)
    grid[0][-1].legend(loc="lower left")
    plotting.save(figure, snakemake)
