"""Draw real points and samples of several generations of mixtures."""

import numpy as np
from pipeline import files
from pipeline.job import job
from report import plotting

with job(snakemake):
    params = snakemake.params
    settings = [(regime, data) for regime in params.regimes for data in params.data]
    n_rows, n_columns = len(settings), 1 + len(params.generations)
    size = (1.2 * n_columns, 1.35 * n_rows + 0.2)
    figure, grid = plotting.plt.subplots(
        n_rows, n_columns, figsize=size, sharex="row", sharey="row", squeeze=False
    )
    titles = ["real data", *(f"generation {g}" for g in params.generations)]
    for (regime, data), panels, path in zip(settings, grid, snakemake.input.clouds, strict=True):
        arrays = files.read_arrays(path)
        for axes, points, title in zip(
            panels, [arrays["real"], *arrays["samples"]], titles, strict=True
        ):
            real = axes is panels[0]
            style = plotting.series(0 if real else 1) | {"linestyle": "none"}
            axes.plot(*points.T, marker=".", markersize=1.2, **style)
            axes.set_title(title, fontsize=8)
            axes.set_aspect("equal", adjustable="box")
            axes.tick_params(labelsize=7)
            axes.locator_params(nbins=3, integer=True)
        # a few distant points of later generations may be outside
        reach = 1.1 * np.abs(arrays["real"]).max()
        panels[0].set(xlim=(-reach, reach), ylim=(-reach, reach))
        panels[0].set_ylabel(f"{data.replace('_', ' ')}\n{regime}")
    plotting.save(figure, snakemake)
