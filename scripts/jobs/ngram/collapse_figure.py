"""Draw what drift and selection take from the n-grams of a text."""

import pandas as pd
from collapse.ngram import ngram
from pipeline.job import job
from report import plotting

NAMES = {1: "words", 2: "pairs of words", 3: "triples of words"}
MARKERS = {1: "o", 2: "s", 3: "^"}
LINES = ("-", (0, (3, 1.5)))  # of the temperatures
LEFT_OF = {"xytext": (-6, 0), "textcoords": "offset points", "ha": "right"}
LEFT_OF |= {"va": "center", "fontsize": 7}


def curve(axes, x, table, name, **style):
    """Draw the mean over runs and its interval."""
    low, high = table[f"{name}_low"], table[f"{name}_high"]
    axes.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
    axes.plot(x, table[name], **style)


def intervals(table, name):
    """Lengths of the bars below and above a mean."""
    return table[name] - table[f"{name}_low"], table[f"{name}_high"] - table[name]


def by_generation(axes, table, name):
    """Draw a quantity against generation: a colour for each size, a line style for each arm."""
    for (size, temperature), own in table.groupby(["size", "temperature"]):
        style = {"color": colours[size], "linestyle": lines[temperature]}
        curve(axes, own["generation"], own, name, **style)
        if name == "survived" or size == sizes[-1]:  # one law of the entropy for all sizes
            axes.plot(own["generation"], own[f"{name}_theory"], label="law", **plotting.THEORY)
    plotting.whole_generations(axes)
    axes.set(xlabel="generation", xlim=(0, last), ylim=(0, 1.03 if name == "survived" else None))


def rates(axes, table):
    """Draw the entropy lost per generation against the size of the corpus."""
    for (order, temperature), own in table.groupby(["order", "temperature"]):
        style = {"color": "0.2", "linestyle": lines[temperature], "marker": MARKERS[order]}
        filled = {} if temperature == 1 else {"markerfacecolor": "white"}
        bars = intervals(own, "lost")
        axes.errorbar(own["size"], own["lost"], bars, elinewidth=0.7, **style, **filled)
        start = own[["size", "lost"]].iloc[0]
        if temperature == temperatures[0] and start["lost"] > 0:  # else it is not on the axis
            axes.annotate(NAMES[order].split()[0], start, **LEFT_OF)
    axes.set(xscale="log", yscale="log", title=f"mean of generations 1 to {last}")
    axes.set(xlabel="words per generation M", ylabel="nats lost per generation")
    axes.set_xlim(sizes[0] / 8, sizes[-1] * 1.6)  # leaves room for the names
    plotting.logarithmic(axes.yaxis, steps=(1, 3))
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()


def by_regime(axes, table, title):
    """Draw the share of real n-grams left by order: a colour and a marker for each regime."""
    for place, (name, own) in enumerate(table.groupby("regime", sort=False)):
        label, position = plotting.regime(name, regimes)
        x = own["order"] + 0.22 * (place - (len(regimes) - 1) / 2)
        style = {"color": plotting.COLOURS[position], "marker": "oDsv^P"[place % 6]}
        axes.errorbar(
            x, own["survived"], intervals(own, "survived"), linestyle="none", label=label, **style
        )
    axes.set(ylim=(0, 1.05), title=title, xticks=orders, xlim=(orders[0] - 0.5, orders[-1] + 0.5))
    axes.set_xticklabels([NAMES[order].split()[0] for order in orders])


def arm(temperature):
    """What the figure calls a temperature."""
    return "drift" if temperature == 1 else f"selection, temperature {temperature:g}"


def words_lost(table):
    """Entropy of single words lost per generation, at the smallest and at the largest size."""
    table = table[(table["regime"] == regimes[0]) & (table["order"] == 1)]
    found = table.sort_values("size").groupby("temperature", sort=False)["lost"]
    return [(arm(temperature), lost.iloc[0], lost.iloc[-1]) for temperature, lost in found]


def name_styles(axes):
    """Name colours and line styles in the legend."""
    for size, colour in colours.items():
        axes.plot([], [], color=colour, linewidth=3, label=f"M = {size:,}")
    for temperature, style in lines.items():
        axes.plot([], [], color="0.2", linestyle=style, label=arm(temperature))


with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    orders, sizes, last = (sorted(whole[name].unique()) for name in ("order", "size", "generation"))
    last, regimes = last[-1], list(whole["regime"].unique())
    temperatures = sorted(whole["temperature"].unique(), reverse=True)
    colours = dict(zip(sizes, plotting.sequence(len(sizes)), strict=True))
    lines = dict(zip(temperatures, LINES, strict=False))
    figure, panels = plotting.grid(3, 3, height=1.9, letters=False)
    name_styles(panels[0, 0])
    first, ends = whole[whole["regime"] == regimes[0]], whole[whole["generation"] == last]
    for order, column in zip(orders, panels.T, strict=False):
        own = first[first["order"] == order]
        by_generation(column[0], own, "survived")
        by_generation(column[1], own, "entropy")
        column[0].set_title(NAMES[order])
    rates(panels[2, 0], ends[ends["regime"] == regimes[0]])
    for temperature, axes in zip(temperatures, panels[2, 1:], strict=False):
        shown = ends[(ends["temperature"] == temperature) & (ends["size"] == sizes[-1])]
        by_regime(axes, shown, f"{arm(temperature).split(',')[0]}, generation {last}")
    for axes in panels[0, 0], panels[2, 1]:
        axes.set_ylabel("real n-grams left, share")
    panels[1, 0].set_ylabel("entropy, nats per word")
    used = [axes for axes in panels.flat if axes.has_data()]
    plotting.letter(used)
    for axes in set(panels.flat) - set(used):
        axes.set_axis_off()
    plotting.legend(figure, columns=3)
    plotting.save(figure, snakemake, rates=words_lost(ends), largest_law=ngram.LARGEST_LAW)
