"""Run a block of generations of the Gaussian chains of a batch of runs."""

from collapse.gaussian import gaussian
from collapse.process.regimes import FullRegime
from pipeline import files
from pipeline.job import job

with job(snakemake):
    ddof = int(snakemake.wildcards.ddof)
    regime = FullRegime(**snakemake.params.regime)
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
        truth=(snakemake.params.truth["mean"], snakemake.params.truth["std"]),
    )
    files.write_arrays(snakemake.output[0], means=means, stds=stds)
