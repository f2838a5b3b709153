"""Fingerprints of code change with its meaning, and with nothing else."""

import ast
import shutil

import pytest
from pipeline import fingerprints, hashes, paths

FUNCTION = '''
"""A module."""
import numpy as np
LIMIT = 3
def double(x, *, by=2):
    """Multiply."""
    # a comment
    if x is None:
        return f"{x!r:>{LIMIT}} none"
    return x * by
class Empty:
    """Nothing."""
'''
SAME = {
    "comments": lambda text: text.replace("# a comment", "# another"),
    "docstrings": lambda text: text.replace("Multiply.", "Multiply `x`.\n\n    Really."),
    "no docstring": lambda text: text.replace('    """Multiply."""\n', ""),
    "layout": lambda text: text.replace("x, *, by=2", "\n    x,\n    *,\n    by = 2,\n"),
    "quotes": lambda text: text.replace('f"{x!r:>{LIMIT}} none"', "f'{x!r:>{LIMIT}} none'"),
}
OTHER = {
    "a value": lambda text: text.replace("by=2", "by=3"),
    "a type": lambda text: text.replace("by=2", "by=2.0"),
    "a name": lambda text: text.replace("double", "twice"),
    "None for False": lambda text: text.replace("x is None", "x is False"),
    "an order": lambda text: text.replace("x * by", "by * x"),
    "a conversion": lambda text: text.replace("!r", "!s"),
    "a text": lambda text: text.replace("none", "nothing"),
    "a keyword": lambda text: text.replace(" *,", ""),
}


def canonical(text):
    return fingerprints.canonical(ast.parse(text))


@pytest.mark.parametrize("change", SAME)
def test_what_means_the_same_has_the_same_fingerprint(change):
    changed = SAME[change](FUNCTION)
    assert changed != FUNCTION
    assert canonical(changed) == canonical(FUNCTION)


@pytest.mark.parametrize("change", OTHER)
def test_what_means_something_else_has_another(change):
    assert canonical(OTHER[change](FUNCTION)) != canonical(FUNCTION)


def test_nothing_in_it_depends_on_the_version_of_python():
    """Fields that 3.12 and 3.13 added or fill differently are empty here, or are left out."""
    tree = ast.parse(FUNCTION)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.type_params = []  # as Python 3.12 gives it
        if isinstance(node, ast.Constant):
            node.kind = None
    text = fingerprints.canonical(tree)
    assert text == canonical(FUNCTION)
    for word in ("type_params", "kind", "ctx", "type_ignores", "lineno"):
        assert f"{word}=" not in text


def test_real_code_parses_to_the_same_after_formatting_is_lost():
    for path in sorted(paths.SCRIPTS.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert canonical(ast.unparse(tree)) == fingerprints.canonical(tree), path


def of_job(*args):
    return fingerprints.Fingerprints(hashes.HashCache(None)).of_job(*args)


def test_a_job_is_made_with_its_script_and_all_that_it_imports():
    found = set(of_job("vae/train.py", "workflow/report/vae_samples.md"))
    assert {
        "scripts/jobs/vae/train.py",
        "scripts/collapse/__init__.py",
        "scripts/collapse/vae/vae.py",
        "scripts/collapse/process/generations.py",
        "scripts/pipeline/files.py",
        "workflow/report/vae_samples.md",
    } <= found
    assert not [path for path in found if "/lm/" in path or "/report/p" in path]


def test_imports_inside_functions_count():
    """Torchvision's reader of MNIST is imported where it is needed; so are modules of our own."""
    tree = ast.parse("def f():\n    from pipeline import files\n    import collapse.theory as t\n")
    found = {file for node in ast.walk(tree) for file in fingerprints._imported_files(node)}
    assert {"pipeline/files.py", "collapse/theory.py", "collapse/__init__.py"} <= found


def test_what_runs_and_records_jobs_has_no_part_in_what_they_compute():
    tree = ast.parse("from pipeline.job import job\nfrom pipeline import job as other\n")
    found = {file for node in ast.walk(tree) for file in fingerprints._imported_files(node)}
    assert found == {"pipeline/__init__.py"}


def test_a_file_that_is_missing_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    known = fingerprints.Fingerprints(hashes.HashCache(None))
    assert known.of_file("nothing.py") is None
    shutil.copy(__file__, tmp_path / "some.py")
    assert len(known.of_file("some.py")) == 64
