"""Take data(0) of the VAE from MNIST."""

from pathlib import Path

from collapse import files, mnist
from collapse.jobs import job

with job(snakemake):
    images, _ = mnist.read(Path(snakemake.input.mnist[0]).parents[2], train=True)
    files.write_arrays(snakemake.output[0], images=images[: snakemake.params.settings["images"]])
