"""Measure repetition and lost vocabulary in the text of every generation of one run."""

import numpy as np
from collapse.lm import text_statistics
from pipeline import files
from pipeline.job import job

with job(snakemake):
    real = files.read_arrays(snakemake.input.real)["blocks"]
    texts = [real, *(files.read_arrays(path)["blocks"] for path in snakemake.input.samples)]
    rows = [text_statistics.summary(blocks, real) for blocks in texts]
    # one value for each text, the real one first
    values = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    repeated = [text_statistics.repeated_shares(blocks, 3) for blocks in texts]
    # of each block: (1 + generations, blocks)
    files.write_arrays(snakemake.output[0], **values, repeated=np.stack(repeated))
