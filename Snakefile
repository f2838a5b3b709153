"""Model collapse: each generation is trained on what the previous one generated."""

import sys

sys.path.insert(0, f"{workflow.current_basedir}/scripts")

from pipeline import start

start.up(workflow, config)


include: "workflow/rules/common.smk"
include: "workflow/rules/datasets.smk"
include: "workflow/rules/discrete.smk"
include: "workflow/rules/gaussian.smk"
include: "workflow/rules/gmm.smk"
include: "workflow/rules/kde.smk"
include: "workflow/rules/approximation.smk"
include: "workflow/rules/human_data.smk"
include: "workflow/rules/ngram.smk"
include: "workflow/rules/vae.smk"
include: "workflow/rules/lm.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/execution.smk"


rule families:
    """Chains, tables and figures of the configured families, without what shows them together."""
    input:
        provenance.shown(*config["families"]),
        layout.figures(names=layout.own_figures()),
        layout.tables(names=layout.own_tables()),


rule all:
    """Every figure and every table of the configured scale, and the page that shows them."""
    default_target: True
    input:
        layout.figures(),
        layout.tables(),
        f"results/{SCALE}/report.html",
