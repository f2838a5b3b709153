"""Draw the feedback loop of data and models."""

import numpy as np
from pipeline.job import job
from report import plotting

FINDING = (
    "each fit over-estimates probable events and under-estimates improbable ones;\n"
    "what a model never draws, the next one never sees"
)

with job(snakemake):
    figure, axes = plotting.plt.subplots(figsize=(7.2, 2.7))
    axes.set(xlim=(0, 10), ylim=(0, 3.6))
    axes.axis("off")
    x = np.linspace(-3, 3, 200)
    for step, (left, width) in enumerate(zip((0.2, 3.6, 7.0), (1.0, 0.72, 0.5), strict=True)):
        blue, orange = plotting.COLOURS[:2]
        axes.text(left + 0.75, 3.2, f"data({step})" + (" — real" if step == 0 else ""), ha="center")
        bell = np.exp(-((x / width) ** 2) / 2) / width
        axes.plot(left + 0.75 + x / 4, 1.55 + 0.65 * bell, color=blue)
        if step:
            first = np.exp(-(x**2) / 2)
            axes.plot(left + 0.75 + x / 4, 1.55 + 0.65 * first, color="0.6", linestyle=":")
        axes.text(left + 0.75, 1.12, f"model({step})", ha="center", bbox=plotting.box(orange))
        axes.annotate("", (left + 0.75, 1.3), (left + 0.75, 1.55), arrowprops=plotting.ARROW)
        if step < 2:
            axes.annotate("", (left + 3.5, 2.1), (left + 1.35, 1.2), arrowprops=plotting.ARROW)
            axes.text(left + 2.55, 1.25, f"samples({step})", ha="center", fontsize=8)
    axes.annotate("", (9.9, 2.1), (8.35, 1.2), arrowprops=plotting.ARROW)
    axes.text(9.3, 1.25, "…", ha="center")
    axes.text(5.0, 0.35, FINDING, ha="center")
    plotting.save(figure, snakemake)
