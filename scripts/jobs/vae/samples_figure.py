"""Draw grids of images decoded from random latents by models of several generations."""

from pipeline import files
from pipeline.job import job
from report import plotting


def mosaic(images, rows):
    """Arrange images (rows², 28, 28) as one picture (28 · rows, 28 · rows)."""
    tiles = images.reshape(rows, rows, *images.shape[1:])
    return tiles.swapaxes(1, 2).reshape(rows * images.shape[1], -1)


with job(snakemake):
    params = snakemake.params
    n_columns, n_rows = len(params.generations), len(params.regimes)
    figure, grid = plotting.plt.subplots(
        n_rows, n_columns, figsize=(2.5 * n_columns, 3.1 * n_rows), squeeze=False
    )
    for regime, panels, path in zip(params.regimes, grid, snakemake.input.grids, strict=True):
        shown = files.read_arrays(path)["images"]  # (generations, rows², 28, 28)
        for axes, generation, images in zip(panels, params.generations, shown, strict=True):
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
