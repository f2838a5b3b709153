"""Draw which states of the discrete chains are present over time, and in which they end."""

import pandas as pd
from pipeline.job import job
from report import plotting

NAMES = {  # by distribution: its name, and its position among colours, for the states of the end
    "uniform": ("uniform", 4),
    "zipf": ("Zipf's law", 1),
    "corpus": ("words of the corpus", 3),
}
MARKERS = "osDv^P"
FEWEST = 5  # runs expected to end in a group of states that is drawn


def points(axes, x, table, quantity, *, scale=1, **style):
    """Draw open markers with their intervals."""
    y, low, high = (table[f"{quantity}{end}"] / scale for end in ("", "_low", "_high"))
    shape = {"linestyle": "none", "markersize": 3.5, "markerfacecolor": "none", "elinewidth": 0.7}
    axes.errorbar(x, y, (y - low, high - y), **shape, **style)


def draw_presence(axes, table):
    """Draw the share of states present against M·q: a colour for each generation."""
    for (size, generation), own in table.groupby(["size", "generation"]):
        axes.plot(own["expected"], own["present_theory"], **plotting.THEORY | {"linewidth": 0.8})
        style = {"color": colours[generation], "marker": markers[size]}
        points(axes, own["expected"], own, "present", **style)
    axes.set(xscale="log", ylim=(0, 1.03))
    axes.set(xlabel="expected items M·q of a state", ylabel="share of states present")


def draw_ends(axes, table):
    """Draw how often runs end in a state against its true probability, by groups of states."""
    axes.set(title="where runs end")
    axes.set(xlabel="true probability q of a state", ylabel="share of runs that end in it")
    table = table[table["probability"] * table["runs"] >= FEWEST]
    if table.empty:
        return
    for (name, size), own in table.groupby(["distribution", "size"], sort=False):
        states = own["last_rank"] - own["first_rank"] + 1
        style = {"color": plotting.COLOURS[NAMES[name][1]], "marker": markers[size]}
        points(axes, own["probability"] / states, own, "absorbed", scale=states, **style)
    q = table["probability"] / (table["last_rank"] - table["first_rank"] + 1)
    axes.plot([q.min(), q.max()], [q.min(), q.max()], label="exact law", **plotting.THEORY)
    axes.set(xscale="log", yscale="log")


def name_styles(axes, names):
    """Name colours and markers in the legend."""
    for generation, colour in colours.items():
        label = f"generation {generation:,}" if generation else "first sample"
        axes.plot([], [], color=colour, linewidth=3, label=label)
    for size, marker in markers.items():
        style = {"linestyle": "none", "color": "0.3", "markerfacecolor": "none"}
        axes.plot([], [], marker=marker, markersize=3.5, label=f"M = {size:,}", **style)
    for name in names:
        label, position = NAMES[name]
        axes.plot([], [], color=plotting.COLOURS[position], linewidth=3, label=f"ends: {label}")


with job(snakemake):
    presence, ends = (pd.read_csv(snakemake.input[name]) for name in ("presence", "ends"))
    names, generations = presence["distribution"].unique(), presence["generation"].unique()
    colours = dict(zip(generations, plotting.sequence(len(generations)), strict=True))
    markers = dict(zip(sorted(presence["size"].unique()), MARKERS * 9, strict=False))
    figure, grid = plotting.grid(-(-(len(names) + 1) // 2), 2, height=2.2, letters=False)
    panels = list(grid.flat[: len(names) + 1])
    for name, axes in zip(names, panels, strict=False):
        draw_presence(axes, presence[presence["distribution"] == name])
        axes.set_title(NAMES[name][0])
    draw_ends(panels[-1], ends)
    plotting.letter(panels)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    name_styles(panels[0], names)
    plotting.legend(figure, columns=4)
    plotting.save(figure, snakemake, fewest=FEWEST)
