"""Draw quantities of the generations of the VAE, over runs."""

import math

import pandas as pd
from collapse.claims import published
from pipeline import files, reference
from pipeline.job import job
from report import plotting

PANELS = {
    "vae_latent_moments": {
        "latent_mean": "mean of latent coordinates",
        "latent_std": "std of latent coordinates",
        "latent_tail_share": "share beyond 2 std of real data",
    },
    "vae_collapse": {
        "class_entropy": "entropy of digit classes / nats",
        "confidence": "classifier's confidence",
        "pixel_deviation": "pixel std across images",
        "last_epoch_loss": "training loss / nats per image",
    },
}

with job(snakemake):
    whole = pd.read_csv(snakemake.input.table)
    panels = PANELS[snakemake.wildcards.figure]
    figure, (row,) = plotting.plt.subplots(
        1, len(panels), figsize=(2.7 * len(panels), 2.7), squeeze=False
    )
    for axes, (quantity, label) in zip(row, panels.items(), strict=True):
        of_quantity = whole[whole["quantity"] == quantity]
        for position, (regime, table) in enumerate(of_quantity.groupby("regime", sort=False)):
            plotting.runs_with_band(axes, table, position=position, label=regime)
        known = published.select(reference.published(), quantity=quantity)
        if len(known):
            axes.plot(known["generation"], known["value"], label="paper", **plotting.PUBLISHED)
        if quantity == "class_entropy":
            axes.axhline(math.log(10), label="ten equal classes", **plotting.THEORY)
        axes.set(xlabel="g (0: real images)", ylabel=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend()
    plotting.save(
        figure, snakemake, accuracy=files.read_json(snakemake.input.classifier)["test_accuracy"]
    )
