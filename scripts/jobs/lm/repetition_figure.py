"""Draw what a repetition penalty does to perplexity, to repetition and to generated text."""

import pandas as pd
from collapse.claims import published
from pipeline import reference
from pipeline.job import job
from report import language, plotting

CLAIMED = "published: twice that without penalty"


def pairs(penalties):
    """Settings with a penalty, and the setting without one: those that can be compared."""
    base = next((name for name, penalty in penalties.items() if penalty == 1), None)
    others = [name for name, penalty in penalties.items() if penalty != 1]
    return ([], None) if base is None else (others, base)


def draw_perplexity(axes, table, penalties, factor):
    """Draw the perplexity of all settings, and the claimed multiple of that without penalty."""
    language.arms(axes, table)
    others, base = pairs(penalties)
    if others:
        rows = table[(table["setting"] == base) & (table["generation"] > 0)]
        style = plotting.PUBLISHED | plotting.THEORY
        axes.plot(rows["generation"], factor * rows["mean"], label=CLAIMED, **style)
    axes.set(yscale="log", ylabel="perplexity of real text")
    plotting.logarithmic(axes.yaxis)


def draw_ratios(axes, table, factor, settings):
    """Draw the ratio of perplexity with penalty to that without, and the claimed one."""
    last = table["generation"].max()
    style = plotting.PUBLISHED | plotting.THEORY
    axes.plot([*range(1, last + 1)], [factor] * last, label=CLAIMED, **style)
    axes.axhline(1, color="0.6", linewidth=0.8)
    language.arms(axes, table, others=settings)
    axes.set(yscale="log", ylabel="perplexity / that\nwithout penalty")
    plotting.logarithmic(axes.yaxis, steps=(1, 1.5, 2, 3, 5, 7))


def draw_histogram(axes, table, settings, last):
    """Draw how probable generation 0 finds real text, and what one generation wrote."""
    for name in [None, *settings]:
        own = table[table["setting"] == (name or settings[0])]
        rows = own[own["generation"] == (last if name else language.REAL)]
        edges = [*rows["perplexity_from"], rows["perplexity_to"].iloc[-1]]
        style = {"color": "0.5", "linestyle": "--", "label": "real text"}
        style = plotting.series(language.arm(name, settings)[1]) if name else style
        axes.stairs(rows["mean"], edges, linewidth=1.1, **style)
    axes.set(xscale="log", ylabel="share of blocks")
    axes.set(xlabel=f"perplexity of text of generation {last} under generation 0")
    plotting.logarithmic(axes.xaxis, steps=(1,))


def ends(ratios):
    """Label of a setting, its first and its last ratio on generated text, for the caption."""
    later = ratios.loc[ratios["generation"] > 0, "mean"]
    label = language.arm(ratios["setting"].iloc[0])[0]
    return label, f"{later.iloc[0]:.2f}", f"{later.iloc[-1]:.2f}"


def of(path, settings, **wanted):
    """Rows of a table of some settings, and of one definition or quantity."""
    table = pd.read_csv(path)
    return published.select(table[table["setting"].isin(settings)], **wanted)


with job(snakemake):
    params, given, settings = snakemake.params, snakemake.input, list(snakemake.params.penalties)
    perplexity = of(given.table, settings, definition="token")
    perplexity = perplexity[perplexity["generation"] >= 0]
    texts = of(given.texts, settings, quantity="repeated_4gram_share")
    histograms = of(given.histograms, settings)
    known = published.select(reference.published(), quantity="perplexity_ratio_to_no_penalty")
    factor = known["value"].item()
    others, base = pairs(params.penalties)
    ratios = [language.ratios(perplexity, name, base) for name in others]
    figure, panels = plotting.grid(2, 2, height=1.65)
    (first, second), (third, fourth) = panels
    draw_perplexity(first, perplexity, params.penalties, factor)
    if ratios:
        draw_ratios(second, pd.concat(ratios), factor, settings)
    else:
        second.text(0.5, 0.5, "no pair with and without penalty", ha="center", va="center")
        second.set_axis_off()
    language.arms(third, texts, start=language.REAL)
    language.generations_from_real(third, texts["generation"].max())
    third.set(xlabel="text of generation", ylabel="share of repeated\n4-grams", ylim=(-0.02, 1.02))
    last = language.last_common(histograms, settings)
    draw_histogram(fourth, histograms, settings, last)
    for axes in (first, second):
        axes.set(xlabel="generation (0: real text)")
        plotting.whole_generations(axes)
    plotting.legend(figure, columns=3)
    language.note(figure, params.model)
    found = [ends(table) for table in ratios]
    plotting.save(figure, snakemake, found=found, last=last, **language.facts(params))
