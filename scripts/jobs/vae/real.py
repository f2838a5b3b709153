"""Take data(0) of the VAE from the MNIST training set."""

from pathlib import Path

from pipeline import files
from pipeline.job import job
from sources import mnist

with job(snakemake):
    images, _ = mnist.read(Path(snakemake.input.mnist[0]).parents[2], train=True)
    files.write_arrays(snakemake.output[0], images=images[: snakemake.params.settings["images"]])
