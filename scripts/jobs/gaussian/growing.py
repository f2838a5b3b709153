"""Run the replace chain with a growing number of samples, with and without noise."""

import itertools

import numpy as np
from collapse import theory
from collapse.gaussian import growing
from collapse.process import summaries
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings, measured, histories = snakemake.params.settings, [], []
    last = settings["last_generation"]
    rng = np.random.default_rng(snakemake.params.seed)
    shown = summaries.spaced_generations(last)
    kept = np.intersect1d(shown, [0, 1, 10, 100, 1000])
    grid = itertools.product(settings["ddof"], settings["noise"], settings["powers"])
    for ddof, noise, power in grid:
        sizes = theory.growing_sizes(settings["size"], power, last + 1)
        means, stds = growing.chain(sizes, settings["runs"], ddof=ddof, noise=noise, rng=rng)
        measured.append(growing.measure(means, stds, shown))
        histories.append((means[:, kept], stds[:, kept]))
    means, stds = np.stack(histories, axis=1)
    files.write_arrays(
        snakemake.output[0],
        **{name: np.stack([of_setting[name] for of_setting in measured]) for name in measured[0]},
        shown=shown,
        generations=kept,
        means=means,
        stds=stds,
    )
