"""Draw what chains keep over counts and shares of real data: laws as areas, simulations as dots."""

import numpy as np
import pandas as pd
from collapse.human_data import laws as closed_forms
from matplotlib import colors
from pipeline.job import job
from report import plotting

TITLES = {
    "variance": "1-D Gaussian, unbiased:\nvariance kept",
    "biased_variance": "1-D Gaussian, biased:\nvariance kept",
    "diversity": "discrete, unbiased:\ndiversity kept",
    "support": "discrete, unbiased:\ndifferent states kept",
}
LEAST, LABELLED = 0.005, (0.5, 0.9, 0.95, 0.99)  # least loss with a shade of its own; lines
SHADES = {"cmap": "cividis_r", "norm": colors.LogNorm(LEAST, 1)}
LABELS_AT = {"biased_variance": 0.85}  # height of the labels of lines; the others: between dots


def loss(kept):
    """What is lost, not below what has a shade of its own."""
    return (1 - kept).clip(lower=LEAST)


def label_lines(axes, lines, kept, height):
    """Write on each line what it keeps, at one height."""
    row = kept.loc[kept.index[np.argmin(abs(kept.index - height))]].dropna()
    crossed = [level for level in LABELLED if row.min() < level < row.max()]
    places = [(np.interp(level, row, row.index), row.name) for level in crossed]
    axes.clabel(lines, fmt=lambda level: f"{level:.0%}", fontsize=6, manual=places)


def draw(axes, name, law, dots):
    """Draw one map: count against size, or share against bias."""
    up = "bias" if name == "biased_variance" else "size"
    law, dots = (part.assign(share=part["real"] / part["size"]) for part in (law, dots))
    across = "share" if up == "bias" else "real"
    kept = law.pivot(index=up, columns=across, values="law")
    levels = np.geomspace(LEAST, 1, 61)
    shades = axes.contourf(kept.columns, kept.index, loss(kept), levels, **SHADES)
    lines = axes.contour(kept.columns, kept.index, kept, LABELLED, colors="white", linewidths=0.8)
    axes.set(xscale="log", yscale="linear" if up == "bias" else "log", title=TITLES[name])
    label_lines(axes, lines, kept, LABELS_AT.get(name, np.sqrt(dots[up].min() * dots[up].max())))
    style = {"s": 24, "edgecolors": "black", "linewidths": 0.6, "clip_on": False, "zorder": 3}
    axes.scatter(dots[across], dots[up], c=loss(dots["kept"]), **style, **SHADES)
    plotting.logarithmic(axes.xaxis)
    return shades


with job(snakemake):
    dots, laws = (pd.read_csv(path) for path in (snakemake.input.table, snakemake.input.laws))
    figure, panels = plotting.grid(2, 2, height=2.4)
    for axes, name in zip(panels.flat, TITLES, strict=True):
        shades = draw(axes, name, laws[laws["map"] == name], dots[dots["map"] == name])
        if name == "biased_variance":
            size = dots.loc[dots["map"] == name, "size"].iloc[0]
            axes.set(xlabel=f"real share of {size:,} items", ylabel="variance of draws / model's")
        else:
            plotting.logarithmic(axes.yaxis, steps=(1, 3))
            axes.set(xlabel="real items in each generation", ylabel="items in each generation")
    ticks = [0.01, 0.05, 0.1, 0.5, 1]
    bar = figure.colorbar(shades, ax=panels, ticks=ticks, shrink=0.6)
    bar.set_ticklabels([f"{1 - tick:.0%}" for tick in ticks])
    bar.minorticks_off()
    bar.set_label("kept in the long run (area: law; dots: simulation)")
    counts = [f"{closed_forms.least_count(loss):g}" for loss in (0.1, 0.05, 0.01)]
    share = f"{100 * closed_forms.least_share(0.1, 0.9):.0f} %"
    plotting.save(figure, snakemake, counts=counts, share=share)
