"""Write down the SHA-256 of data files."""

from collapse import checksums
from collapse.jobs import job

with job(snakemake):
    checksums.write(snakemake.output[0], snakemake.input.files)
