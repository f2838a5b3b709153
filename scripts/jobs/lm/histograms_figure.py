"""Draw histograms of the perplexity of text under generation 0, one panel for each setting."""

import pandas as pd
from pipeline.job import job
from report import plotting


def draw(axes, table, generations):
    """Draw histograms of the real text and of some generations of one setting, with intervals."""
    colours = ["0.5", *plotting.sequence(len(generations))]
    for colour, generation in zip(colours, [-1, *generations], strict=True):
        rows = table[table["generation"] == generation]
        edges = [*rows["perplexity_from"], rows["perplexity_to"].iloc[-1]]
        low, high = rows["low"], rows["high"]
        axes.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.12, linewidth=0)
        label = "real text" if generation < 0 else f"{generation}"
        axes.stairs(rows["mean"], edges, color=colour, label=label)


with job(snakemake):
    whole, params = pd.read_csv(snakemake.input.table), snakemake.params
    settings = whole["setting"].unique()
    figure, (row,) = plotting.plt.subplots(
        1, len(settings), figsize=(3.4 * len(settings), 3.0), sharey=True, squeeze=False
    )
    for axes, setting in zip(row, settings, strict=True):
        draw(axes, whole[whole["setting"] == setting], params.histograms[setting])
        axes.set(xscale="log", xlabel="perplexity under generation 0")
        axes.set_title(plotting.setting(setting)[0])
    row[0].set(ylabel="share of blocks", ylim=(0, 1.02))
    row[0].legend(title="text of\ngeneration")
    plotting.save(figure, snakemake)
