"""Write the SHA-256 checksums of data files."""

from pipeline import checksums
from pipeline.job import job

with job(snakemake):
    checksums.write(snakemake.output[0], snakemake.input.files)
