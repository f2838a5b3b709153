"""The replace chain with a growing number of samples, and with noise, beside its closed forms."""

import itertools

import numpy as np
import pandas as pd
from collapse import files, gaussian_growing, summaries, theory
from collapse.jobs import job

with job(snakemake):
    settings, tables, histories = snakemake.params.settings, [], []
    last, size = settings["last_generation"], settings["size"]
    rng = np.random.default_rng(snakemake.params.seed)
    shown = summaries.spaced_generations(last)
    decades = np.intersect1d(shown, [0, 1, 10, 100, 1000])
    grid = itertools.product(settings["ddof"], settings["noise"], settings["powers"])
    for ddof, noise, power in grid:
        sizes = theory.growing_sizes(size, power, last + 1)
        means, stds = gaussian_growing.chain(
            sizes, settings["runs"], ddof=ddof, noise=noise, rng=rng
        )
        table = gaussian_growing.against_theory(
            means, stds, sizes, ddof=ddof, noise=noise, generations=shown
        )
        limit = gaussian_growing.limit(size, power, ddof=ddof, noise=noise)
        setting = {"ddof": ddof, "noise": noise, "power": power}
        tables.append(pd.DataFrame({**setting, **table, "limit": limit}))
        histories.append((means[:, decades], stds[:, decades]))
    whole, (means, stds) = pd.concat(tables), np.stack(histories, axis=1)
    files.write_table(snakemake.output.csv, whole)
    files.write_markdown(snakemake.output.md, whole[whole["generation"].isin(decades)])
    files.write_arrays(snakemake.output.runs, generations=decades, means=means, stds=stds)
