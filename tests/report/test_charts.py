"""Flow charts of families, and the picture of the whole pipeline."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from report import flowchart, overview

ROOT = Path(__file__).resolve().parents[2]
TAKES = {"a": [], "b": ["a"], "c": ["a", "b"], "d": ["c", "a"], "e": ["a"], "f": ["e", "d"]}
FEWEST = {"a": [], "b": ["a"], "c": ["b"], "d": ["c"], "e": ["a"], "f": ["e", "d"]}
STEPS = {name: {"jobs": 3, "takes": [*found, name]} for name, found in TAKES.items()}
COLUMNS = {
    "Pictures": {"picture": {"stage": "figures", "takes": []}},
    "Verdicts": {"verdicts": {"stage": "tables", "takes": ["walk_table", "dice_throw"]}},
    "Random walks": {
        "numbers": {"stage": "data", "takes": []},
        "walk_real": {"stage": "generations", "takes": ["numbers"]},
        "walk_train": {"stage": "generations", "takes": ["numbers", "walk_real", "walk_train"]},
        "walk_table": {"stage": "tables", "takes": ["walk_real", "walk_train"]},
        "walk_figure": {"stage": "figures", "takes": ["walk_table"]},
        "real_figure": {"stage": "figures", "takes": ["walk_real"]},
    },
    "Dice": {
        "dice_throw": {"stage": "generations", "takes": []},
        "dice_figure": {"stage": "figures", "takes": ["dice_throw"]},
    },
}
DRAWING = """
import hashlib, io, json, sys
from report import flowchart, overview
given = json.load(sys.stdin)
png = io.BytesIO()
overview.draw(given["columns"]).savefig(png, metadata={"Software": None})
print(hashlib.sha256(png.getvalue()).hexdigest(), flowchart.draw(given["steps"], "x"))
"""


def test_edges_that_others_imply_are_left_out():
    assert flowchart.reduced(TAKES) == FEWEST


def test_each_node_is_below_those_that_it_comes_from():
    rows, parents = flowchart.layers(FEWEST)
    above = {name: y for y, row in enumerate(rows) for name in row}
    assert [above[name] for name in "abcdef"] == [0, 1, 2, 3, 1, 4]
    assert all(above[p] == above[n] - 1 for n, found in parents.items() for p in found)
    assert parents["f"] == [("e", 3), "d"]


def test_the_flow_chart_draws_each_step_and_edge_once():
    drawn = flowchart.draw(STEPS, "x")
    assert drawn.count("<rect") == drawn.count('class="again"') == 6
    assert drawn.count("<path") == 8  # 7 edges, of which one passes through 2 rows
    assert ">f ×3<" in drawn


def test_charts_are_the_same_bytes_in_every_process():
    given = json.dumps({"columns": COLUMNS, "steps": STEPS})
    command, place = [sys.executable, "-c", DRAWING], {"PYTHONPATH": str(ROOT / "scripts")}
    drawn = {
        subprocess.run(
            command,
            input=given,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **place, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(drawn) == 1


@pytest.fixture
def columns():
    return overview.gathered(overview.connected(COLUMNS))


def test_families_that_take_files_of_others_share_the_last_column(columns):
    assert list(columns) == ["Random walks", "Dice", "Conclusions"]
    assert list(columns["Conclusions"]) == [overview.TOGETHER, "verdicts"]
    assert columns["Conclusions"]["verdicts"]["takes"] == [overview.TOGETHER]


def test_steps_are_in_their_stage_and_below_their_sources(columns):
    tops, bottom = overview.bands(columns)
    assert [tops[stage][1] for stage in overview.STAGES] == [1, 2, 1, 2]
    for (top, height), (below, _) in pairwise([*tops.values(), (bottom, 0)]):
        assert top + height < below
    for steps in columns.values():
        at = overview.positions(steps, tops)
        assert len(set(at.values())) == len(at) == len(steps)
        for name, step in steps.items():
            top, height = tops[step["stage"]]
            assert top < at[name] < top + height
            assert all(at[source] < at[name] for source in step["takes"] if source != name)


def test_labels_leave_out_family_and_ending():
    walks = COLUMNS["Random walks"]
    assert [overview.label(name, walks) for name in walks] == [
        *("numbers", "real", "train", "walk", "walk", "real"),
    ]


def test_lines_in_one_lane_do_not_overlap():
    spans = {"a": (0, 4), "b": (1, 2), "c": (3, 5), "d": (6, 7)}
    found = overview.lanes(spans)
    assert found == {"b": 0, "d": 0, "c": 0, "a": 1}


def test_the_pipeline_is_legible(finished):
    """At the README's width of 900 pixels, letters are 11 pixels high and boxes hold their text."""
    record = json.loads(
        (finished.folder / "results/smoke/records/figures/pipeline.json").read_text(
            encoding="utf-8"
        )
    )
    columns = record["parameters"]["columns"]
    figure = overview.draw(columns)
    (axes,) = figure.axes
    figure.canvas.draw()  # arranges the axes
    renderer = figure.canvas.get_renderer()
    names = {overview.label(n, s) for s in columns.values() for n in s if s[n]["takes"]}
    boxed = [t for t in axes.texts if t.get_text().removesuffix(" ↻") in names and t.zorder == 3]
    assert len(boxed) >= 40
    inside = axes.transData.transform([(overview.WIDTH, 0), (0, 0)])
    for text in boxed:
        assert text.get_window_extent(renderer).width < inside[0][0] - inside[1][0]
    pixels = 900 / figure.get_figwidth() / 72
    assert min(text.get_fontsize() for text in boxed if "\n" not in text.get_text()) * pixels >= 11
    assert figure.get_figheight() < figure.get_figwidth()
