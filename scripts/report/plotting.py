"""The style of all figures, and how they are saved."""

from pathlib import Path

import jinja2
import matplotlib
import matplotlib.ticker

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from pipeline import files, paths

# Okabe & Ito: distinct for colour-blind readers; line styles differ for grey prints
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
LINES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))]
REFERENCE = {"color": "black", "marker": "x", "linestyle": "none", "markersize": 5}
ARROW = {"arrowstyle": "-|>", "color": "0.2", "shrinkA": 0, "shrinkB": 0}
THEORY = {"color": "black", "linestyle": (0, (1, 1)), "linewidth": 1.1}

matplotlib.rcdefaults()  # independent of the user's own configuration
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

# what figures call the settings of the language model; the order gives each its colour
SETTINGS = {
    "no_data_preserved": "no real data kept",
    "preserve10": "10 % real data kept",
    "sham": "real data only, trained again",
    "penalty2": "no real data, repetition penalty 2",
    "sampled": "no real data, sampled (T = 1)",
    "real10": "10 % of the real data alone",
}


def setting(name):
    """What a figure calls a setting of the language model, and its position among the colours."""
    known = list(SETTINGS)
    return SETTINGS.get(name, name), known.index(name) if name in known else len(known)


def panels(n, *, size, columns=3):
    """A figure with `n` panels of this size in inches, row by row, that share their axes.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : list of matplotlib.axes.Axes
    """
    columns = min(n, columns)
    rows = -(-n // columns)
    shape = {"figsize": (size[0] * columns, size[1] * rows + 0.4), "squeeze": False}
    figure, grid = plt.subplots(rows, columns, sharex=True, sharey=True, **shape)
    for unused in grid.flat[n:]:
        unused.set_axis_off()
    return figure, list(grid.flat[:n])


def by_generation(shown):
    """A colour for each generation that any of several panels shows, and grey for real text.

    Parameters
    ----------
    shown : iterable of list of int
        Generations of each panel.
    """
    generations = sorted({g for own in shown for g in own})
    return {-1: "0.5", **dict(zip(generations, sequence(len(generations)), strict=True))}


def logarithmic(axis, steps=(1, 2, 5)):
    """Label a logarithmic axis with plain numbers, at these steps of each decade."""
    axis.set_major_locator(matplotlib.ticker.LogLocator(subs=steps, numticks=12))
    axis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def series(position):
    """Colour and line style of the series at `position`."""
    return {
        "color": COLOURS[position % len(COLOURS)],
        "linestyle": LINES[position % len(LINES)],
    }


def sequence(n):
    """`n` colours in order, from dark to light, distinct in grey prints too."""
    return [plt.get_cmap("viridis")(0.92 * step / max(n - 1, 1)) for step in range(n)]


def box(colour):
    """Style of a box around a text."""
    return {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": colour}


def line_with_band(axes, x, middle, low, high, *, position, label):
    """Draw a line with its interval, in the style of the series at `position`."""
    style = series(position)
    axes.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
    axes.plot(x, middle, label=label, **style)


def runs_with_band(axes, table, *, position, label):
    """Draw mean and interval, and every run as a thin line, against generation.

    `table` has the columns generation, mean, low, high, run00, run01, …
    """
    x = table["generation"]
    ends = table["low"], table["high"]
    line_with_band(axes, x, table["mean"], *ends, position=position, label=label)
    for run in table.filter(regex=r"^run\d+$"):
        axes.plot(x, table[run], color=series(position)["color"], linewidth=0.4)


def mark(axes, x, middle, low, high, *, position):
    """Mark a reference value and its interval in its series' colour; either may be NaN."""
    colour = COLOURS[position % len(COLOURS)]
    axes.plot([x], [middle], **REFERENCE | {"color": colour})
    axes.plot([x, x], [low, high], color=colour, linewidth=1, marker="_", markersize=4)


def save(figure, adapter, *, print_scale=True, **facts):
    """Write PNG, PDF and caption, each atomically and without time stamps.

    The caption's template is ``workflow/report/<name>.md``, where the name is the job's parameter
    ``caption`` or, by default, that of the figure. It knows the job's wildcards and parameters.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    adapter : object
        With the paths ``output.png``, ``output.pdf``, ``output.caption``, and with ``wildcards``
        and ``params``: what Snakemake gives to a script.
    print_scale : bool
        Whether the figure names the scale in small print.
    **facts
        Further variables of the template.
    """
    output = adapter.output
    if print_scale:
        _print_scale(figure, adapter.wildcards.scale)
    for path, metadata in ((output.png, {"Software": None}), (output.pdf, {"CreationDate": None})):
        with files.replacing(path) as partial:
            figure.savefig(partial, metadata=metadata)
    plt.close(figure)
    name = adapter.params.get("caption", Path(output.png).stem)
    source = (paths.CAPTIONS / f"{name}.md").read_text(encoding="utf-8")
    template = jinja2.Template(source, undefined=jinja2.StrictUndefined)
    text = template.render(**adapter.wildcards, **adapter.params, **facts)
    files.write_text(output.caption, text.strip() + "\n")


def _print_scale(figure, scale):
    figure.get_layout_engine().set(rect=(0, 0.04, 1, 0.96))  # leaves a strip at the bottom
    figure.text(0.995, 0.004, f"scale: {scale}", ha="right", va="bottom", fontsize=6, color="0.4")
