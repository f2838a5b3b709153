"""Draw the drift of the fitted mean and the loss of spread under replace, a panel for each M."""

import pandas as pd
from collapse import labels
from collapse.claims import published
from pipeline import reference
from pipeline.job import job
from report import plotting

ROWS = {
    "mean_error": ("|fitted mean − true mean|", "abs_mean"),
    "std": ("fitted standard deviation", "std"),
}
COLOUR = plotting.COLOURS[plotting.regime("replace")[1]]
RUN = {"color": plotting.COLOURS[1], "linewidth": 0.8}
OTHER = {"color": "0.35", "linestyle": (0, (4, 2)), "linewidth": 1}
BEFORE = {"color": "black", "marker": "D", "markersize": 3.5, "markerfacecolor": "white"}


def draw(axes, quantity, table, ddof):
    """Draw one size M: runs with their band, a single run, and the law where it is known."""
    x, divisor = table["generation"] + 1, labels.DDOF[ddof]
    band = table[f"{quantity}_low"], table[f"{quantity}_high"]
    axes.fill_between(x, *band, color=COLOUR, alpha=0.2, linewidth=0, label="5–95 % of runs")
    axes.plot(x, table[f"{quantity}_run0"], label="one run", **RUN)
    axes.plot(x, table[quantity], color=COLOUR, linewidth=1.6, label=f"median of runs, {divisor}")
    for ending in ("", "_low", "_high"):
        law = table[f"{quantity}_law{ending}"]
        axes.plot(x, law, label="law: median, 5 % and 95 % quantile", **plotting.THEORY)


def mark(axes, x, middle, low, high):
    """Mark what a simulation gave before this project measured anything, if anything is known."""
    style = BEFORE | {"linestyle": "none", "clip_on": False, "zorder": 5}
    axes.plot([x, x], [low, high], color="black", linewidth=0.8, zorder=4)
    label = "simulated beforehand: median, 5–95 %"
    axes.plot([x], [middle], label=label if middle == middle else None, **style)


with job(snakemake):
    params, whole = snakemake.params, pd.read_csv(snakemake.input.table)
    (ddof, *others), sizes = (list(whole[name].unique()) for name in ("ddof", "size"))
    figure, grid = plotting.grid(2, len(sizes), height=2.1, sharex=True)
    # reference values are of the standard normal distribution and of one generation
    comparable = params.truth == {"mean": 0, "std": 1}
    last, values = params.last_generation if comparable else -1, reference.published()
    for size, column in zip(sizes, grid.T, strict=True):
        of_size = whole[whole["size"] == size]
        setting = f"replace ddof={ddof} M={size}"
        known = published.select(values, setting=setting, generation=last)
        for axes, (quantity, (_, name)) in zip(column, ROWS.items(), strict=True):
            draw(axes, quantity, of_size[of_size["ddof"] == ddof], ddof)
            for other in others:
                table = of_size[of_size["ddof"] == other]
                divisor = f"median of runs, {labels.DDOF[other]}"
                axes.plot(table["generation"] + 1, table[quantity], label=divisor, **OTHER)
            mark(axes, (last + 1) * 1.25, *published.interval(known, name))
            axes.set(xscale="log", yscale="log", xlim=(1, (params.last_generation + 1) * 1.4))
        column[0].set_title(f"M = {size:,}")
        if (lowest := of_size["std_low"].min()) > 0.02:  # fewer than two decades
            plotting.logarithmic(column[1].yaxis, (1, 2, 5) if lowest < 0.3 else (1, 2, 4, 6, 8))
        column[1].set_xlabel("generation + 1")
    for axes, (label, _) in zip(grid[:, 0], ROWS.values(), strict=True):
        axes.set_ylabel(label)
    plotting.share_y(grid[0])
    plotting.legend(figure, columns=3)
    plotting.save(figure, snakemake)
