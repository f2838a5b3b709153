"""Draw grids of images that models of several generations decode from random latents."""

import numpy as np
from collapse import files, plotting
from collapse.jobs import job


def mosaic(images, rows):
    """The first rows² images (n, 28, 28) as one picture (28 · rows, 28 · rows)."""
    tiles = images[: rows**2].reshape(rows, rows, *images.shape[1:])
    return tiles.swapaxes(1, 2).reshape(rows * images.shape[1], -1)


with job(snakemake):
    params = snakemake.params
    n_columns, n_rows = len(params.generations), len(params.regimes)
    figure, grid = plotting.plt.subplots(
        n_rows, n_columns, figsize=(2.5 * n_columns, 3.1 * n_rows), squeeze=False
    )
    paths = np.reshape(snakemake.input.samples, (n_rows, n_columns))
    for regime, panels, row in zip(params.regimes, grid, paths, strict=True):
        for axes, generation, path in zip(panels, params.generations, row, strict=True):
            images = files.read_arrays(path)["images"]
            axes.imshow(mosaic(images, params.rows), cmap="gray", vmin=0, vmax=255)
            axes.set_title(
                "generation 0, trained on real data"
                if not generation
                else f"generation {generation}"
            )
            axes.axis("off")
        if n_rows > 1:
            panels[0].set_title(f"{regime}: {panels[0].get_title()}")
    plotting.save(figure, snakemake)
