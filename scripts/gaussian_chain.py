"""Run a block of generations of the Gaussian chain for a batch of runs."""

from collapse import files, gaussian
from collapse.generations import Regime
from collapse.jobs import job

with job(snakemake):
    ddof = int(snakemake.wildcards.ddof)
    regime = Regime(**snakemake.params.regime)
    real = files.read_arrays(snakemake.input.real)["real"]
    if snakemake.input.start:
        history = files.read_arrays(snakemake.input.start)
        start = history["means"], history["stds"]
    else:
        start = tuple(estimate[:, None] for estimate in gaussian.fit(real, ddof=ddof))
    means, stds = gaussian.chain(
        regime,
        real,
        start,
        int(snakemake.wildcards.generation),
        ddof=ddof,
        seed=snakemake.params.seed,
    )
    files.write_arrays(snakemake.output[0], means=means, stds=stds)
