"""Run the discrete chains of one distribution, for every size M."""

from pathlib import Path

import numpy as np
from collapse.discrete import discrete
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    text = "".join(Path(path).read_text(encoding="utf-8") for path in snakemake.input.text)
    true = discrete.probabilities(
        snakemake.wildcards.distribution,
        n_states=settings["states"],
        exponent=settings["zipf_exponent"],
        text=text,
    )
    arrays = {"true": true}
    for size in settings["sizes"]:
        rng = np.random.default_rng([snakemake.params.seed, size])
        last = settings["horizon"] * size
        observed = discrete.chain(true, size, settings["runs"], last, rng=rng)
        arrays |= {f"{name}_{size}": values for name, values in observed.items()}
        print(f"M = {size}: absorbed {(observed['absorbed_at'] >= 0).mean():.1%} of all runs")
    files.write_arrays(snakemake.output[0], **arrays)
