"""Draw distance to generation 0 and width of the whole mixture against generation."""

import pandas as pd
from collapse import labels
from collapse.claims import published
from pipeline import reference
from pipeline.job import job
from report import plotting

PANELS = {"l2": "squared L2 distance", "total_std": "std of the whole mixture"}
PUBLISHED_AT = 2050  # generation of the published distances


def draw(axes, position, table, quantity):
    """Draw one size N in one panel from generation 1 on."""
    table = table[table["generation"] > 0]
    x, ends = table["generation"], (table[f"{quantity}_low"], table[f"{quantity}_high"])
    label = f"N = {table['size'].iloc[0]:,}"
    plotting.line_with_band(axes, x, table[quantity], *ends, position=position, label=label)


def mark(axes, position, setting):
    """Mark the published last distance of a setting; return the number of published values."""
    known = published.select(reference.published(), claim="M2", setting=setting)
    by_name = dict(zip(known["quantity"], known["value"], strict=True))
    values = (by_name.get(name, float("nan")) for name in ("l2", "l2_low", "l2_high"))
    plotting.mark(axes, PUBLISHED_AT * 1.15**position, *values, position=position)
    return len(known)


def name_theory(axes, n_known):
    """Name in the legend what is not a size: the law, and published values if there are any."""
    axes.plot([], [], label="one Gaussian, closed form", **plotting.THEORY)
    if n_known:
        label = f"published, generation {PUBLISHED_AT:,}: value or range"
        axes.plot([], [], label=label, **plotting.PUBLISHED)


with job(snakemake):
    columns = list(pd.read_csv(snakemake.input.table).groupby(["regime", "data"], sort=False))
    regimes = list(dict.fromkeys(regime for (regime, _), _ in columns))
    width = plotting.PAGE if len(columns) > 1 else plotting.COLUMN
    figure, grid = plotting.grid(
        2, len(columns), height=2.1, width=width, sharex=True, sharey="row"
    )
    n_known = 0
    for ((regime, data), whole), panels in zip(columns, grid.T, strict=True):
        title = labels.MIXTURES.get(data, data.replace("_", " "))
        if len(regimes) > 1:
            title += f"\n{plotting.regime(regime, regimes)[0]}"
        panels[0].set_title(title)
        for position, (size, table) in enumerate(whole.groupby("size")):
            for axes, quantity in zip(panels, PANELS, strict=True):
                draw(axes, position, table, quantity)
            if regime == "replace":
                n_known += mark(panels[0], position, f"{data} N={size}")
                panels[1].plot(table["generation"], table["total_std_gaussian"], **plotting.THEORY)
        for axes in panels:
            axes.set(xscale="log", yscale="log")
        panels[1].set_xlabel("generation")
    grid[0, 0].set_xlim(left=1)
    for axes, label in zip(grid[:, 0], PANELS.values(), strict=True):
        axes.set_ylabel(label)
    if "replace" in regimes:
        name_theory(grid[0, 0], n_known)
    plotting.legend(figure, columns=4 if len(columns) > 1 else 2)
    plotting.save(figure, snakemake, n_known=n_known)
