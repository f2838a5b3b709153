"""Tabulate what chains keep in the long run next to the laws."""

from collapse.human_data import phase
from pipeline import files
from pipeline.job import job

with job(snakemake):
    measured = files.read_arrays(snakemake.input.kept)
    table = phase.table(measured, snakemake.params.settings)
    files.write_table(snakemake.output.csv, table)
    files.write_markdown(snakemake.output.md, table)
