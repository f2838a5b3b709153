"""Compare regimes: errors of the fitted mean and spread, and the step from one fit to the next."""

import pandas as pd
from collapse import labels
from collapse.gaussian import gaussian
from collapse.process.regimes import FullRegime
from pipeline.job import job
from report import plotting

ROWS = {
    "mean_error": "|fitted mean −\ntrue mean|",
    "log_error": "|log(fitted std /\ntrue std)|",
    "step": "W₂ distance from the\ngeneration before / σ₀",
}


def arranged(sizes, stepped):
    """Lay out one panel for each size and quantity, over those of the sizes with known steps.

    Parameters
    ----------
    sizes, stepped : list of int
        All sizes, and those of which every generation is kept.

    Returns
    -------
    list of list of str
        Rows of keys, "quantity size".
    """
    shares = {"mean_error": sizes, "log_error": sizes, "step": stepped}
    return [[f"{name} {size}" for size in row] for name, row in shares.items() if row]


def draw(axes, quantity, table, position, label):
    """Draw one regime: the median over runs, and a band that shows how far runs get."""
    x, middle = table["generation"], table[quantity]
    if quantity == "step":
        ends = table["step_low"], table["step_high"]
    else:  # the lower half of an absolute error only says that runs cross the truth
        x, ends = x + 1, (middle, table[f"{quantity}_high"])
    plotting.line_with_band(axes, x, middle, *ends, position=position, label=label)


def finish(axes, quantity, size):
    """Scale and label one panel."""
    axes.set(xscale="log", yscale="log")
    if quantity == "mean_error":
        axes.tick_params(labelbottom=False, which="both")
    else:
        axes.set_xlabel("generation" if quantity == "step" else "generation + 1")
    if quantity == "step":  # the leading order of the limit of steps between fits to draws
        label = "two independent real samples, √(3/M)"
        start = axes.dataLim.x1
        axes.plot([start, 2.5 * start], 2 * [(3 / size) ** 0.5], label=label, **plotting.THEORY)
    if quantity != "log_error":
        axes.set_title(f"M = {size:,}")


with job(snakemake):
    mixes, given = snakemake.params.mixes, snakemake.input
    errors, steps = ([pd.read_csv(path) for path in paths] for paths in (given.errors, given.steps))
    ddof = errors[0]["ddof"].iloc[0]
    tables = {
        "mean_error": [table[table["ddof"] == ddof] for table in errors],
        "step": [table[table["ddof"] == ddof] for table in steps],
    }
    tables["log_error"] = tables["mean_error"]
    sizes, stepped = (list(tables[key][0]["size"].unique()) for key in ("mean_error", "step"))
    rows = arranged(sizes, stepped)
    figure, panels = plotting.rows_of_panels(rows, height=1.7)
    named = [plotting.regime(name, list(mixes)) for name in mixes]
    for key, axes in panels.items():
        quantity, size = key.split()
        for (label, position), table in zip(named, tables[quantity], strict=True):
            draw(axes, quantity, table[table["size"] == int(size)], position, label)
        finish(axes, quantity, int(size))
    for row in rows:
        own = [panels[key] for key in row]
        own[0].set_ylabel(ROWS[row[0].split()[0]])
        plotting.share_y(own)
    plotting.legend(figure, columns=3)
    by_draws = [
        label
        for (label, _), mix in zip(named, mixes.values(), strict=True)
        if not gaussian.is_exact(FullRegime(**mix))
    ]
    plotting.save(figure, snakemake, divisor=labels.DDOF[ddof], by_draws=by_draws)
