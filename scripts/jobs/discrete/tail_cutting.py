"""Resample two binned distributions and count what is left in their bins."""

import numpy as np
from collapse.discrete import tail_cutting
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings, arrays = snakemake.params.settings, {}
    rng = np.random.default_rng(snakemake.params.seed)
    edges = tail_cutting.edges(settings["limit"], settings["bin_width"])
    shape = {key: settings[key] for key in ("mean", "std", "tail_std")}
    for name, share in (("mixture", 0.0), ("fat_tails", settings["tail_share"])):
        true = tail_cutting.bin_probabilities(edges, **shape, tail_share=share)
        generations = sorted(settings["generations"])
        counts, empty = tail_cutting.resampled(
            true, settings["size"], settings["runs"], generations, rng=rng
        )
        arrays |= {f"{name}_counts": counts, f"{name}_empty": empty}
    files.write_arrays(snakemake.output[0], **arrays)
