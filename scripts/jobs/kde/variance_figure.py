"""Draw the variance of chains of kernel density estimates against generation."""

import pandas as pd
from pipeline.job import job
from report import plotting


def named(bandwidth):
    """What the legend calls a bandwidth: a number is in true standard deviations."""
    return bandwidth if bandwidth == "Scott's rule" else f"bandwidth {float(bandwidth):g} σ₀"


with job(snakemake):
    whole = pd.read_csv(snakemake.input.table, dtype={"bandwidth": str})
    sets = list(whole.groupby(["regime", "size"], sort=False))
    names = list(whole["regime"].unique())
    figure, panels = plotting.panels(len(sets), height=2.0, columns=4)
    for axes, ((regime, size), part) in zip(panels, sets, strict=True):
        for position, (bandwidth, table) in enumerate(part.groupby("bandwidth", sort=False)):
            x = table["generation"] + 1  # generation 0 has no place on a log axis
            band = (table[name] for name in ("variance", "variance_low", "variance_high"))
            plotting.line_with_band(axes, x, *band, position=position, label=named(bandwidth))
            axes.plot(x, table["variance_theory"], label="expectation", **plotting.THEORY)
        title = f"{plotting.regime(regime, names)[0]},\nM = {size:,}"
        axes.set(xscale="log", yscale="log", title=title, xlabel="generation + 1")
        axes.axhline(1, color="0.6", linewidth=0.6, label="true variance", zorder=0)
    plotting.logarithmic(panels[0].xaxis)
    panels[0].set(ylabel="variance of the model / σ₀²", xlim=(1, whole["generation"].max() + 1))
    plotting.legend(figure, columns=3)
    plotting.save(figure, snakemake)
