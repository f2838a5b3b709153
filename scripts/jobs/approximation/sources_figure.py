"""Draw divergence and variance of chains with one source of error each, and with all three."""

import pandas as pd
from pipeline.job import job
from report import plotting

COLUMNS = {
    "statistical": "finite samples",
    "expressivity": "unsuitable family",
    "approximation": "incomplete learning",
    "all": "all three",
}
TRUTHS = {"laplace": "Laplace truth", "two_normals": "truth of two normals"}
TRUE = {"color": "0.6", "linewidth": 0.6, "zorder": 0}
ROWS = {"divergence": "divergence from the\ntruth, nats", "variance": "variance / σ₀²"}


def named(chain):
    """What the legend calls a chain: the error that it has."""
    if chain["source"] == "all":
        return "all three, the first of each"
    if chain["source"] == "statistical":
        return f"M = {chain['size']:,.0f}"
    if chain["source"] == "expressivity":
        return TRUTHS[chain["truth"]]
    return f"{chain['steps']:.0f} steps of {chain['step_size']:g}"


def draw(axes, quantity, chain, style):
    """Draw one chain: mean over runs with its interval, and the expectation."""
    x, ends = chain["generation"], (chain[f"{quantity}_low"], chain[f"{quantity}_high"])
    axes.fill_between(x, *ends, color=style["color"], alpha=0.15, linewidth=0)
    axes.plot(x, chain[quantity], label=named(chain.iloc[0]), **style)
    axes.plot(x, chain[f"{quantity}_theory"], **plotting.THEORY)


def finish(panels, title):
    """Scale and label the panels of one source of error."""
    panels[0].set(yscale="log", title=title)
    panels[1].set(yscale="log", xlabel="generation")
    plotting.whole_generations(panels[1])
    panels[1].axhline(1, **TRUE)


with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    kinds = ["truth", "size", "steps", "step_size"]
    figure, grid = plotting.grid(len(ROWS), len(COLUMNS), height=1.75, sharex=True, sharey="row")
    colours = iter(plotting.COLOURS)  # a chain each; lines and markers tell apart those of a panel
    for (source, title), panels in zip(COLUMNS.items(), grid.T, strict=True):
        of_source = whole[whole["source"] == source]
        chains = [chain for _, chain in of_source.groupby(kinds, sort=False, dropna=False)]
        for chain, line, marker in zip(chains, plotting.LINES, "osD", strict=False):
            style = {"color": next(colours), "linestyle": line, "marker": marker}
            style["markevery"] = max(1, len(chain) // 5)
            for quantity, axes in zip(ROWS, panels, strict=True):
                draw(axes, quantity, chain, style)
        finish(panels, title)
    for label, axes in zip(ROWS.values(), grid[:, 0], strict=True):
        axes.set_ylabel(label)
    plotting.logarithmic(grid[1, 0].yaxis)
    grid[-1, -1].plot([], [], label="expectation", **plotting.THEORY)
    grid[-1, -1].plot([], [], label="true variance", **TRUE)
    plotting.legend(figure, columns=5)
    plotting.save(figure, snakemake)
