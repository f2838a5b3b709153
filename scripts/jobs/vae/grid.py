"""Select the images that a figure shows from the samples of some generations."""

import numpy as np
from pipeline import files
from pipeline.job import job

with job(snakemake):
    n_images = snakemake.params.settings["rows"] ** 2
    grids = [files.read_arrays(path)["images"][:n_images] for path in snakemake.input.samples]
    files.write_arrays(snakemake.output[0], images=np.stack(grids))
