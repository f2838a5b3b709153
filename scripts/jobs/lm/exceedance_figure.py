"""Draw the tail of generated text under generation 0, a panel for each setting."""

import pandas as pd
from pipeline.job import job
from report import plotting


def draw(axes, table, generations):
    """Draw the share of blocks beyond each perplexity, of the real text and some generations."""
    for colour, generation in zip(
        ["0.5", *plotting.sequence(len(generations))], [-1, *generations], strict=True
    ):
        rows = table[(table["generation"] == generation) & (table["beyond"] > 0)]
        x = rows["perplexity_from"]
        label = "real text" if generation < 0 else f"{generation}"
        axes.fill_between(
            x, rows["beyond_low"], rows["beyond_high"], color=colour, alpha=0.12, linewidth=0
        )
        axes.plot(x, rows["beyond"], color=colour, label=label)


with job(snakemake):
    whole, params = pd.read_csv(snakemake.input.table), snakemake.params
    settings = list(params.histograms)
    n_rows = -(-len(settings) // 3)
    n_columns = min(len(settings), 3)
    figure, panels = plotting.plt.subplots(
        n_rows,
        n_columns,
        figsize=(2.5 * n_columns, 2.3 * n_rows + 0.4),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for axes, name in zip(panels.flat, settings, strict=False):
        draw(axes, whole[whole["setting"] == name], params.histograms[name])
        axes.set(xscale="log", yscale="log")
        plotting.logarithmic(axes.xaxis, steps=(1,))
        axes.set_title(plotting.setting(name)[0], fontsize=8)
    for axes in panels.flat[len(settings) :]:
        axes.set_axis_off()
    figure.supxlabel("perplexity under generation 0", fontsize=9)
    figure.supylabel("share of blocks at least as improbable", fontsize=9)
    figure.legend(
        *panels.flat[0].get_legend_handles_labels(),
        title="text of\ngeneration",
        loc="outside right center",
    )
    plotting.save(figure, snakemake)
