"""Draw how M samples cut the tails of two histograms that differ only in their tails."""

import pandas as pd
from pipeline.job import job
from report import plotting

NAMES = {"mixture": "two normals", "fat_tails": "the same with fatter tails"}
ONE = {"color": "0.4", "linewidth": 0.8, "zorder": 3}  # where one item is expected: q = 1/M


def histogram(axes, table, heights, *, lowest, **style):
    """Draw items in bins on a log scale, and a line at one item."""
    axes.stairs(heights, [*table["left"], table["right"].iloc[-1]], baseline=lowest, **style)
    axes.axhline(1, **ONE)
    axes.set(yscale="log", ylim=(lowest, size), xlabel="x")


def expect(axes, table, *, lowest=0.01):
    """Draw the expected items of each bin, pale where less than one is expected."""
    expected, style = size * table["probability"], {"fill": True, "lowest": lowest}
    colour = plotting.COLOURS[0]
    pale = {"color": colour, "alpha": 0.3, "label": "q < 1/M: often missed"}
    histogram(axes, table, expected, **style | pale)
    kept = expected.where(expected >= 1, lowest)
    histogram(axes, table, kept, color=colour, label="q ≥ 1/M", **style)
    axes.set_ylabel(f"expected among M = {size:,}")


def law(axes, table, position):
    """Draw the share of runs in which a bin is empty against its probability, and the law."""
    table = table[table["probability"] * size > 1e-2].sort_values("probability")
    x, ends = size * table["probability"], (table["lost_low"], table["lost_high"])
    style = {"color": plotting.COLOURS[position], "marker": "osDv^P"[position % 6]}
    axes.vlines(x, *ends, color=style["color"], linewidth=0.8)
    axes.plot(x, table["lost"], linestyle="none", markersize=3, **style)
    axes.plot(x, table["lost_theory"], label="exact law", **plotting.THEORY)


def name(generation):
    """What the legend calls the data of a generation."""
    later = f"after {generation} more generation{'s' if generation > 1 else ''}"
    return later if generation else "first sample, M draws"


with job(snakemake):
    size, generations = snakemake.params.size, sorted(snakemake.params.generations)
    whole = pd.read_csv(snakemake.input.table)
    figure, grid = plotting.grid(2, 2, height=2.1)
    panels = grid.ravel()
    for axes, (distribution, title) in zip(panels, NAMES.items(), strict=False):
        first = whole["generation"] == generations[0]
        expect(axes, whole[first & (whole["distribution"] == distribution)])
        axes.set_title(title)
    for position, generation in enumerate(generations, start=1):
        table = whole[whole["generation"] == generation]
        law(panels[3], table, position)
        table = table[table["distribution"] == "fat_tails"]
        style = plotting.series(position) | {"linewidth": 1.0}
        if position == 1:
            style = {"alpha": 0.35, "fill": True, "color": plotting.COLOURS[position]}
        histogram(panels[2], table, table["count"], lowest=0.5, label=name(generation), **style)
    panels[2].set(title="fatter tails, one run", ylabel="items in a bin")
    panels[3].set(xscale="log", xlabel="expected items M·q", ylabel="share of runs without any")
    panels[3].axvline(1, label="q = 1/M", **ONE)
    plotting.legend(figure, columns=3)
    plotting.save(figure, snakemake)
