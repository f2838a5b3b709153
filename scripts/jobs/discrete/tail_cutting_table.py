"""Tabulate the bins of two distributions, and how often each is empty among M samples."""

import pandas as pd
from collapse.discrete import tail_cutting
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings, tables = snakemake.params.settings, []
    arrays = files.read_arrays(snakemake.input.counts)
    edges = tail_cutting.edges(settings["limit"], settings["bin_width"])
    shape = {key: settings[key] for key in ("mean", "std", "tail_std")}
    sizes, generations = (settings["size"], settings["runs"]), sorted(settings["generations"])
    for name, share in (("mixture", 0.0), ("fat_tails", settings["tail_share"])):
        true = tail_cutting.bin_probabilities(edges, **shape, tail_share=share)
        found = arrays[f"{name}_counts"], arrays[f"{name}_empty"]
        lost = tail_cutting.lost(true, *sizes, generations, *found)
        place = {"distribution": name, "left": edges[:-1], "right": edges[1:]}
        for _, table in lost.groupby("generation"):
            tables.append(pd.DataFrame(place).join(table))
    whole = pd.concat(tables)
    files.write_table(snakemake.output.csv, whole)
    files.write_markdown(snakemake.output.md, whole[whole["left"] >= 0])  # the rest is symmetric
