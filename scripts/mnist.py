"""Obtain MNIST and check it."""

from pathlib import Path

from collapse import mnist
from collapse.jobs import job

with job(snakemake.log[0]):
    root = Path(snakemake.output[0]).parents[2]
    used = mnist.obtain(snakemake.params.source, root, path=snakemake.params.path)
    print(f"MNIST from '{used}', all four hashes as expected")
