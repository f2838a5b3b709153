"""Adapters of the rules: small, each of one rule, and complete about the code it is made with."""

import ast

import pytest
from pipeline import paths

JOBS = paths.SCRIPTS / "jobs"
ADAPTERS = sorted(JOBS.glob("*/*.py"))
RULES = {
    path.stem: path.read_text(encoding="utf-8") for path in paths.ROOT.glob("workflow/rules/*.smk")
}
FOLDERS = {"data": "datasets"}  # of adapters whose rules are in a file of another name


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.relative_to(JOBS).as_posix())
def test_an_adapter_belongs_to_its_familys_rules_and_is_small(path):
    name, family = path.relative_to(JOBS).as_posix(), path.parent.name
    rules = RULES[FOLDERS.get(family, family)]
    assert f'"../../scripts/jobs/{name}"' in rules
    assert f'"{name}"' in rules.replace(f"../../scripts/jobs/{name}", "")  # code_of names it
    text = path.read_text(encoding="utf-8")
    assert "with job(snakemake):" in text
    body = next(node for node in ast.parse(text).body if isinstance(node, ast.With))
    assert body.end_lineno - body.lineno <= 35


def test_every_script_of_the_rules_names_its_own_code():
    """A rule that named another script's code would not run again after an edit of its own."""
    for name, text in RULES.items():
        for block in text.split("\nrule ")[1:]:
            if "script:" in block:
                script = block.split("scripts/jobs/")[1].split('"')[0]
                assert f'"{script}"' in block.split("script:")[0], f"{name}: {block.split(':')[0]}"


def test_rules_files_hold_little_python():
    for name, text in RULES.items():
        assert "\ndef " not in text or name == "common"
        assert "import ast" not in text
    assert len(RULES["common"].splitlines()) <= 60
