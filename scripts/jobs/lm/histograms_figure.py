"""Draw how probable generation 0 finds the text of later ones: histograms, and their tails."""

import pandas as pd
from pipeline.job import job
from report import language, plotting


def called(generation, colours):
    """Label and style of a generation's text; that of real text is dashed."""
    if generation == language.REAL:
        return {"label": "real", "color": colours[generation], "linestyle": "--"}
    return {"label": f"{generation}", "color": colours[generation]}


def draw_histogram(axes, table, colours):
    """Draw the share of blocks at each perplexity, as the paper does."""
    for generation, rows in table.groupby("generation"):
        edges = [*rows["perplexity_from"], rows["perplexity_to"].iloc[-1]]
        axes.stairs(rows["mean"], edges, linewidth=1, **called(generation, colours))


def draw_exceedance(axes, table, colours):
    """Draw the share of blocks beyond each perplexity; of the ends, with quantiles over runs."""
    table = table[table["beyond"] > 0]
    for generation, rows in table.groupby("generation"):
        x, ends = rows["perplexity_from"], (rows["beyond_low"], rows["beyond_high"])
        if generation in (0, table["generation"].max()):
            axes.fill_between(x, *ends, color=colours[generation], alpha=0.15, linewidth=0)
        axes.plot(x, rows["beyond"], **called(generation, colours))


with job(snakemake):
    params, whole = snakemake.params, pd.read_csv(snakemake.input.table)
    shown, colours = params.histograms, plotting.by_generation(params.histograms.values())
    shape = {"height": 1.15, "sharex": True, "sharey": "col"}
    figure, rows = plotting.grid(len(shown), 2, **shape)
    for (left, right), (name, generations) in zip(rows, shown.items(), strict=True):
        table = whole[whole["setting"] == name]
        table = table[table["generation"].isin([language.REAL, *generations])]
        draw_histogram(left, table, colours)
        draw_exceedance(right, table, colours)
        left.set(xscale="log", ylabel="share of blocks", title=language.arm(name, shown)[0])
        right.set(yscale="log", ylabel="share beyond")
    right.set_ylim(whole.loc[whole["beyond"] > 0, "beyond"].min() / 1.5, 1.5)
    for axis in (left.xaxis, right.yaxis):
        plotting.logarithmic(axis, steps=(1,))
    for axes in rows[-1]:
        axes.set_xlabel("perplexity of text under generation 0")
    plotting.legend(figure, columns=12, title="text of generation", title_fontsize=7)
    language.note(figure, params.model)
    found = language.compared(whole, list(shown)[:2])
    plotting.save(figure, snakemake, found=found, **language.facts(params))
