"""Draw distance to generation 0 and width of the whole mixture against generation."""

import pandas as pd
from collapse.claims import published
from pipeline import reference
from pipeline.job import job
from report import plotting

PANELS = {"l2": "squared L2 distance to generation 0", "total_std": "std of the whole mixture"}


def draw(axes, position, table, quantity):
    """Draw one size N in one panel from generation 1 on: band, and run 0 as a thin line."""
    table = table[table["generation"] > 0]
    x, ends = table["generation"], (table[f"{quantity}_low"], table[f"{quantity}_high"])
    label = f"N = {table['size'].iloc[0]:,}"
    plotting.line_with_band(axes, x, table[quantity], *ends, position=position, label=label)
    thin = plotting.series(position) | {"linewidth": 0.5, "linestyle": "-"}
    axes.plot(x, table[f"{quantity}_run0"], **thin)


def mark(axes, position, setting):
    """Mark the published last distance of a setting; return the number of published values."""
    known = published.select(reference.published(), claim="M2", setting=setting)
    by_name = dict(zip(known["quantity"], known["value"], strict=True))
    values = (by_name.get(name, float("nan")) for name in ("l2", "l2_low", "l2_high"))
    plotting.mark(axes, 2050 * 1.1 ** (position + 1), *values, position=position)
    return len(known)


with job(snakemake):
    columns = list(pd.read_csv(snakemake.input.table).groupby(["regime", "data"], sort=False))
    size = (0.6 + 3.9 * len(columns), 5.2)
    figure, grid = plotting.plt.subplots(
        2, len(columns), figsize=size, sharex=True, sharey="row", squeeze=False
    )
    n_known = 0
    for ((regime, data), whole), panels in zip(columns, grid.T, strict=True):
        panels[0].set_title(data.replace("_", " ") + f", regime {regime}")
        for position, (size, table) in enumerate(whole.groupby("size")):
            for axes, quantity in zip(panels, PANELS, strict=True):
                draw(axes, position, table, quantity)
            if regime == "replace":
                n_known += mark(panels[0], position, f"{data} N={size}")
                panels[1].plot(table["generation"], table["total_std_gaussian"], **plotting.THEORY)
        for axes in panels:
            axes.set(xscale="log", yscale="log")
        panels[1].set_xlabel("generation")
    for axes, label in zip(grid[:, 0], PANELS.values(), strict=True):
        axes.set_ylabel(label)
    if any(regime == "replace" for (regime, _), _ in columns):
        grid[1, 0].plot([], [], label="one Gaussian, closed form", **plotting.THEORY)
    grid[1, 0].legend(loc="lower left")
    plotting.save(figure, snakemake, n_known=n_known)
