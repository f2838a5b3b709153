"""Obtain MNIST and check it."""

from pathlib import Path

from collapse import mnist
from collapse.jobs import job

with job(snakemake):
    place = snakemake.config["datasets"]["mnist"]
    root = Path(snakemake.output[0]).parents[2]
    used = mnist.obtain(place["source"], root, path=place["path"])
    print(f"MNIST from '{used}', all four hashes as expected")
