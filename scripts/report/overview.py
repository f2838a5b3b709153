"""A picture of the whole pipeline: a column for each family, its rules from data to figures."""

import textwrap

from report import flowchart, plotting

STAGES = ("data", "generations", "tables", "figures")
TOGETHER = "all families"  # the box of steps in other columns
FEW, STUDIES = 6, "Smaller studies"  # most steps of families that share a column; its title
# x is in columns, y in rows; y grows downwards
WIDTH, HEIGHT = 0.78, 0.72  # of a box
LANE = 0.045  # distance of neighbouring lines left of the boxes, columns
GAP = 0.5  # between stages, rows
ROW = 0.275  # height of a row, inches
LETTERS = 14  # most in one line of a box


def draw(columns):
    """Draw families as columns and stages as bands; boxes are rules, arrows are files.

    Parameters
    ----------
    columns : dict of str to dict
        For each family, by title, its steps, see `report.provenance.Provenance.columns`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = gathered(connected(columns))
    tops, bottom = bands(columns)
    right = len(columns) - 0.45
    figure, axes = plotting.plt.subplots(figsize=(7.2, ROW * (bottom + 3.2)))
    axes.set(xlim=(-0.85, right), ylim=(bottom + 1.3, -1.9))
    axes.axis("off")
    for stage, (top, height) in tops.items():
        _draw_band(axes, stage, right, top, height)
    for x, (title, steps) in enumerate(columns.items()):
        heading = textwrap.fill(title, 14)
        axes.text(x, -1.2, heading, ha="center", va="center", weight="bold", fontsize=7.5)
        at = positions(steps, tops)
        _draw_arrows(axes, x, at, edges(steps))
        for step, y in at.items():
            _draw_box(axes, x, y, label(step, steps), loops=step in steps[step]["takes"])
        _draw_arrow(axes, (x, max(at.values()) + HEIGHT / 2), (x, bottom - HEIGHT / 2))
    _draw_page(axes, len(columns), bottom)
    return figure


def connected(columns):
    """Leave out steps without connections, and families that have no other steps."""
    found = {}
    for title, steps in columns.items():
        taken = {name for step in steps.values() for name in step["takes"]}
        kept = {name: step for name, step in steps.items() if step["takes"] or name in taken}
        found |= {title: kept} if kept else {}
    return found


def gathered(columns):
    """Put the steps of families that take files of other families into one last column.

    The other families' steps are one box in it, named `TOGETHER`.
    """
    own, last = {}, {}
    for title, steps in columns.items():
        if all(name in steps for step in steps.values() for name in step["takes"]):
            own[title] = steps
            continue
        for name, step in steps.items():
            takes = {n if n in steps else TOGETHER for n in step["takes"]}
            last[name] = {"stage": step["stage"], "takes": sorted(takes)}
    own = merged(own)
    if last:
        own["Conclusions"] = {TOGETHER: {"stage": "generations", "takes": []}, **last}
    return own


def merged(columns):
    """Put families of few steps without loops into one column, where the first of them was.

    The names of their rules stay whole, as they share no beginning.
    """
    few = [
        title
        for title, steps in columns.items()
        if len(steps) <= FEW and not any(name in step["takes"] for name, step in steps.items())
    ]
    if len(few) < 2:
        return columns
    together = {name: step for title in few for name, step in columns[title].items()}
    return {
        STUDIES if title == few[0] else title: together if title == few[0] else steps
        for title, steps in columns.items()
        if title not in few[1:]
    }


def bands(columns):
    """Vertical extent of the stages.

    Returns
    -------
    tops : dict of str to (float, int)
        Upper edge and height of each stage, in rows.
    bottom : float
        Place of the page, in rows.
    """
    tops, y = {}, 0
    for stage in STAGES:
        counts = [
            sum(step["stage"] == stage for step in steps.values()) for steps in columns.values()
        ]
        tops[stage] = (y, max(counts))
        y += max(counts) + GAP
    return tops, y + 0.5


def positions(steps, tops):
    """Rows of a family's steps: by stage, each step below all steps that it comes from.

    Where there is a choice, a step follows its only source or is as high as its sources.
    """
    sources, at, filled = edges(steps), {}, dict.fromkeys(STAGES, 0)

    def preference(step):
        rows = [at[source] for source in sources[step]]
        follows = bool(at) and next(reversed(at)) in sources[step]
        middle = sum(rows) / len(rows) if rows else float("inf")
        return STAGES.index(steps[step]["stage"]), not follows, middle, step

    while len(at) < len(steps):
        ready = [name for name in steps if name not in at and at.keys() >= {*sources[name]}]
        step = min(ready, key=preference)
        stage = steps[step]["stage"]
        at[step] = tops[stage][0] + filled[stage] + 0.5
        filled[stage] += 1
    return at


def edges(steps):
    """The fewest edges between a family's steps, loops left out: the sources of each step."""
    return flowchart.reduced(
        {name: [n for n in step["takes"] if n != name] for name, step in steps.items()}
    )


def label(step, steps):
    """A rule's name without the parts that the picture shows: its family and its stage."""
    text = step.removesuffix("_figure").removesuffix("_table").removeprefix(family_of(steps))
    return "\n".join(textwrap.wrap(text.replace("_", " "), LETTERS))


def family_of(steps):
    """The longest beginning, up to an underscore, that most names of rules share."""
    begun = [name[: i + 1] for name in steps for i, letter in enumerate(name) if letter == "_"]
    shared = [start for start in begun if begun.count(start) > len(steps) / 2]
    return max(shared, key=len, default="")


def lanes(spans):
    """Number the lanes of vertical lines such that lines in one lane do not overlap.

    Parameters
    ----------
    spans : dict of str to (float, float)
        Upper and lower end of each line.

    Returns
    -------
    dict of str to int
        From 0.
    """
    found = {}
    for name, (top, bottom) in sorted(spans.items(), key=lambda item: item[1][1] - item[1][0]):
        taken = {
            lane
            for other, lane in found.items()
            if spans[other][0] < bottom and top < spans[other][1]
        }
        found[name] = next(lane for lane in range(len(spans)) if lane not in taken)
    return found


def _draw_band(axes, stage, right, top, height):
    edge = GAP / 2 - 0.05
    axes.axhspan(top - edge, top + height + edge, facecolor="0.95", edgecolor="none", zorder=0)
    axes.text(
        -0.8,
        top + height / 2,
        stage,
        rotation=90,
        ha="left",
        va="center",
        fontsize=6.5,
        color="0.35",
    )


def _draw_box(axes, x, y, text, *, loops):
    colour = plotting.COLOURS[1] if loops else "0.45"
    shape = plotting.plt.Rectangle(
        (x - WIDTH / 2, y - HEIGHT / 2),
        WIDTH,
        HEIGHT,
        facecolor="#fdf1e8" if loops else "white",
        edgecolor=colour,
        linewidth=1.4 if loops else 0.7,
        linestyle="--" if text == TOGETHER else "-",
        zorder=2,
    )
    axes.add_patch(shape)
    text = f"{text} ↻" if loops else text
    size = 5.7 if "\n" in text else 6.5
    axes.text(x, y, text, ha="center", va="center", fontsize=size, linespacing=0.95, zorder=3)


def _draw_arrows(axes, x, at, sources):
    """Straight to the box below, in a lane to the left of the boxes to any other."""
    far = {}
    for step, taken in sources.items():
        for source in taken:
            between = [y for y in at.values() if at[source] < y < at[step]]
            if between:
                far.setdefault(source, []).append(step)
            else:
                start, end = at[source] + HEIGHT / 2, at[step] - HEIGHT / 2
                _draw_arrow(axes, (x, start), (x, end))
    out, into = HEIGHT / 5, -HEIGHT / 5  # lines leave boxes below their middle, enter them above
    spans = {
        source: (at[source] + out, max(at[step] for step in taken) + into)
        for source, taken in far.items()
    }
    for source, lane in lanes(spans).items():
        edge, left = x - WIDTH / 2, x - WIDTH / 2 - LANE * (lane + 1.2)
        top, bottom = spans[source]
        axes.plot([edge, left, left], [top, top, bottom], color="0.2", linewidth=0.8)
        for step in far[source]:
            _draw_arrow(axes, (left, at[step] + into), (edge, at[step] + into))


def _draw_arrow(axes, start, end):
    style = {"arrowstyle": "-|>", "color": "0.2", "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops={**style, "linewidth": 0.8, "mutation_scale": 6})


def _draw_page(axes, n_columns, bottom):
    width = n_columns - 1 + WIDTH
    axes.add_patch(
        plotting.plt.Rectangle(
            (-WIDTH / 2, bottom - HEIGHT / 2), width, HEIGHT, facecolor="white", edgecolor="0.45",
            linewidth=0.7,
        )
    )  # fmt: skip
    text = "report: one page with every figure, table and verdict, and what each is made from"
    axes.text((n_columns - 1) / 2, bottom, text, ha="center", va="center", fontsize=7)
    note = "↻  also takes files of its own previous generation (or block of generations)"
    axes.text(-WIDTH / 2, bottom + 1, note, fontsize=6.5, color="0.25", va="center")
