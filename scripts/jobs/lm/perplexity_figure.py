"""Draw the loss of real test text against generation: its change, published, and as perplexity."""

import pandas as pd
from collapse.claims import published
from pipeline import reference
from pipeline.job import job
from report import language, plotting

LATER, LAST = (2, 9), 9  # generations that the published ranges are of, see `loss_ranges`
WIDE = 5  # ratio of the largest to the smallest perplexity above which its axis is logarithmic


def draw_changes(axes, table, others):
    """Draw the change against generation 0 of every setting, with intervals."""
    start = pd.DataFrame({"setting": table["setting"].unique(), "generation": 0, "mean": 0.0})
    later = table[table["generation"] > 0]
    language.arms(axes, pd.concat([start, later]), others=others, intervals=True)
    before = table.loc[table["generation"] < 0, "mean"].mean()
    axes.axhline(before, label="before fine-tuning", **plotting.THEORY)
    axes.set(ylabel="change of loss\nagainst generation 0 / nats")


def draw_published(axes, known, others):
    """Draw the changes published for OPT-125m, as points, and the ranges published without them."""
    for name, rows in published.loss_changes(known).groupby("setting", sort=False):
        label, position = language.arm(name, others)
        # thin lines tell the series apart in grey prints
        style = plotting.PUBLISHED | plotting.series(position) | {"linewidth": 0.6}
        axes.plot(rows["generation"], rows["mean"], label=f"published: {label}", **style)
    style = {"color": plotting.COLOURS[language.arm("no_data_preserved", others)[1]]}
    ranges = published.loss_ranges(known)
    label = "published: ranges, no real data kept"
    axes.fill_between(LATER, *ranges["replication"], alpha=0.25, linewidth=0, label=label, **style)
    right = LAST + 0.6  # clear of the points
    axes.plot([right] * 2, ranges["paper"], marker="_", linewidth=2, markersize=6, **style)
    place = {"ha": "center", "fontsize": 7}
    axes.text(sum(LATER) / 2, ranges["replication"][0], "replication", va="top", **place)
    axes.text(right, ranges["paper"][1], "paper", va="bottom", **place)
    axes.axhline(published.zero_shot_change(known), **plotting.THEORY)
    axes.tick_params(labelleft=False)


def draw_perplexity(axes, table, others):
    """Draw the perplexity of every setting: mean and single runs."""
    language.arms(axes, table[table["generation"] >= 0], others=others)
    axes.axhline(table.loc[table["generation"] < 0, "mean"].mean(), **plotting.THEORY)
    axes.set(ylabel="perplexity of real text")
    if table["mean"].max() > WIDE * table["mean"].min():
        axes.set_yscale("log")
        plotting.logarithmic(axes.yaxis)


def signed(value):
    """A number with its sign and two decimals; what rounds to zero has none."""
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0.00"


def changed(table):
    """Settings, their last generation and the change of loss there, for the caption."""
    last = table.loc[table.groupby("setting", sort=False)["generation"].idxmax()]
    return [
        (language.arm(row.setting)[0], row.generation, signed(row.mean))
        for row in last.itertuples()
    ]


with job(snakemake):
    given, params, known = snakemake.input, snakemake.params, reference.published()
    changes, table = pd.read_csv(given.changes), pd.read_csv(given.table)
    others = [*dict.fromkeys([*published.loss_changes(known)["setting"], *changes["setting"]])]
    figure, (panels,) = plotting.grid(1, 3, height=2.35, width_ratios=(5, 4, 4))
    panels[1].sharey(panels[0])
    draw_changes(panels[0], changes, others)
    draw_published(panels[1], known, others)
    draw_perplexity(panels[2], table[table["definition"] == "token"], others)
    model = language.model_name(params.model)
    for axes, title in zip(panels, (model, "OPT-125m, published", model), strict=True):
        axes.set(xlabel="generation (0: real text)", title=title)
        plotting.whole_generations(axes)
    panels[1].set_xticks(range(0, LAST + 1, 3))
    plotting.legend(figure, columns=3)
    language.note(figure, params.model)
    plotting.save(figure, snakemake, changed=changed(changes), **language.facts(params))
