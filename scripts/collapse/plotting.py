"""The one look of all figures, and the one way to save them."""

from pathlib import Path

import jinja2
import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from collapse import files

# Okabe & Ito: distinct with colour-blindness; differing line styles for grey print
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
LINES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))]
REFERENCE = {"color": "black", "marker": "x", "linestyle": "none", "markersize": 5}
ARROW = {"arrowstyle": "-|>", "color": "0.2", "shrinkA": 0, "shrinkB": 0}
THEORY = {"color": "black", "linestyle": (0, (1, 1)), "linewidth": 1.1}

matplotlib.rcdefaults()  # whatever the user's own configuration says
plt.rcParams.update(
    {
        "pdf.compression": 0,  # compressed bytes differ between builds of zlib
        "figure.dpi": 150,
        "figure.constrained_layout.use": True,
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 9,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "pdf.fonttype": 42,
        "svg.hashsalt": "collapse",
    }
)


def series(position):
    """Colour and line style of the series at `position`."""
    return {
        "color": COLOURS[position % len(COLOURS)],
        "linestyle": LINES[position % len(LINES)],
    }


def sequence(n):
    """`n` colours in order, from dark to light, distinct in grey print too."""
    return [plt.get_cmap("viridis")(0.92 * step / max(n - 1, 1)) for step in range(n)]


def box(colour):
    """Style of a labelled box."""
    return {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": colour}


def line_with_band(axes, x, middle, low, high, *, position, label):
    """A line with its interval, in the style of the series at `position`."""
    style = series(position)
    axes.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
    axes.plot(x, middle, label=label, **style)


def runs_with_band(axes, table, *, position, label):
    """Mean with its interval, and every run as a thin line, against generation.

    `table` has the columns generation, mean, low, high, run00, run01, …
    """
    x = table["generation"]
    ends = table["low"], table["high"]
    line_with_band(axes, x, table["mean"], *ends, position=position, label=label)
    for run in table.filter(regex=r"^run\d+$"):
        axes.plot(x, table[run], color=series(position)["color"], linewidth=0.4)


def mark(axes, x, middle, low, high, *, position):
    """A reference value with its interval, either may be NaN, in its series' colour."""
    colour = COLOURS[position % len(COLOURS)]
    axes.plot([x], [middle], **REFERENCE | {"color": colour})
    axes.plot([x, x], [low, high], color=colour, linewidth=1, marker="_", markersize=4)


def save(figure, adapter, **facts):
    """Write PNG, PDF and caption, each atomically and without clocks.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    adapter : object
        With the paths ``output.png``, ``output.pdf``, ``output.caption`` and ``input.caption``, a
        Jinja template, and with ``wildcards`` and ``params``, which the template knows by name.
        The wildcard ``scale`` is named in small print on the figure.
    **facts
        What else the template knows.
    """
    output, scale = adapter.output, adapter.wildcards.scale
    figure.get_layout_engine().set(rect=(0, 0.04, 1, 0.96))  # a strip below for the small print
    figure.text(0.995, 0.004, f"scale: {scale}", ha="right", va="bottom", fontsize=6, color="0.4")
    for path, metadata in ((output.png, {"Software": None}), (output.pdf, {"CreationDate": None})):
        with files.replacing(path) as partial:
            figure.savefig(partial, metadata=metadata)
    plt.close(figure)
    template = jinja2.Template(Path(adapter.input.caption).read_text(encoding="utf-8"))
    text = template.render(**adapter.wildcards, **adapter.params, **facts)
    files.write_text(output.caption, text.strip() + "\n")
