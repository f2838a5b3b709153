"""Bins of two distributions, and how often each is empty among M samples."""

import numpy as np
import pandas as pd
from collapse import files, tail_cutting
from collapse.jobs import job

with job(snakemake):
    settings, tables = snakemake.params.settings, []
    rng = np.random.default_rng(snakemake.params.seed)
    edges = tail_cutting.edges(settings["limit"], settings["bin_width"])
    for name, share in (("mixture", 0.0), ("fat_tails", settings["tail_share"])):
        shape = {key: settings[key] for key in ("mean", "std", "tail_std")}
        true = tail_cutting.bin_probabilities(edges, **shape, tail_share=share)
        lost = tail_cutting.lost(
            true, settings["size"], settings["runs"], settings["generations"], rng=rng
        )
        place = {"distribution": name, "left": edges[:-1], "right": edges[1:]}
        for _, table in lost.groupby("generation"):
            tables.append(pd.DataFrame(place).join(table))
    whole = pd.concat(tables)
    files.write_table(snakemake.output.csv, whole)
    files.write_markdown(snakemake.output.md, whole[whole["left"] >= 0])  # the rest is its mirror
