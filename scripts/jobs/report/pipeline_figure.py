"""Draw the whole pipeline: the rules of every family, from data to the report."""

from pipeline.job import job
from report import overview, plotting

with job(snakemake):
    plotting.save(overview.draw(snakemake.params.columns), snakemake, print_scale=False)
