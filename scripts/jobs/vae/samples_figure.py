"""Draw grids of real images, and of images decoded from random latents by several generations."""

from pipeline import files
from pipeline.job import job
from report import plotting


def show(axes, images, title):
    """Show images as one picture."""
    picture = plotting.tiled(images, snakemake.params.rows)
    axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="none")
    axes.set(title=title, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


with job(snakemake):
    params = snakemake.params
    titles = ["real digits", *(f"generation {g}" for g in params.generations)]
    n_lines = -(-len(titles) // 5)  # of pictures, for each regime
    n_columns = -(-len(titles) // n_lines)
    figure, grid = plotting.grid(
        n_lines * len(params.regimes),
        n_columns,
        height=plotting.PAGE / n_columns,
        letters=False,
    )
    blocks = grid.reshape(len(params.regimes), -1)
    for regime, panels, path in zip(params.regimes, blocks, snakemake.input.grids, strict=True):
        arrays = files.read_arrays(path)  # images: (generations, rows², 28, 28)
        shown = [arrays["real"], *arrays["images"]]
        for axes, images, title in zip(panels, shown, titles, strict=False):
            show(axes, images, title)
        if len(blocks) > 1:
            panels[0].set_ylabel(plotting.regime(regime, params.regimes)[0])
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
    plotting.letter([axes for panels in blocks for axes in panels[: len(titles)]])
    plotting.save(figure, snakemake)
