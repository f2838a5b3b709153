"""Draw the tail of generated text under generation 0, a panel for each setting."""

import pandas as pd
from pipeline.job import job
from report import plotting


def draw(axes, table, colours):
    """Draw the share of blocks beyond each perplexity, of the real text and some generations."""
    for generation, colour in colours.items():
        rows = table[(table["generation"] == generation) & (table["beyond"] > 0)]
        x = rows["perplexity_from"]
        ends = rows["beyond_low"], rows["beyond_high"]
        axes.fill_between(x, *ends, color=colour, alpha=0.12, linewidth=0)
        label = "real text" if generation < 0 else f"{generation}"
        axes.plot(x, rows["beyond"], color=colour, label=label)


with job(snakemake):
    whole, shown = pd.read_csv(snakemake.input.table), snakemake.params.histograms
    figure, panels = plotting.panels(len(shown), size=(2.4, 2.2))
    colours = plotting.by_generation(shown.values())
    for axes, name in zip(panels, shown, strict=True):
        draw(axes, whole[whole["setting"] == name], colours)
        axes.set(xscale="log", yscale="log")
        plotting.logarithmic(axes.xaxis, steps=(1,))
        axes.set_title(plotting.setting(name)[0], fontsize=8)
    figure.supxlabel("perplexity under generation 0", fontsize=9)
    figure.supylabel("share of blocks at least as improbable", fontsize=9)
    legend = panels[0].get_legend_handles_labels()
    figure.legend(*legend, title="text of\ngeneration", loc="outside right center")
    plotting.save(figure, snakemake)
