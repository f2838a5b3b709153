"""Draw what is lost from the vocabulary and what repeats, from real text to the last generation."""

import pandas as pd
from pipeline.job import job
from report import language, plotting

PANELS = {  # label, and whether the axis is logarithmic
    "vocabulary_coverage": ("share of distinct\ntokens left", True),
    "tail_coverage": ("share of rare\ntokens left", True),
    "repeated_4gram_share": ("share of repeated\n4-grams", False),
    "distinct_2": ("distinct 2-grams\nper 2-gram", True),
}


def draw(axes, table, label, *, logarithmic):
    """Draw one quantity of all settings; dotted: that of real text."""
    language.arms(axes, table, start=language.REAL)
    real = table.loc[table["generation"] == language.REAL, "mean"].mean()
    axes.axhline(real, label="real text", **plotting.THEORY)
    axes.set(ylabel=label)
    if logarithmic:
        axes.set(yscale="log")
        narrow = table["mean"].min() > table["mean"].max() / 20
        plotting.logarithmic(axes.yaxis, steps=(1, 2, 5) if narrow else (1,))
    else:
        axes.set(ylim=(-0.02, 1.02))


def ends(table, setting):
    """Values of generation 0 and of a setting's last generation, by quantity, in per cent."""
    own = table[table["setting"] == setting]
    shown = own[own["generation"].isin([0, own["generation"].max()])]
    by_quantity = shown.groupby("quantity")["mean"]
    return {name: [f"{100 * value:.2g}" for value in values] for name, values in by_quantity}


with job(snakemake):
    params, whole = snakemake.params, pd.read_csv(snakemake.input.table)
    last = int(whole["generation"].max())
    figure, panels = plotting.grid(2, 2, height=1.65, sharex=True)
    for axes, (quantity, (label, logarithmic)) in zip(panels.flat, PANELS.items(), strict=True):
        draw(axes, whole[whole["quantity"] == quantity], label, logarithmic=logarithmic)
        language.generations_from_real(axes, last)
    for axes in panels[-1]:
        axes.set(xlabel="text of generation")
    plotting.legend(figure, columns=4)
    language.note(figure, params.model)
    setting = whole["setting"].iloc[0]
    found = {"label": language.arm(setting)[0], "ends": ends(whole, setting)}
    found["last"] = int(whole.loc[whole["setting"] == setting, "generation"].max())
    plotting.save(figure, snakemake, found=found, **language.facts(params))
