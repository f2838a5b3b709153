"""The page that puts the verdicts of all scales side by side."""

import json

from pipeline import paths
from report import verdicts


def test_the_page_has_a_column_for_each_scale_with_results_and_its_verdicts(tmp_path, monkeypatch):
    def claim(verdict):
        check = {"name": "c", "decides": True, "verdict": verdict, "why": "w", "effect": 1.0}
        check |= {
            "low": 0.5,
            "high": 1.5,
            "unit": "nats",
            "rule": {"above": 0},
            "runs": 2,
            "generation": None,
        }
        return {"id": "G1", "short": "it grows", "verdict": verdict, "checks": [check], "gates": []}

    for scale, verdict in (("laptop", "supported"), ("pretrained", "undecided")):
        folder = tmp_path / "results" / scale / "tables"
        folder.mkdir(parents=True)
        (folder / "claims.json").write_text(json.dumps({"claims": [claim(verdict)]}))
    monkeypatch.setattr(paths, "source", lambda name: tmp_path / name)
    lines = verdicts.page().splitlines()
    assert "| id | claim | `laptop` | `pretrained` |" in lines
    (row,) = (line for line in lines if line.startswith("| G1 |"))
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[3].startswith("**supported**") and cells[4].startswith("**undecided**")

    (tmp_path / "docs").mkdir()
    assert verdicts.main(["--check"]) == 1
    assert not (tmp_path / verdicts.PAGE).exists()
    assert verdicts.main([]) == 0
    assert verdicts.main(["--check"]) == 0
    (tmp_path / "results/pretrained/tables/claims.json").unlink()
    assert verdicts.main(["--check"]) == 1
