"""Draw the perplexity of the real test set against generation, one panel for each setting."""

import pandas as pd
from collapse.claims import published
from pipeline import reference
from pipeline.job import job
from report import plotting

DEFINITIONS = {"token": "exp of mean token loss", "sequence": "mean over blocks"}


def draw(axes, table):
    """Draw both definitions for one setting: mean with interval, every run as a thin line."""
    for position, (definition, label) in enumerate(DEFINITIONS.items()):
        rows = table[table["definition"] == definition]
        tuned, before = rows[rows["generation"] >= 0], rows[rows["generation"] < 0]
        plotting.runs_with_band(axes, tuned, position=position, label=label)
        colour = plotting.series(position)["color"]
        axes.axhline(before["mean"].iloc[0], color=colour, linestyle=(0, (1, 1)), linewidth=1.1)


with job(snakemake):
    whole, params = pd.read_csv(snakemake.input.table), snakemake.params
    settings = whole["setting"].unique()
    figure, (row,) = plotting.plt.subplots(
        1, len(settings), figsize=(3.1 * len(settings), 3.0), sharey=True, squeeze=False
    )
    for axes, setting in zip(row, settings, strict=True):
        draw(axes, whole[whole["setting"] == setting])
        place = f"{params.model} {params.corpus} {setting}"
        known = published.select(reference.published(), quantity="perplexity", setting=place)
        if len(known):
            axes.plot(
                known["generation"], known["value"], label="replication", **plotting.REFERENCE
            )
            axes.legend()
        axes.set(yscale="log", xlabel="generation (0: trained on real text)", title=setting)
    row[0].set_ylabel("perplexity of real test text")
    row[0].legend()
    plotting.save(figure, snakemake)
