"""Count what repeats, and what is lost, in the text of every generation of one run."""

from collapse import files, text_statistics
from collapse.jobs import job

with job(snakemake):
    real = files.read_arrays(snakemake.input.real)["blocks"]
    texts = [real, *(files.read_arrays(path)["blocks"] for path in snakemake.input.samples)]
    rows = [text_statistics.summary(blocks, real) for blocks in texts]
    files.write_json(snakemake.output[0], {name: [row[name] for row in rows] for name in rows[0]})
