"""Draw the density of the original encoder's means on the images of several generations."""

import pandas as pd
from collapse.claims import published
from collapse.vae import summary
from pipeline import reference
from pipeline.job import job
from report import plotting

LOWEST = 1e-4  # density: about two coordinates of the images of all runs in a bin of 0.1


def draw(axes, density, colours):
    """Draw the curves of all generations, with their intervals."""
    for generation, table in density.groupby("generation"):
        x, low, high = table["latent"], table["low"].clip(lower=LOWEST), table["high"]
        label = "real" if generation < 0 else f"{generation}"
        axes.fill_between(x, low, high, color=colours[generation], alpha=0.2, linewidth=0)
        style = {"linestyle": "--" if generation < 0 else "-", "color": colours[generation]}
        axes.plot(x, table["mean"], label=label, **style)


def mark(axes, peaks):
    """Mark published peaks, which are near 0, and name their generations on a linear axis."""
    for generation, value in peaks.items():
        axes.plot([0], [value], label="published peak", **plotting.PUBLISHED)
        if axes.get_yscale() == "linear":
            axes.annotate(
                f"generation {generation}",
                *((0, value), (1.2, value)),
                va="center",
                fontsize=7,
                arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkB": 5},
            )


with job(snakemake):
    known = published.select(reference.published(), quantity="latent_peak_density")
    peaks = dict(zip(known["generation"].astype(int) - 1, known["value"], strict=True))
    whole, hidden = summary.without_identical(
        pd.read_csv(snakemake.input.table), pd.read_csv(snakemake.input.moments)
    )
    regimes = whole["regime"].unique()
    colours = plotting.by_generation([whole["generation"][whole["generation"] >= 0]])
    figure, grid = plotting.grid(len(regimes), 2, height=2.4, sharex=True, sharey="col")
    for regime, panels in zip(regimes, grid, strict=True):
        for axes, scale in zip(panels, ("linear", "log"), strict=True):
            axes.set(yscale=scale, ylabel="density", title=plotting.regime(regime, regimes)[0])
            draw(axes, whole[whole["regime"] == regime], colours)
            if regime == "replace":
                mark(axes, peaks)
        panels[0].set_ylim(bottom=0)
        panels[1].set(ylim=(LOWEST, 3), ylabel="density, logarithmic")
    for axes in grid[-1]:
        axes.set_xlabel("mean of the original encoder, one latent coordinate")
    plotting.legend(figure, columns=10, title="images drawn from generation")
    plotting.save(figure, snakemake, published=peaks, hidden=hidden)
