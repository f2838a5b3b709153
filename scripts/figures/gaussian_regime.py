"""Draw the errors of the fitted mean and standard deviation against generation."""

import pandas as pd
from collapse import plotting, reference
from collapse.jobs import job

PANELS = {
    "mean_error": ("|fitted mean − true mean|", "abs_mean"),
    "std_error": ("|fitted std − true std|", None),
    "std": ("fitted std", "std"),
}


def draw(axes, position, table, quantity, known):
    """One size M in one panel: band, run 0 as a thin line, and what is known of its end."""
    x = table["generation"] + 1  # so that generation 0 has a place on a log axis
    ends = table[f"{quantity}_low"], table[f"{quantity}_high"]
    label = f"M = {table['size'].iloc[0]:,}"
    plotting.line_with_band(axes, x, table[quantity], *ends, position=position, label=label)
    thin = plotting.series(position) | {"linewidth": 0.5, "linestyle": "-"}
    axes.plot(x, table[f"{quantity}_run0"], **thin)
    if known:
        plotting.mark(axes, x.iloc[-1] * 1.12 ** (position + 1), *known, position=position)


with job(snakemake.log[0]):
    whole = pd.read_csv(snakemake.input.table)
    rows = sorted(whole["ddof"].unique())
    figure, grid = plotting.plt.subplots(
        len(rows), 3, figsize=(9.5, 2.5 * len(rows)), sharex=True, sharey="col", squeeze=False
    )
    for ddof, panels in zip(rows, grid, strict=True):
        for position, (size, table) in enumerate(whole[whole["ddof"] == ddof].groupby("size")):
            setting = f"{snakemake.wildcards.regime} ddof={ddof} M={size}"
            known = reference.at(snakemake.input.reference, setting)
            for axes, (quantity, (label, name)) in zip(panels, PANELS.items(), strict=True):
                mark = name and reference.interval(known, name)
                draw(axes, position, table, quantity, mark)
                axes.set(xscale="log", yscale="log", ylabel=label, title=f"ddof = {ddof}")
    if whole["std_low"].min() > 0.2:  # less than a decade: a log axis would only be harder to read
        grid[0, -1].set_yscale("linear")  # shared by the column
    for axes in grid[-1]:
        axes.set_xlabel("generation + 1")
    grid[0][0].legend(ncols=2, loc="best")
    plotting.save(figure, snakemake)
