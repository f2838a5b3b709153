"""The style of all figures, and how they are saved."""

import math
from pathlib import Path

import jinja2
import matplotlib
import matplotlib.ticker
from collapse import labels

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from pipeline import files, paths

COLUMN, PAGE = 89 / 25.4, 183 / 25.4  # width of one and of two columns of a journal, inches
# Okabe & Ito, without yellow and black, and two of Tol's: distinct for colour-blind readers; line
# styles tell apart what is grey in a print
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999933"]
LINES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (8, 2, 2, 2)), (0, (1, 3))]
PUBLISHED = {"color": "black", "marker": "x", "linestyle": "none", "markersize": 5, "zorder": 5}
THEORY = {"color": "black", "linestyle": (0, (1, 1)), "linewidth": 1.1}

matplotlib.rcdefaults()  # independent of the user's own configuration
plt.rcParams.update(
    {
        "pdf.compression": 0,  # compressed bytes differ between builds of zlib
        "figure.dpi": 100,
        "savefig.dpi": 300,
        "figure.constrained_layout.use": True,
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "lines.linewidth": 1.2,
        "lines.markersize": 3,
        "legend.frameon": False,
        "legend.fontsize": 7,
        "pdf.fonttype": 42,
        "svg.hashsalt": "collapse",
    }
)

# The position of a label gives it its colour and its line style in every figure.
POSITIONS = {label: n for n, label in enumerate(dict.fromkeys(labels.REGIMES.values()))}


def regime(name, others=()):
    """What a figure calls a regime, and its position among colours and line styles.

    Parameters
    ----------
    name : str
        A regime of one's own is called by its name.
    others : sequence of str
        Regimes of the same figure: those of one's own take the free positions in this order.

    Returns
    -------
    label : str
    position : int
    """
    known = {key: (label, POSITIONS[label]) for key, label in labels.REGIMES.items()}
    if name in known:
        return known[name]
    taken = {known[other][1] for other in others if other in known}
    free = [position for position in range(len(COLOURS)) if position not in taken]
    own = [other for other in others if other not in known]
    rank = own.index(name) if name in own else 0
    return name.replace("_", " "), free[rank % len(free)]


def grid(rows, columns, *, height, width=PAGE, letters=True, **options):
    """A figure of panels, lettered a, b, c, … row by row.

    Parameters
    ----------
    rows, columns : int
    height : float
        Of a row, in inches.
    width : float
        Of the figure, in inches: `COLUMN` or `PAGE`.
    letters : bool
        A single panel has none.
    **options
        Of `matplotlib.pyplot.subplots`.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : ndarray of matplotlib.axes.Axes, shape (rows, columns)
    """
    size = (width, rows * height + 0.4)
    figure, found = plt.subplots(rows, columns, figsize=size, squeeze=False, **options)
    if letters and found.size > 1:
        letter(found.flat)
    return figure, found


def letter(panels):
    """Letter panels a, b, c, … at their left upper corners; their titles stay free."""
    for axes, name in zip(panels, "abcdefghijklmnopqrstuvwxyz", strict=False):
        axes.set_title(name, loc="left", fontweight="bold")


def legend(figure, *, columns=4, place="outside lower center", **options):
    """One legend below the panels of a figure: each label that any of them has, once."""
    entries = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if entries:
        handles, names = list(entries.values()), list(entries)
        layout = {"ncols": min(columns, len(names)), "borderaxespad": 1.5}  # clear of the scale
        figure.legend(handles, names, loc=place, **layout | options)


def whole_generations(axes):
    """Label the generations of an axis with whole numbers only."""
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True, nbins="auto"))


def panels(n, *, height, columns=3, **options):
    """A figure with `n` lettered panels, row by row, that share their axes; see `grid`.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : list of matplotlib.axes.Axes
    """
    columns = min(n, columns)
    shared = {"sharex": True, "sharey": True, "letters": False}
    figure, found = grid(-(-n // columns), columns, height=height, **shared, **options)
    used, unused = list(found.flat[:n]), found.flat[n:]
    letter(used)
    for axes in unused:
        axes.set_axis_off()
    return figure, used


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


def rows_of_panels(rows, *, height):
    """A figure whose rows have different numbers of lettered panels, all as wide as the page.

    Parameters
    ----------
    rows : list of list of str
        A key for each panel, row by row.
    height : float
        Of a row, in inches.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : dict of str to matplotlib.axes.Axes
    """
    width = math.lcm(*map(len, rows))
    mosaic = [[key for key in row for _ in range(width // len(row))] for row in rows]
    figure = plt.figure(figsize=(PAGE, len(rows) * height + 0.4))
    found = figure.subplot_mosaic(mosaic)
    letter(found.values())
    return figure, found


def tiled(images, rows):
    """Arrange images (rows · columns, height, width) as one picture, row by row."""
    tiles = images.reshape(rows, -1, *images.shape[1:])
    return tiles.swapaxes(1, 2).reshape(rows * images.shape[1], -1)


def share_y(panels):
    """Give panels the vertical axis that shows all of their data; only the first is labelled."""
    first, *others = panels
    ends = [axes.get_ylim() for axes in panels]
    for axes in others:
        axes.sharey(first)
        axes.tick_params(labelleft=False, which="both")
    first.set_ylim(min(low for low, _ in ends), max(high for _, high in ends))


def series(position):
    """Colour and line style of the series at `position`."""
    return {
        "color": COLOURS[position % len(COLOURS)],
        "linestyle": LINES[position % len(LINES)],
    }


def sequence(n):
    """`n` colours in order, from dark to light, distinct in grey prints too."""
    return [plt.get_cmap("viridis")(0.92 * step / max(n - 1, 1)) for step in range(n)]


def line_with_band(axes, x, middle, low, high, *, position, label):
    """Draw a line with its interval, in the style of the series at `position`."""
    style = series(position)
    axes.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
    axes.plot(x, middle, label=label, **style)


def mark(axes, x, middle, low, high, *, position):
    """Mark a reference value and its interval in its series' colour; either may be NaN."""
    colour = COLOURS[position % len(COLOURS)]
    axes.plot([x], [middle], **PUBLISHED | {"color": colour})
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
