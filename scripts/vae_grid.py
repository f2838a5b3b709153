"""Take the images that a figure shows out of what some generations drew."""

import numpy as np
from collapse import files
from collapse.jobs import job

with job(snakemake):
    n_images = snakemake.params.settings["rows"] ** 2
    grids = [files.read_arrays(path)["images"][:n_images] for path in snakemake.input.samples]
    files.write_arrays(snakemake.output[0], images=np.stack(grids))
