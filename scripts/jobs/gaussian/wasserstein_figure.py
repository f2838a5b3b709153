"""Draw measured distance and variances of the replace chain, and their closed forms."""

import pandas as pd
from collapse import labels
from pipeline.job import job
from report import plotting

COLOUR = plotting.COLOURS[plotting.regime("replace")[1]]
MEAN = {"color": plotting.COLOURS[1], "linestyle": "--", "linewidth": 1.1}
BELOW = {
    "sample_variance": "variance of a\nsample, Var(Xⁿ) / σ₀²",
    "log_variance": "mean of log(σ² / σ₀²)",
}


def distance(axes, table):
    """Draw the distribution over runs of W₂², its mean with an interval, and the closed form."""
    x, lowest = table["generation"] + 1, table["wasserstein_q05"].min()
    band = table["wasserstein_q05"], table["wasserstein_q95"]
    axes.fill_between(x, *band, color=COLOUR, alpha=0.2, linewidth=0, label="5–95 % of runs")
    axes.plot(x, table["wasserstein_median"], color=COLOUR, label="median of runs")
    ends = table["wasserstein_low"].clip(lower=lowest), table["wasserstein_high"]
    axes.fill_between(x, *ends, color=MEAN["color"], alpha=0.25, linewidth=0)
    axes.plot(x, table["wasserstein"], label="mean of runs, 95 % interval", **MEAN)
    axes.plot(x, table["wasserstein_theory"], label="closed form of the mean", **plotting.THEORY)
    axes.set(xscale="log", yscale="log", xlim=(1, x.max() * 1.1))


def means(axes, quantity, by_size):
    """Draw a mean with its interval and closed form, a line for each size M."""
    for colour, (size, table) in zip(plotting.sequence(len(by_size)), by_size, strict=True):
        x = table["generation"] + 1
        ends = table[f"{quantity}_low"], table[f"{quantity}_high"]
        axes.fill_between(x, *ends, color=colour, alpha=0.2, linewidth=0)
        axes.plot(x, table[quantity], color=colour, label=f"mean, M = {size:,}")
        axes.plot(x, table[f"{quantity}_theory"], **plotting.THEORY)
    axes.set(xscale="log", xlim=(1, x.max() * 1.1), xlabel="number of fits")


def arranged(rows, sizes):
    """Keys of panels: a row of sizes for each ddof, then a row of two panels for each ddof."""
    above = [[f"{ddof} {size}" for size in sizes] for ddof in rows]
    return [*above, [f"{ddof} {quantity}" for quantity in BELOW for ddof in rows]]


with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    rows, sizes = (list(whole[name].unique()) for name in ("ddof", "size"))
    figure, panels = plotting.rows_of_panels(arranged(rows, sizes), height=1.7)
    for ddof in rows:
        of_ddof = whole[whole["ddof"] == ddof]
        for size in sizes:
            axes = panels[f"{ddof} {size}"]
            distance(axes, of_ddof[of_ddof["size"] == size])
            axes.set_title(f"M = {size:,}")
        panels[f"{ddof} {sizes[0]}"].set_ylabel(f"W₂² / σ₀²,\n{labels.DDOF[ddof]}")
        for quantity in BELOW:
            means(panels[f"{ddof} {quantity}"], quantity, list(of_ddof.groupby("size")))
            panels[f"{ddof} {quantity}"].set_title(labels.DDOF[ddof])
        # the mean of a heavy tail depends on one run in a thousand: scale the axis by the theory
        top = 1.5 * of_ddof["sample_variance_theory"].max()
        panels[f"{ddof} sample_variance"].set_ylim(0, top)
    plotting.share_y([panels[f"{ddof} {size}"] for ddof in rows for size in sizes])
    for ddof in rows:
        panels[f"{ddof} {sizes[0]}"].tick_params(labelleft=True, which="both")
    for quantity, label in BELOW.items():
        panels[f"{rows[0]} {quantity}"].set_ylabel(label)
    plotting.legend(figure)
    plotting.save(figure, snakemake)
