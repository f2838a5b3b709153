"""Draw the errors of a fit to n real points against n."""

import numpy as np
import pandas as pd
from pipeline.job import job
from report import plotting

# label; the large-n variance of the estimate is σ²/(this·n)
PANELS = {
    "mean_errors": ("|fitted mean − true mean|", 1),
    "std_errors": ("|fitted std − true std|", 2),
}

with job(snakemake):
    table = pd.read_csv(snakemake.input.table)
    figure, grid = plotting.grid(1, 2, height=2.2, sharey=True)
    for axes, (quantity, (label, share)) in zip(grid[0], PANELS.items(), strict=True):
        x, mean, spread = table["points"], table[quantity], table[f"{quantity}_spread"]
        ends = mean - spread, mean + spread
        plotting.line_with_band(axes, x, mean, *ends, position=0, label="mean ± 1 std over repeats")
        expected = snakemake.params.std * np.sqrt(2 / np.pi / share / x)  # E|N(0, s²)| = s·√(2/π)
        axes.plot(x, expected, label="theory for large n", **plotting.THEORY)
        axes.set(xscale="log", yscale="log", xlim=(x.min(), x.max()), xlabel="points n in the fit")
        axes.set_ylabel(label)
    plotting.legend(figure)
    plotting.save(figure, snakemake)
