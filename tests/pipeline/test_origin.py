"""The code that runs is the code that was hashed: of this checkout, compiled from this source."""

import os
import subprocess
import sys
from types import ModuleType

import pytest
from collapse.errors import UserError
from pipeline import origin, paths


def test_this_checkouts_modules_are_accepted():
    assert origin.imported()
    origin.check(paths.ROOT)
    origin.check(paths.SCRIPTS / "jobs/kde")


@pytest.mark.parametrize("name", ["collapse.fake", "pipeline", "artefacts.fake"])
def test_a_module_of_another_checkout_is_refused(monkeypatch, name):
    module = ModuleType(name)
    module.__file__ = "/other/checkout/scripts/fake.py"
    monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(UserError, match=r"/other/checkout/scripts/fake\.py is used together with"):
        origin.check(paths.ROOT)


def test_modules_of_other_names_may_come_from_elsewhere(monkeypatch):
    module = ModuleType("collapsed")
    module.__file__ = "/other/collapsed.py"
    monkeypatch.setitem(sys.modules, "collapsed", module)
    origin.check(paths.ROOT)


def test_a_snakefile_of_another_checkout_is_refused(tmp_path):
    """Two checkouts as modules of one workflow would both run the first one's code."""
    with pytest.raises(UserError, match="is of another checkout"):
        origin.check(tmp_path)


def test_a_script_of_another_checkout_is_refused_through_a_link(tmp_path):
    (tmp_path / "scripts").symlink_to(paths.SCRIPTS)
    origin.check(tmp_path / "scripts")
    (paths_elsewhere := tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(paths_elsewhere)
    with pytest.raises(UserError, match="is of another checkout"):
        origin.check(tmp_path / "link")


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """A source whose compiled form is in its cache; both are some seconds old."""
    monkeypatch.setattr(paths, "SCRIPTS", tmp_path)
    source = tmp_path / "science.py"
    source.write_text("print(1)")
    os.utime(source, (1e9, 1e9))
    assert run(source) == "1"
    return source


def run(source):
    """What a module prints when it is imported."""
    command = [sys.executable, "-c", f"import {source.stem}"]
    environment = {"PYTHONPATH": str(source.parent)}
    return subprocess.check_output(command, env=environment, text=True).strip()


def test_an_edit_of_the_same_size_and_time_is_compiled_again(compiled):
    """``cp -p`` or ``rsync -a`` from a checkout that was made in the same second."""
    compiled.write_text("print(2)")
    os.utime(compiled, (1e9, 1e9))
    assert run(compiled) == "1"  # control: Python takes the old code
    origin.drop_outdated_bytecode()
    assert run(compiled) == "2"


def test_what_is_compiled_from_this_source_stays(compiled):
    (cached,) = compiled.parent.rglob("*.pyc")
    before = cached.stat().st_ino
    origin.drop_outdated_bytecode()
    assert cached.stat().st_ino == before
