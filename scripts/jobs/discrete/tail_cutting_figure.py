"""Draw how M samples cut the tails of two histograms that differ only in their tails."""

import pandas as pd
from pipeline.job import job
from report import plotting

NAMES = {"mixture": "two normals", "fat_tails": "the same with fatter tails"}


def histogram(axes, table, heights, *, lowest, **style):
    """Draw items in bins on a log scale, and a line at one item: probability 1/M."""
    axes.stairs(heights, [*table["left"], table["right"].iloc[-1]], baseline=lowest, **style)
    axes.axhline(1, **plotting.THEORY)
    axes.set(yscale="log", ylim=(lowest, size), xlabel="x", ylabel="items in a bin")


def law(axes, table, position, label):
    """Draw the share of runs in which a bin is empty against its probability, and the law."""
    table = table[table["probability"] * size > 1e-2].sort_values("probability")
    x, ends = size * table["probability"], (table["lost_low"], table["lost_high"])
    style = {"color": plotting.COLOURS[position], "marker": "osDv^P"[position % 6]}
    axes.vlines(x, *ends, color=style["color"], linewidth=0.8)
    axes.plot(x, table["lost"], linestyle="none", markersize=3, label=label, **style)
    axes.plot(x, table["lost_theory"], **plotting.THEORY)


with job(snakemake):
    size, generations = snakemake.params.size, sorted(snakemake.params.generations)
    whole = pd.read_csv(snakemake.input.table)
    figure, grid = plotting.plt.subplots(2, 2, figsize=(7.2, 5.2))
    panels = grid.ravel()
    for position, (axes, (name, title)) in enumerate(zip(panels, NAMES.items(), strict=False)):
        table = whole[(whole["distribution"] == name) & (whole["generation"] == generations[0])]
        expected = size * table["probability"]
        style = {"fill": True, "color": plotting.COLOURS[position], "lowest": 0.01}
        histogram(axes, table, expected, alpha=0.35, **style)
        histogram(axes, table, expected.where(expected >= 1, 0.01), **style)
        axes.set_title(f"{title}, expected")
    for position, generation in enumerate(generations):
        label, table = f"data({generation})", whole[whole["generation"] == generation]
        law(panels[3], table, position, label)
        table = table[table["distribution"] == "fat_tails"]
        style = {"alpha": 0.35, "fill": True, "color": plotting.COLOURS[0]}
        style = plotting.series(position) if position else style
        histogram(panels[2], table, table["count"], lowest=0.5, label=label, **style)
    panels[2].set_title("fatter tails, one run")
    panels[3].set(xscale="log", xlabel="expected items M·q", ylabel="share of runs without it")
    panels[3].axvline(1, **plotting.THEORY)
    for axes in panels[2:]:
        axes.legend()
    plotting.save(figure, snakemake)
