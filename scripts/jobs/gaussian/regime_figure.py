"""Draw the errors of the fitted mean and standard deviation against generation."""

import pandas as pd
from collapse.claims import published
from collapse.gaussian import gaussian
from collapse.process.generations import Regime
from pipeline import reference
from pipeline.job import job
from report import plotting

PANELS = {
    "mean_error": ("|fitted mean − true mean|", "abs_mean"),
    "std_error": ("|fitted std − true std|", None),
    "std": ("fitted std", "std"),
}


def draw(axes, position, table, quantity, known):
    """Draw one size M in one panel: band, run 0 as a thin line, published last value."""
    x = table["generation"] + 1  # generation 0 has no place on a log axis
    ends = table[f"{quantity}_low"], table[f"{quantity}_high"]
    label = f"M = {table['size'].iloc[0]:,}"
    plotting.line_with_band(axes, x, table[quantity], *ends, position=position, label=label)
    thin = plotting.series(position) | {"linewidth": 0.5, "linestyle": "-"}
    axes.plot(x, table[f"{quantity}_run0"], **thin)
    plotting.mark(axes, x.iloc[-1] * 1.12 ** (position + 1), *known, position=position)


with job(snakemake):
    params, regime = snakemake.params, snakemake.wildcards.regime
    whole, values = pd.read_csv(snakemake.input.table), reference.published()
    rows = sorted(whole["ddof"].unique())
    figure, grid = plotting.plt.subplots(
        len(rows), 3, figsize=(9.5, 2.5 * len(rows)), sharex=True, sharey="col", squeeze=False
    )
    # published values are of the standard normal distribution and of one generation
    comparable = params.truth == {"mean": 0, "std": 1}
    last, n_known = params.last_generation if comparable else -1, 0
    for ddof, panels in zip(rows, grid, strict=True):
        for position, (size, table) in enumerate(whole[whole["ddof"] == ddof].groupby("size")):
            setting = f"{regime} ddof={ddof} M={size}"
            known = published.select(values, setting=setting, generation=last)
            n_known += len(known)
            for axes, (quantity, (label, name)) in zip(panels, PANELS.items(), strict=True):
                draw(axes, position, table, quantity, published.interval(known, name))
                axes.set(xscale="log", yscale="log", ylabel=label, title=f"ddof = {ddof}")
    if whole["std_low"].min() > 0.2:  # less than a decade is easier to read on a linear axis
        grid[0, -1].set_yscale("linear")  # the column shares it
    for axes in grid[-1]:
        axes.set_xlabel("generation + 1")
    grid[0][0].legend(ncols=2, loc="best")
    exact = gaussian.is_exact(Regime(**params.mix))
    plotting.save(figure, snakemake, n_known=n_known, exact=exact)
