"""Draw the feedback loop of data and models: how data are mixed, and where errors come in."""

import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle
from pipeline.job import job
from report import plotting

BLUE, ORANGE, GREEN = plotting.COLOURS[:3]
PITCH, DATA, MODEL, NUMBER = 2.9, 0.62, 1.9, 3  # from generation to generation; x of its boxes
Y, WIDTH, HEIGHT, BASE = 2.0, 0.86, 0.5, 0.5  # of the boxes; the zero line of the curves
SPREADS = (1.0, 0.72, 0.45)  # of what a generation sees; drawn, not measured
SMALL = {"fontsize": 7, "va": "bottom"}
SOURCES = {
    "1": "statistical approximation: M samples miss rare events",
    "2": "functional expressivity: the family of models cannot express the data",
    "3": "functional approximation: training does not find the best model",
}
SHARES = {
    "γ": (GREEN, ":", "γ: share of real data"),
    "β": (BLUE, "--", "β: share of the last generation's data"),
    "α": (ORANGE, "-", "α: share of new samples of the last model"),
}


def node(axes, x, text, colour):
    """Draw a box of the chain."""
    corner = x - WIDTH / 2, Y - HEIGHT / 2
    axes.add_patch(
        Rectangle(corner, WIDTH, HEIGHT, facecolor="white", edgecolor=colour, linewidth=1.1)
    )
    axes.text(x, Y, text, ha="center", va="center", fontsize=7, linespacing=1.0)


def arrow(axes, start, end, *, colour="0.2", line="-", bend=0.0):
    """Draw an arrow between two points; `bend` > 0 bends one that goes right upwards."""
    axes.add_patch(
        FancyArrowPatch(
            *(start, end),
            connectionstyle=f"arc3,rad={-bend}",
            arrowstyle="-|>,head_length=3,head_width=1.6",
            **{"color": colour, "linestyle": line, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0},
        )
    )


def source(axes, x, y, numbers):
    """Draw the numbers of the sources of error that come in at a step, one below the other."""
    for place, number in enumerate(numbers):
        style = {"boxstyle": "circle,pad=0.15", "facecolor": "0.2", "edgecolor": "none"}
        style = {"bbox": style, "color": "white", "fontsize": 6, "fontweight": "bold"}
        axes.text(x, y - 0.31 * place, number, ha="center", va="center", **style)


def step(axes, x, name, numbers):
    """Name a step between two boxes, and the sources of error that come in there."""
    axes.text(x, Y + 0.1, name, ha="center", va="bottom", fontsize=7)
    source(axes, x, Y - 0.27, numbers)


def curves(axes, left, spread):
    """Draw the real density, dotted, and what a generation sees of it."""
    x = np.linspace(-3.2, 3.2, 200)
    real, seen = np.exp(-(x**2) / 2), np.exp(-((x / spread) ** 2) / 2) / spread
    axes.fill_between(left + x / 4, BASE, BASE + 0.35 * seen, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(left + x / 4, BASE + 0.35 * real, **plotting.THEORY)


def generation(axes, number):
    """Draw data and model of one generation, and what the next data are mixed from."""
    data, model = (PITCH * number + at for at in (DATA, MODEL))
    top, half = Y + HEIGHT / 2, WIDTH / 2
    node(axes, data, "real data" if number == 0 else f"data {number}", BLUE)
    node(axes, model, f"model {number}", ORANGE)
    arrow(axes, (data + half, Y), (model - half, Y))
    step(axes, (data + model) / 2, "fit", "23")
    colour, line, _ = SHARES["α"]
    arrow(axes, (model + half, Y), (data + PITCH - half, Y), colour=colour, line=line)
    step(axes, (model + data + PITCH) / 2, "sample, α", "1")
    curves(axes, data, SPREADS[number])
    if number == NUMBER - 1:
        return
    ends = (data + 0.2, top), (data + PITCH - 0.2, top)
    colour, line, _ = SHARES["β"]
    if number:  # data 1 have the real data as both
        arrow(axes, *ends, colour=colour, line=line, bend=0.18)
    colour, line, _ = SHARES["γ"]
    arrow(axes, (DATA, top), (data + PITCH, top), colour=colour, line=line, bend=0.22)


def explain(axes):
    """Explain the curves, the lines and the numbers, below and above the chain."""
    x, y = PITCH * (NUMBER - 1) + DATA, BASE
    axes.text(x + 0.24, y + 0.62, "probable events\nover-estimated", fontsize=7, va="center")
    axes.text(x + 0.86, y + 0.16, "improbable events\nunder-estimated", fontsize=7, va="center")
    axes.text(DATA + 0.85, y + 0.1, "dotted: real density\nfilled: density seen", **SMALL)
    for row, (colour, line, text) in enumerate(SHARES.values()):
        y = -0.1 - 0.32 * row
        axes.plot([0.1, 0.6], [y, y], color=colour, linestyle=line)
        axes.text(0.7, y, text, va="center", fontsize=7)
    axes.text(0.1, y - 0.34, "α + β + γ = 1", va="center", fontsize=7)
    for row, (number, text) in enumerate(SOURCES.items()):
        y = -0.1 - 0.32 * row
        source(axes, 4.1, y, number)
        axes.text(4.3, y, text, va="center", fontsize=7)


with job(snakemake):
    figure, axes = plotting.plt.subplots(figsize=(plotting.PAGE, 2.9))
    axes.set(xlim=(-0.2, PITCH * NUMBER + 0.5), ylim=(-1.25, 3.3), xticks=[], yticks=[])
    axes.axis("off")
    for number in range(NUMBER):
        generation(axes, number)
    axes.text(PITCH * NUMBER + 0.28, Y, "…", ha="left", va="center")
    for letter, x, y in (("γ", PITCH, 3.08), ("γ", PITCH / 2, 2.7), ("β", PITCH * 1.5, 2.59)):
        axes.text(x + DATA, y, letter, ha="center", va="bottom", color=SHARES[letter][0])
    explain(axes)
    plotting.save(figure, snakemake, print_scale=False)
