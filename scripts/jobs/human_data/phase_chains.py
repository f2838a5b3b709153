"""Run chains at every point of the maps of real data, and work out the laws between the points."""

from collapse.human_data import phase
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    measured = phase.measure(settings, seed=snakemake.params.seed)
    files.write_arrays(snakemake.output.kept, **measured)
    files.write_table(snakemake.output.laws, phase.fine(settings))
