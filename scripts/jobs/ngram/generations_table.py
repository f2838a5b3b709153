"""Tabulate what generations of n-gram models leave, over runs."""

from collapse.ngram import summary
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    table = summary.table([files.read_arrays(path) for path in snakemake.input.chains], settings)
    files.write_table(snakemake.output.csv, table)
    last = table["generation"] == settings["last_generation"]
    files.write_markdown(snakemake.output.md, table[last])
