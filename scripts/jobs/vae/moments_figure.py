"""Draw quantities of the generations of the VAE, over runs."""

import math

import pandas as pd
from collapse.claims import published
from pipeline import files, reference
from pipeline.job import job
from report import plotting

INFINITE = math.inf
PANELS = {  # by figure and quantity: label of the axis, its scale, and what values are possible
    "vae_latent_moments": {
        "latent_mean": ("mean of latents", "linear", (-INFINITE, INFINITE)),
        "latent_std": ("std of latents", "linear", (0, INFINITE)),
        "latent_tail_share": ("share beyond 2 std of real", "log", (0, 1)),
    },
    "vae_collapse": {
        "class_entropy": ("entropy of classes / nats", "linear", (0, math.log(10))),
        "confidence": ("confidence in a class", "linear", (0, 1)),
        "pixel_deviation": ("pixel std across images", "log", (0, 0.5)),
        "last_epoch_loss": ("loss / nats per image", "linear", (0, INFINITE)),
    },
}


def draw(axes, table, scale, possible):
    """Draw one quantity of every regime; a logarithmic axis ends below the smallest mean."""
    regimes, means = list(table["regime"].unique()), table["mean"]
    lowest, highest = possible
    scale = scale if (means > 0).any() else "linear"
    if scale == "log":
        means, lowest = means.where(means > 0), means[means > 0].min() / 3
    for name in regimes:
        own = table["regime"] == name
        ends = (
            table[end].where(means.notna()).clip(lowest, highest)[own] for end in ("low", "high")
        )
        label, position = plotting.regime(name, regimes)
        x = table["generation"][own]
        plotting.line_with_band(axes, x, means[own], *ends, position=position, label=label)
    axes.set(yscale=scale)
    if scale == "log":
        axes.set_ylim(bottom=lowest)


with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    panels = PANELS[snakemake.wildcards.figure]
    figure, (row,) = plotting.grid(1, len(panels), height=2.0, sharex=True)
    for axes, (quantity, (label, scale, possible)) in zip(row, panels.items(), strict=True):
        draw(axes, whole[whole["quantity"] == quantity], scale, possible)
        known = published.select(reference.published(), quantity=quantity)
        if len(known):
            axes.plot(known["generation"], known["value"], label="published", **plotting.PUBLISHED)
        if quantity == "class_entropy":
            axes.axhline(math.log(10), label="ten equal classes", **plotting.THEORY)
        of_model = quantity == "last_epoch_loss"
        axes.set(ylabel=label, xlabel="model g" if of_model else "data set g (0: real)")
        plotting.whole_generations(axes)
    plotting.legend(figure)
    plotting.save(
        figure, snakemake, accuracy=files.read_json(snakemake.input.classifier)["test_accuracy"]
    )
