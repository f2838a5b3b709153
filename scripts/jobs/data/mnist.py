"""Obtain MNIST and verify it."""

from pathlib import Path

from sources import mnist
from pipeline.job import job

with job(snakemake):
    place = snakemake.config["datasets"]["mnist"]
    root = Path(snakemake.output[0]).parents[2]
    used = mnist.obtain(place["source"], root, path=place["path"])
    print(f"MNIST from '{used}'; the SHA-256 of all four files is as expected")
