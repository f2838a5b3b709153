"""Tabulate quantities of every generation of the VAE, over runs."""

import numpy as np
import pandas as pd
from collapse.vae import summary
from pipeline import files
from pipeline.job import job

with job(snakemake):
    regimes, shown = snakemake.params.regimes, snakemake.params.density_generations
    evaluations = [files.read_arrays(path) for path in snakemake.input.evaluations]
    losses = [files.read_json(path)["loss_per_epoch"][-1] for path in snakemake.input.losses]
    n_runs = len(evaluations) // len(regimes)
    losses = np.reshape(losses, (len(regimes), n_runs, -1))
    moments, densities = [], []
    for position, regime in enumerate(regimes):
        runs = evaluations[position * n_runs : (position + 1) * n_runs]
        moments.append(summary.moments(runs, losses[position]).assign(regime=regime))
        densities.append(summary.latent_density(runs, [-1, *shown]).assign(regime=regime))
    files.write_table(snakemake.output.csv, pd.concat(moments))
    files.write_markdown(snakemake.output.md, pd.concat(moments))
    files.write_table(snakemake.output.density, pd.concat(densities))
