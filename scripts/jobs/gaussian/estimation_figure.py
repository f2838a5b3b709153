"""Draw the errors of a fit to n real points against n."""

import numpy as np
import pandas as pd
from pipeline.job import job
from report import plotting

PANELS = {"mean_errors": "|estimated mean − true mean|", "std_errors": "|estimated std − true std|"}

with job(snakemake):
    table = pd.read_csv(snakemake.input.table)
    figure, panels = plotting.plt.subplots(1, 2, figsize=(7.2, 2.9), sharey=True)
    for axes, (quantity, label) in zip(panels, PANELS.items(), strict=True):
        mean, spread = table[quantity], table[f"{quantity}_spread"]
        ends = mean - spread, mean + spread
        plotting.line_with_band(
            axes, table["points"], mean, *ends, position=0, label="mean ± 1 std"
        )
        # E|N(0, s²)| = s·√(2/π); for large n the standard error of the std is σ/√(2n)
        variance = {"mean_errors": 1, "std_errors": 2}[quantity]
        expected = snakemake.params.std * np.sqrt(2 / np.pi / variance / table["points"])
        axes.plot(table["points"], expected, label="large-n theory", **plotting.THEORY)
        axes.set(xscale="log", yscale="log", xlabel="points in the sample", ylabel=label)
        axes.legend()
    plotting.save(figure, snakemake)
