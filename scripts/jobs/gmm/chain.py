"""Run a block of generations of the mixture chains of a batch of runs."""

from collapse.mixture import mixture
from collapse.process.regimes import FullRegime
from pipeline import files
from pipeline.job import job

with job(snakemake):
    start = snakemake.input.start
    history = mixture.chain(
        FullRegime(**snakemake.params.regime),
        files.read_arrays(snakemake.input.real)["real"],
        mixture.Mixtures(**files.read_arrays(start)) if start else None,
        int(snakemake.wildcards.generation),
        fit_options=snakemake.params.settings,
        seed=snakemake.params.seed,
        ideal=mixture.truth(**snakemake.params.truth),
    )
    files.write_arrays(snakemake.output[0], **history._asdict())
