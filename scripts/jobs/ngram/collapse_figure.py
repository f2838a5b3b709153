"""Draw what drift and selection take from the n-grams of a text."""

import pandas as pd
from collapse.ngram import ngram
from pipeline.job import job
from report import plotting

NAMES = {1: "words", 2: "pairs of words", 3: "triples of words"}
MARKERS = {1: "o", 2: "s", 3: "^"}
LINES = ("-", (0, (3, 1.5)))  # of the temperatures


def curve(axes, x, table, name, **style):
    """Draw the mean over runs and its interval."""
    low, high = table[f"{name}_low"], table[f"{name}_high"]
    axes.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
    axes.plot(x, table[name], **style)


def by_generation(axes, table, name, label):
    """Draw a quantity against generation: a colour for each size, a line style for each arm."""
    for (size, temperature), own in table.groupby(["size", "temperature"]):
        style = {"color": colours[size], "linestyle": lines[temperature]}
        curve(axes, own["generation"], own, name, **style)
        if name == "survived" or size == sizes[-1]:  # one law of the entropy for all sizes
            axes.plot(own["generation"], own[f"{name}_theory"], label="law", **plotting.THEORY)
    plotting.whole_generations(axes)
    axes.set(xlabel="generation", ylabel=label, xlim=(0, last), ylim=(0, None))


def rates(axes, table):
    """Draw the entropy lost per generation against the size of the corpus."""
    for (order, temperature), own in table.groupby(["order", "temperature"]):
        style = {"color": "0.2", "linestyle": lines[temperature], "marker": MARKERS[order]}
        filled = {} if temperature == 1 else {"markerfacecolor": "white"}
        curve(axes, own["size"], own, "lost", **style, **filled)
        if temperature == temperatures[0]:
            name = NAMES[order].split()[0]
            place = {"xytext": (5, 0), "textcoords": "offset points", "va": "center"}
            axes.annotate(name, own[["size", "lost"]].iloc[-1], fontsize=7, **place)
    axes.set(xscale="log", yscale="log", title=f"mean of generations 1 to {last}")
    axes.set(xlabel="words per generation M", ylabel="nats lost per generation")
    axes.set_xlim(sizes[0] / 1.5, sizes[-1] * 6)  # leaves room for the names


def by_regime(axes, table, title):
    """Draw the share of real n-grams left by order: a colour and a marker for each regime."""
    for place, (name, own) in enumerate(table.groupby("regime", sort=False)):
        label, position = plotting.regime(name, regimes)
        x = own["order"] + 0.22 * (place - (len(regimes) - 1) / 2)
        ends = own["survived"] - own["survived_low"], own["survived_high"] - own["survived"]
        style = {"color": plotting.COLOURS[position], "marker": "oDsv^P"[place % 6]}
        axes.errorbar(x, own["survived"], ends, linestyle="none", label=label, **style)
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
    figure, panels = plotting.grid(3, 3, height=1.85, letters=False)
    first, ends = whole[whole["regime"] == regimes[0]], whole[whole["generation"] == last]
    for order, column in zip(orders, panels.T, strict=False):
        own = first[first["order"] == order]
        by_generation(column[0], own, "survived", "share of real n-grams left")
        by_generation(column[1], own, "entropy", "entropy, nats per word")
        column[0].set_title(NAMES[order])
    rates(panels[2, 0], ends[ends["regime"] == regimes[0]])
    for temperature, axes in zip(temperatures, panels[2, 1:], strict=False):
        shown = ends[(ends["temperature"] == temperature) & (ends["size"] == sizes[-1])]
        by_regime(axes, shown, f"{arm(temperature)}, generation {last}")
        axes.set_ylabel("share of real n-grams left")
    name_styles(panels[0, 0])
    used = [axes for axes in panels.flat if axes.has_data()]
    plotting.letter(used)
    for axes in set(panels.flat) - set(used):
        axes.set_axis_off()
    plotting.legend(figure, columns=3)
    plotting.save(figure, snakemake, rates=words_lost(ends), largest_law=ngram.LARGEST_LAW)
