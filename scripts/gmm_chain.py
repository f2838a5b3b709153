"""Run a block of generations of the mixture chain for a batch of runs."""

from collapse import files, mixture
from collapse.generations import Regime
from collapse.jobs import job

with job(snakemake):
    fit_options = {k: v for k, v in snakemake.params.settings.items() if k != "seed"}
    start = snakemake.input.start
    history = mixture.chain(
        Regime(**snakemake.params.regime),
        files.read_arrays(snakemake.input.real)["real"],
        mixture.Mixtures(**files.read_arrays(start)) if start else None,
        int(snakemake.wildcards.generation),
        fit_options=fit_options,
        seed=snakemake.params.seed,
    )
    files.write_arrays(snakemake.output[0], **history._asdict())
