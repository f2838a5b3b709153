"""Draw real points and samples of several generations of mixtures."""

import numpy as np
from collapse import labels
from pipeline import files
from pipeline.job import job
from report import plotting

COLUMNS = 4
SMALL = 8  # magnification from which points also appear in an inset


def scatter(axes, points, *, real, size=1.2):
    """Draw points: real ones and generated ones in different colours."""
    style = plotting.series(0 if real else 1) | {"linestyle": "none"}
    axes.plot(*points.T, marker=".", markersize=size, markeredgewidth=0, **style)
    axes.set_aspect("equal", adjustable="box")


def magnify(axes, points, reach):
    """Draw points that fill little of the panel again, in an inset that says how much larger."""
    centre = np.median(points, axis=0)
    half = 1.1 * np.abs(points - centre).max()
    if reach < SMALL * half:
        return
    left, bottom = np.where(centre > 0, 0.03, 0.53)  # the emptiest quarter
    inset = axes.inset_axes([left, bottom - 0.02, 0.4, 0.4])
    scatter(inset, points, real=False, size=1.8)
    low, high = centre - half, centre + half
    inset.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])
    inset.spines[:].set(visible=True, color="0.5", linewidth=0.6)
    inset.set_title(f"× {float(f'{reach / half:.1g}'):g}", fontsize=7, pad=2)
    axes.indicate_inset_zoom(inset, edgecolor="0.5", linewidth=0.6)


def draw(panels, arrays, titles):
    """Draw the real points and those of each generation, on the axes of the real ones."""
    # a few distant points of later generations may be outside
    reach = 1.1 * np.abs(arrays["real"]).max()
    shown = [arrays["real"], *arrays["samples"]]
    for axes, points, title in zip(panels, shown, titles, strict=False):
        real = axes is panels[0]
        scatter(axes, points, real=real, size=2)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), title=title)
        axes.locator_params(nbins=3, integer=True)
        if not real:
            magnify(axes, points, reach)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()


with job(snakemake):
    params = snakemake.params
    settings = [(regime, data) for regime in params.regimes for data in params.data]
    titles = ["real data", *(f"generation {g:,}" for g in params.generations)]
    n_columns = min(COLUMNS, len(titles))
    n_lines = -(-len(titles) // n_columns)  # of panels, for each setting
    figure, grid = plotting.grid(n_lines * len(settings), n_columns, height=1.5, letters=False)
    blocks = grid.reshape(len(settings), -1)
    for (regime, data), panels, path in zip(settings, blocks, snakemake.input.clouds, strict=True):
        draw(panels, files.read_arrays(path), titles)
        label = labels.MIXTURES.get(data, data.replace("_", " "))
        if len(params.regimes) > 1:
            label += f"\n{plotting.regime(regime, params.regimes)[0]}"
        panels[0].set_ylabel(label)
    plotting.letter(blocks[:, 0])
    plotting.save(figure, snakemake)
