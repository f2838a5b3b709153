"""Draw what kernel ridge regression on its own predictions leaves of a function."""

import pandas as pd
from pipeline.job import job
from report import plotting

TRUTH = {"color": "0.5", "linewidth": 0.8, "zorder": 0}
MARKERS = "osD^v"  # tell generations apart in a grey print


def draw_functions(axes, table, colours):
    """Draw the true function, and the predictions of each generation."""
    for position, (generation, rows) in enumerate(table.groupby("generation")):
        colour, label = colours[generation], f"generation {generation}"
        axes.fill_between(rows["x"], rows["q05"], rows["q95"], color=colour, alpha=0.2, linewidth=0)
        style = {"color": colour, "linestyle": plotting.LINES[position % len(plotting.LINES)]}
        axes.plot(rows["x"], rows["median"], label=label, **style)
    axes.plot(rows["x"], rows["truth"], label="truth", **TRUTH)


def draw_shares(axes, table, colours, ridge):
    """Draw the share of each direction that is left, with its interval, and the law."""
    for position, (generation, rows) in enumerate(table.groupby("generation")):
        x, colour = rows["eigenvalue"] / ridge, colours[generation]
        axes.plot(x, rows["share_theory"], label="expectation", **plotting.THEORY)
        axes.vlines(x, rows["share_low"], rows["share_high"], color=colour, linewidth=0.8)
        marker = MARKERS[position % len(MARKERS)]
        axes.plot(x, rows["share"], color=colour, marker=marker, linestyle="none")
    axes.set(xscale="log", xlabel="eigenvalue of the direction / ridge")
    plotting.logarithmic(axes.xaxis, steps=(1, 3))


with job(snakemake):
    shares, functions = (
        pd.read_csv(path) for path in (snakemake.input.table, snakemake.input.functions)
    )
    names = list(shares["regime"].unique())
    colours = plotting.by_generation([shares["generation"]])
    figure, grid = plotting.grid(2, len(names), height=1.9, sharey="row")
    for name, (above, below) in zip(names, grid.T, strict=True):
        draw_functions(above, functions[functions["regime"] == name], colours)
        above.set(title=plotting.regime(name, names)[0], xlabel="input")
        draw_shares(below, shares[shares["regime"] == name], colours, snakemake.params.ridge)
    grid[0, 0].set_ylabel("function")
    grid[1, 0].set_ylabel("share of the truth left")
    plotting.legend(figure, columns=4)
    plotting.save(figure, snakemake)
