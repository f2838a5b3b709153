"""Draw histograms of the perplexity of text under generation 0, one panel for each setting."""

import pandas as pd
from pipeline.job import job
from report import plotting


def draw(axes, table, colours):
    """Draw histograms of the real text and of some generations of one setting, with intervals."""
    for generation, colour in colours.items():
        rows = table[table["generation"] == generation]
        if rows.empty:
            continue
        edges = [*rows["perplexity_from"], rows["perplexity_to"].iloc[-1]]
        low, high = rows["low"], rows["high"]
        axes.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.12, linewidth=0)
        label = "real text" if generation < 0 else f"{generation}"
        axes.stairs(rows["mean"], edges, color=colour, label=label)


with job(snakemake):
    whole, shown = pd.read_csv(snakemake.input.table), snakemake.params.histograms
    figure, panels = plotting.panels(len(shown), size=(2.4, 2.0))
    colours = plotting.by_generation(shown.values())
    for axes, name in zip(panels, shown, strict=True):
        draw(axes, whole[whole["setting"] == name], colours)
        axes.set(xscale="log", ylim=(0, 1.02))
        axes.set_title(plotting.setting(name)[0], fontsize=8)
    figure.supxlabel("perplexity under generation 0", fontsize=9)
    figure.supylabel("share of blocks", fontsize=9)
    legend = panels[0].get_legend_handles_labels()
    figure.legend(*legend, title="text of\ngeneration", loc="outside right center")
    plotting.save(figure, snakemake)
