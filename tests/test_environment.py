"""Setting up .venv: what cannot work is said in one sentence before anything is made."""

import shutil
import subprocess
import sys
from pathlib import Path

import environment
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def project(tmp_path):
    """A folder, with a space in its name, with what setting up needs and nothing to install."""
    tmp_path = tmp_path / "a folder"
    (tmp_path / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts/environment.py", tmp_path / "scripts")
    for name in ("requirements.txt", "requirements-data.txt"):
        (tmp_path / name).write_text("")
    return tmp_path


def set_up(project, **environ):
    """Run the script; returns exit status, and standard error as text."""
    done = subprocess.run(
        [sys.executable, project / "scripts/environment.py"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", **environ},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 14, 0)])
def test_an_unsupported_python_is_refused(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit, match=r"this is Python 3\.1\d\.\d, but 3\.11 to 3\.13"):
        environment.check_python()


@pytest.mark.parametrize("root", [True, False])
def test_debians_missing_part_is_installed_by_root_and_named_to_others(monkeypatch, capsys, root):
    calls, found = [], [None]
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda _: found[0])
    monkeypatch.setattr(environment.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(environment.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(environment.subprocess, "call", calls.append)
    with pytest.raises(SystemExit, match=r"apt-get install python3\.1\d-venv' as root"):
        environment.need_ensurepip()
    assert [call[1] for call in calls] == ["update", "install"] * root
    assert ("installing Debian's python3.1" in capsys.readouterr().out) is root
    found[0] = object()
    environment.need_ensurepip()


def test_an_environment_of_another_python_is_refused(project):
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 3.9.1 /elsewhere/.venv\n")
    python.chmod(0o755)
    status, said = set_up(project)
    assert status == 1
    assert ".venv was made by Python 3.9.1 for /elsewhere/.venv" in said
    assert "make clean-venv" in said


@pytest.mark.parametrize("half_made", [False, True])
def test_a_broken_environment_is_refused(project, half_made):
    (project / ".venv").mkdir()
    if half_made:  # killed before pip was there
        command = [sys.executable, "-m", "venv", "--without-pip", project / ".venv"]
        subprocess.run(command, check=True)
    status, said = set_up(project)
    assert status == 1
    assert "no working Python" in said


def test_it_is_made_once_and_the_next_call_is_a_no_op(project):
    assert set_up(project)[0] == 0
    stamp = project / ".venv" / "installed.txt"
    made = stamp.stat().st_mtime_ns
    assert set_up(project) == (0, "")
    assert stamp.stat().st_mtime_ns == made


def test_without_a_network_it_says_so_and_the_next_call_goes_on(project):
    (project / "requirements.txt").write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64)
    status, said = set_up(project, PIP_NO_INDEX="1", PIP_CONFIG_FILE="/dev/null")
    assert status == 1
    assert "requirements.txt could not be installed" in said.splitlines()[-1]
    (project / "requirements.txt").write_text("")
    assert set_up(project)[0] == 0
