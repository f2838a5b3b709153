"""Draw how discrete chains lose their states, and in which states they are absorbed."""

import pandas as pd
from pipeline.job import job
from report import plotting

NAMES = {"uniform": "uniform", "zipf": "Zipf's law", "corpus": "words of the corpus"}
PANELS = [  # quantities, and label and scale of their axis
    (["states"], "states left", "log"),
    (["rare", "common"], "share of states left", "log"),
    (["heterozygosity", "absorbed"], "heterozygosity; share absorbed", "linear"),
]
REMARKS = {
    "rare": ("q ≤ 1/M", 0.04, 0.06),
    "common": ("q > 1/M", 0.7, 0.86),
    "heterozygosity": ("heterozygosity", 0.02, 0.98),
    "absorbed": ("absorbed", 0.72, 0.98),
}


def draw(axes, by_size, quantity):
    """Draw one quantity for each M, with its interval and its exact law."""
    for position, (size, table) in enumerate(by_size):
        x, ends = table["generation"] + 1, (table[f"{quantity}_low"], table[f"{quantity}_high"])
        label = f"M = {size:,}"
        plotting.line_with_band(axes, x, table[quantity], *ends, position=position, label=label)
        axes.plot(x, table[f"{quantity}_theory"], **plotting.THEORY)
    if quantity in REMARKS and table[quantity].notna().any():
        text, x, y = REMARKS[quantity]
        axes.text(x, y, text, transform=axes.transAxes, fontsize=7)


def draw_ends(axes, by_size):
    """Draw how often runs ended in each group of states, relative to its true probability."""
    for position, (_, table) in enumerate(by_size):
        ratio = [table[name] / table["probability"] for name in ENDS]
        style = {"color": plotting.COLOURS[position], "marker": "osDv^P"[position]}
        x, ends = table["first_rank"] * 1.12**position, (ratio[0] - ratio[1], ratio[2] - ratio[0])
        axes.errorbar(x, ratio[0], ends, linestyle="none", markersize=3, linewidth=0.8, **style)
    axes.axhline(1, **plotting.THEORY)
    axes.set(xscale="log", ylim=(0, 2.5), ylabel="runs that end there / law")


ENDS = ["absorbed", "absorbed_low", "absorbed_high"]

with job(snakemake):
    whole, ends = (pd.read_csv(snakemake.input[name]) for name in ("table", "ends"))
    names = whole["distribution"].unique()
    figure, grid = plotting.plt.subplots(
        len(names), 4, figsize=(10.5, 2.4 * len(names)), sharex="col", squeeze=False
    )
    for name, panels in zip(names, grid, strict=True):
        by_size = whole[whole["distribution"] == name].groupby("size")
        for axes, (quantities, label, scale) in zip(panels, PANELS, strict=False):
            for quantity in quantities:
                draw(axes, by_size, quantity)
            axes.set(xscale="log", yscale=scale, ylabel=label)
            axes.minorticks_off()  # they would take most of the drawing time
        draw_ends(panels[3], ends[ends["distribution"] == name].groupby("size"))
        panels[0].set_title(NAMES[name], loc="left")
    for axes in grid[-1][:3]:
        axes.set_xlabel("generation + 1")
    grid[-1][3].set_xlabel("first rank of a group of states")
    grid[0][0].legend()
    plotting.save(figure, snakemake)
