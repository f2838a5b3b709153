"""Measure repetition and lost vocabulary in the text of every generation of one run."""

from collapse.lm import text_statistics
from pipeline import files
from pipeline.job import job

with job(snakemake):
    real = files.read_arrays(snakemake.input.real)["blocks"]
    texts = [real, *(files.read_arrays(path)["blocks"] for path in snakemake.input.samples)]
    rows = [text_statistics.summary(blocks, real) for blocks in texts]
    files.write_json(snakemake.output[0], {name: [row[name] for row in rows] for name in rows[0]})
