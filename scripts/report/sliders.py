"""What the page's sliders show: one step for each generation, one series for each setting."""

import base64
import csv
from pathlib import Path

from pipeline import files

from report import plotting


def images(name, grids, generations, rows):
    """Grids of images, one series for each regime.

    Parameters
    ----------
    name : str
        Of the figure that has the slider.
    grids : list of path
        For each regime <regime>.npz with ``images``, shape (generations, rows², height, width),
        uint8; none if there are no such models.
    generations : list of int
    rows : int

    Returns
    -------
    dict of str to dict
        By name: ``kind``; ``steps``, names of generations; ``size``, width and height of a grid in
        pixels; and ``series``, each with ``label`` and ``items``: for each step grey values row by
        row, as base64. Empty if there are no grids.
    """
    shown = {Path(path).stem: files.read_arrays(path)["images"] for path in grids}
    if not shown:
        return {}
    series = [
        {
            "label": plotting.regime(regime, tuple(shown))[0],
            "items": [
                base64.b64encode(plotting.tiled(grid, rows).tobytes()).decode()
                for _, grid in zip(generations, found, strict=True)
            ],
        }
        for regime, found in shown.items()
    ]
    height, width = next(iter(shown.values())).shape[2:]
    steps = [f"generation {generation}" for generation in generations]
    size = [int(rows * width), int(rows * height)]
    return {name: {"kind": "images", "steps": steps, "size": size, "series": series}}


def texts(name, path):
    """Continuations of one prompt, one series for each setting.

    Parameters
    ----------
    name : str
        Of the table that has the slider.
    path : path or None
        CSV with the columns setting, text ("prompt", or the generation's name) and content.

    Returns
    -------
    dict of str to dict
        As from `images`, but ``items`` are texts, or None where a setting lacks the generation,
        and with ``prompt``.
    """
    if path is None:
        return {}
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    prompt = next(row["content"] for row in rows if row["text"] == "prompt")
    found = {(row["setting"], row["text"]): row["content"] for row in rows if row["setting"]}
    steps = sorted({step for _, step in found}, key=lambda step: int(step.split()[-1]))
    settings = list(dict.fromkeys(setting for setting, _ in found))
    series = [
        {
            "label": plotting.regime(setting, settings)[0],
            "items": [found.get((setting, step)) for step in steps],
        }
        for setting in settings
    ]
    return {name: {"kind": "texts", "steps": steps, "prompt": prompt, "series": series}}
