"""Model collapse: every generation is trained on what the one before it made."""


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/datasets.smk"
include: "workflow/rules/gaussian.smk"
include: "workflow/rules/vae.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"


rule all:
    """Every figure and every table of the configured scale."""
    default_target: True
    input:
        figures(),
        tables(),
