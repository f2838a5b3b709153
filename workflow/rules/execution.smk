"""Where jobs run on a cluster: what is light or wants a network, where Snakemake itself runs."""

import os
import re

from artefacts import orphans

LIGHT = re.compile(r"data/|results/\{scale[^}]*\}/(tables/|figures/|report)")

workflow.localrules(
    "lm_import",  # from the hub
    *("gaussian_real", "gmm_real", "gmm_draw", "vae_grid"),  # of a second or less
    *[rule.name for rule in workflow.rules if any(LIGHT.match(str(p)) for p in rule.output)],
)

if workflow.remote_exec:
    os.environ.update(HF_HUB_OFFLINE="1")  # compute nodes may reach no network, so none shall try
