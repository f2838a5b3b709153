"""Draw the loss of real test text against generation: its change, and as perplexity."""

import numpy as np
import pandas as pd
from pipeline import reference
from pipeline.job import job
from report import plotting


def draw_changes(axes, table):
    """Draw the change against generation 0 of every setting, with intervals where there are any."""
    for name, rows in table.groupby("setting", sort=False):
        label, position = plotting.setting(name)
        later = rows[rows["generation"] > 0]
        start = pd.DataFrame([{"generation": 0, "mean": 0.0}])
        line = pd.concat([start, later], ignore_index=True)
        style = plotting.series(position)
        axes.plot(line["generation"], line["mean"], label=label, marker="o", markersize=3, **style)
        ends = np.abs(later[["low", "high"]].to_numpy().T - later["mean"].to_numpy())
        axes.errorbar(
            later["generation"], later["mean"], ends, fmt="none", capsize=2, color=style["color"]
        )
    before = table.loc[table["generation"] < 0, "mean"].mean()
    axes.axhline(before, label="before fine-tuning", **plotting.THEORY)
    axes.set(xlabel="generation", ylabel="change of loss against\ngeneration 0, nats per token")


def draw_published(axes, known, last):
    """Draw the rises that the paper and an independent replication report, right of the data."""
    values = known.set_index(["quantity", "setting", "generation"])["value"].to_dict()
    at, _none = "facebook/opt-125m wikitext2 ", np.nan
    rows = {(q, s): v for (q, s, g), v in values.items() if np.isnan(g)}
    first = known[(known["quantity"] == "perplexity") & (known["generation"] == 0)]
    bases = first.groupby("setting")["value"].mean()
    paper, replication = bases[f"{at}real"], bases[f"{at}no_data_preserved"]
    place = f"{at}no_data_preserved"
    ranges = {
        "paper": [
            (paper + rows[f"perplexity_rise_{end}", place]) / paper for end in ("low", "high")
        ],
        "replication": [
            rows[f"perplexity_later_{end}", place] / replication for end in ("low", "high")
        ],
    }
    for step, (name, ratio) in enumerate(ranges.items(), start=1):
        x = last + 0.55 * step
        axes.plot([x, x], np.log(ratio), color="black", marker="_", linewidth=1)
        axes.annotate(
            name,
            (x, np.log(ratio[1])),
            (0, 3),
            textcoords="offset points",
            rotation=90,
            ha="center",
            va="bottom",
            fontsize=6.5,
        )


def draw_perplexity(axes, table):
    """Draw the perplexity of every setting: mean, and every run as a thin line."""
    for name, rows in table[table["definition"] == "token"].groupby("setting", sort=False):
        _, position = plotting.setting(name)
        tuned = rows[rows["generation"] >= 0]
        style = plotting.series(position)
        axes.plot(tuned["generation"], tuned["mean"], marker="o", markersize=3, **style)
        for run in tuned.filter(regex=r"^run\d+$"):
            axes.plot(tuned["generation"], tuned[run], color=style["color"], linewidth=0.4)
    before = table[(table["definition"] == "token") & (table["generation"] < 0)]["mean"].mean()
    axes.axhline(before, **plotting.THEORY)
    axes.set(yscale="log", xlabel="generation", ylabel="perplexity of real test text")
    plotting.logarithmic(axes.yaxis)


with job(snakemake):
    given, params = snakemake.input, snakemake.params
    changes, table = pd.read_csv(given.changes), pd.read_csv(given.table)
    figure, (left, right) = plotting.plt.subplots(1, 2, figsize=(7.2, 3.1), width_ratios=(3, 2))
    draw_changes(left, changes)
    draw_published(left, reference.published(), changes["generation"].max())
    draw_perplexity(right, table)
    for axes, letter in ((left, "a"), (right, "b")):
        axes.set_title(letter, loc="left", fontweight="bold")
        axes.xaxis.set_major_locator(plotting.plt.MaxNLocator(integer=True))
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    counts = {
        name: int(rows["runs"].max()) for name, rows in changes.groupby("setting", sort=False)
    }
    runs = ", ".join(f"{n} ({plotting.setting(name)[0]})" for name, n in counts.items())
    plotting.save(figure, snakemake, runs=runs)
