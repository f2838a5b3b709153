"""Draw what kernel ridge regression on its own predictions leaves of a function."""

import itertools

import pandas as pd
from pipeline.job import job
from report import plotting

TRUTH = {"color": "0.5", "linewidth": 0.8, "zorder": 0}


def styles(generations):
    """Colour, line style and marker of each generation, distinct in a grey print."""
    colours, marks = plotting.by_generation([generations]), itertools.cycle("osD^v")
    lines = itertools.cycle(["-", "--", "-."])  # expectations are dotted
    return {
        generation: {"color": colours[generation], "linestyle": next(lines), "marker": next(marks)}
        for generation in sorted(set(generations))
    }


def draw_functions(axes, table, looks):
    """Draw the true function, and the predictions of each generation."""
    for generation, rows in table.groupby("generation"):
        look, every = looks[generation], max(1, len(rows) // 5)
        band = {"color": look["color"], "alpha": 0.2, "linewidth": 0}
        axes.fill_between(rows["x"], rows["q05"], rows["q95"], **band)
        label = f"generation {generation}"
        axes.plot(rows["x"], rows["median"], label=label, markevery=every, **look)
    axes.plot(rows["x"], rows["truth"], label="truth", **TRUTH)


def draw_shares(axes, table, looks, ridge):
    """Draw the share of each direction that is left, with its interval, and the law."""
    for generation, rows in table.groupby("generation"):
        x, look = rows["eigenvalue"] / ridge, looks[generation] | {"linestyle": "none"}
        axes.plot(x, rows["share_theory"], label="expectation", **plotting.THEORY)
        axes.vlines(x, rows["share_low"], rows["share_high"], color=look["color"], linewidth=0.8)
        axes.plot(x, rows["share"], **look)
    axes.set(xscale="log", xlabel="eigenvalue of the direction / ridge")
    plotting.logarithmic(axes.xaxis, steps=(1, 3))


with job(snakemake):
    shares, functions = (
        pd.read_csv(path) for path in (snakemake.input.table, snakemake.input.functions)
    )
    names = list(shares["regime"].unique())
    looks = styles(shares["generation"])
    figure, grid = plotting.grid(2, len(names), height=1.9, sharey="row")
    for name, (above, below) in zip(names, grid.T, strict=True):
        draw_functions(above, functions[functions["regime"] == name], looks)
        above.set(title=plotting.regime(name, names)[0], xlabel="input")
        draw_shares(below, shares[shares["regime"] == name], looks, snakemake.params.ridge)
    grid[0, 0].set_ylabel("function")
    grid[1, 0].set_ylabel("share of the truth left")
    plotting.legend(figure, columns=4)
    plotting.save(figure, snakemake)
