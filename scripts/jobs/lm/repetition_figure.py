"""Draw the effect of a repetition penalty on perplexity, repetition and histograms."""

import pandas as pd
from pipeline.job import job
from report import plotting


def draw(axes, table, settings):
    """Draw one quantity of several settings against generation."""
    for name in settings:
        label, position = plotting.setting(name)
        rows = table[(table["setting"] == name) & (table["generation"] >= 0)]
        ends = rows["low"], rows["high"]
        plotting.line_with_band(
            axes, rows["generation"], rows["mean"], *ends, position=position, label=label
        )


with job(snakemake):
    params, given = snakemake.params, snakemake.input
    perplexity, texts = pd.read_csv(given.table), pd.read_csv(given.texts)
    histograms = pd.read_csv(given.histograms)
    figure, panels = plotting.plt.subplots(1, 3, figsize=(9.6, 3.0))
    draw(panels[0], perplexity[perplexity["definition"] == "token"], params.penalties)
    panels[0].set(yscale="log", xlabel="generation", ylabel="perplexity of real test text")
    draw(panels[1], texts[texts["quantity"] == "repeated_4gram_share"], params.penalties)
    panels[1].set(xlabel="generation", ylabel="share of repeated 4-grams")
    shown = histograms[histograms["setting"].isin(list(params.penalties))]
    last = shown.groupby("setting")["generation"].max().min()  # the last one that all have
    for setting in params.penalties:
        chosen = (histograms["setting"] == setting) & (histograms["generation"] == last)
        rows = histograms[chosen]
        edges = [*rows["perplexity_from"], rows["perplexity_to"].iloc[-1]]
        style = plotting.series(plotting.setting(setting)[1])
        band = {"baseline": rows["low"], "fill": True, "color": style["color"]}
        panels[2].stairs(rows["high"], edges, alpha=0.15, linewidth=0, **band)
        panels[2].stairs(rows["mean"], edges, **style)
    panels[2].set(
        xscale="log", xlabel=f"perplexity of generation {last}'s text\nunder generation 0"
    )
    panels[1].set_ylim(0, 1.02)
    panels[2].set(ylabel="share of blocks", ylim=(0, 1.02))
    panels[0].legend()
    plotting.save(figure, snakemake)
