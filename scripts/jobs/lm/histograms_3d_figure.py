"""Draw histograms of the perplexity of text under generation 0, of every generation in rows."""

import textwrap

import numpy as np
import pandas as pd
from pipeline.job import job
from report import language, plotting

TALLEST = 1.3  # height of the largest share, in distances between generations
DISTANCE = 0.18  # between generations, inches


def draw_ridges(axes, table, colours, unit):
    """Draw the histogram of every generation on a line of its own, real text at the top."""
    for generation, rows in table.groupby("generation"):
        edges = [*rows["perplexity_from"], rows["perplexity_to"].iloc[-1]]
        top = {"baseline": generation, "zorder": 3 + generation}
        ridge = generation - unit * rows["mean"]
        axes.stairs(ridge, edges, fill=True, facecolor=colours[generation], alpha=0.85, **top)
        axes.stairs(ridge, edges, color="black", linewidth=0.4, **top)
    middle = language.perplexity_beyond(table[table["generation"] == 0], 0.5)
    style = plotting.THEORY | {"zorder": 50, "linewidth": 0.9}
    axes.axvline(middle, label="median of generation 0's text", **style)
    axes.set(xscale="log")
    plotting.logarithmic(axes.xaxis, steps=(1,))


def draw_scale(axes, largest, unit, last):
    """Draw how high a round share is."""
    share = next(s for s in (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.0) if s <= largest)
    place = {"transform": axes.get_yaxis_transform(), "zorder": 60}
    axes.plot([0.95] * 2, [last, last - share * unit], color="black", linewidth=2, **place)
    right = {"ha": "right", "va": "center", "fontsize": 7}
    axes.text(0.95, last - share * unit / 2, f"share {share:g}  ", **right, **place)


def draw_in_perspective(axes, table, colours):
    """Draw the same histograms one behind the other, as the paper does."""
    # later generations first, so that earlier ones are in front
    for generation, rows in reversed(list(table.groupby("generation"))):
        middle = np.log10(rows["perplexity_from"] * rows["perplexity_to"]).to_numpy() / 2
        place = middle, np.full(len(rows), generation)
        axes.plot(*place, rows["mean"], color=colours[generation], linewidth=0.7)
        bottom = *place, 0, *place, rows["mean"].to_numpy()
        axes.fill_between(*bottom, color=colours[generation], alpha=0.25)
    axes.set_box_aspect(None, zoom=0.78)
    axes.set_xlabel("log₁₀ perplexity", labelpad=-6)
    axes.set_ylabel("generation", labelpad=-6)
    axes.tick_params(pad=-3)
    for name in ("x", "y", "z"):
        axes.locator_params(axis=name, nbins=3, integer=name != "z")


def arrange(cells, lasts):
    """Panels for rows of settings, whose heights follow their numbers of generations.

    Returns the figure, the panel of each setting, and the place of the view in perspective.
    """
    ends = [max(lasts.get(name, 0) for name in row) for row in cells]
    spans = [end + 1.3 + TALLEST for end in ends]
    height = DISTANCE * sum(spans) / len(spans) + 0.55
    shape = {"sharex": True, "letters": False, "height_ratios": spans}
    figure, grid = plotting.grid(len(cells), max(map(len, cells)), height=height, **shape)
    found = {}
    for row, names, end in zip(grid, cells, ends, strict=True):
        found |= dict(zip(names, row, strict=False))
        row[0].set_ylabel("text of generation")
        for axes in row[len(names) :]:
            axes.set_axis_off()
        for axes in row[: len(names)]:
            axes.set_ylim(end + 0.3, language.REAL - TALLEST)
            axes.set_yticks(range(language.REAL, end + 1), ["real", *range(end + 1)])
            axes.tick_params(labelleft=axes is row[0])
    view = found.pop(language.VIEW)
    place = view.get_subplotspec()
    view.remove()
    return figure, found, place


def label(panels, cells):
    """Title the panels, and label the perplexities of those with none below them."""
    below = [*cells[1:], []]
    for row, others in zip(cells, below, strict=True):
        for column, name in enumerate(row):
            if name == language.VIEW:
                continue
            panels[name].set_title(textwrap.fill(language.arm(name, list(panels))[0], 22))
            if column >= len(others) or others[column] == language.VIEW:
                panels[name].tick_params(labelbottom=True)
                panels[name].set_xlabel("perplexity\nunder generation 0")


with job(snakemake):
    params, whole = snakemake.params, pd.read_csv(snakemake.input.table)
    lasts = whole.groupby("setting", sort=False)["generation"].max().to_dict()
    largest, last = whole["mean"].max(), max(lasts.values())
    cells, colours = language.ridge_rows(lasts), plotting.by_generation([range(last + 1)])
    figure, panels, place = arrange(cells, lasts)
    for name, axes in panels.items():
        draw_ridges(axes, whole[whole["setting"] == name], colours, TALLEST / largest)
    label(panels, cells)
    plotting.letter(panels.values())
    first = next(iter(panels))
    draw_scale(panels[first], largest, TALLEST / largest, last)
    view = figure.add_subplot(place, projection="3d")
    rows = whole[(whole["setting"] == first) & (whole["generation"] >= 0)]
    draw_in_perspective(view, rows, colours)
    view.set_title("a as in the paper")
    plotting.legend(figure, columns=3)
    language.note(figure, params.model)
    found = language.compared(whole, list(lasts)[:2])
    plotting.save(figure, snakemake, found=found, **language.facts(params))
