"""Setting up .venv: what cannot work is reported in one line before anything is made."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from collapse.errors import UserError
from pipeline import environment

ROOT = Path(__file__).resolve().parents[2]
NEEDED = (
    *("scripts/cli.py", "scripts/pipeline/__init__.py", "scripts/pipeline/command.py"),
    *("scripts/pipeline/environment.py", "scripts/pipeline/variables.py"),
    *("scripts/collapse/__init__.py", "scripts/collapse/errors.py"),
    "workflow/scales/smoke.yaml",
)


@pytest.fixture
def project(tmp_path):
    """A folder with what setting up needs, and nothing to install."""
    tmp_path = tmp_path / "a-folder"
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("requirements.txt", "requirements-data.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "profiles").mkdir()
    return tmp_path


def set_up(project, command="venv", **environ):
    """Run a command without site packages; returns exit status, and standard error as text."""
    done = subprocess.run(
        [sys.executable, "-S", project / "scripts/cli.py", command],
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
    with pytest.raises(UserError, match=r"this is Python 3\.1\d\.\d, but 3\.11 to 3\.13"):
        environment.check_python()


@pytest.mark.parametrize("folder", ["/a b", "/it's", "/a(b", "/a&b", "/a;b", "/$HOME", "/a\tb"])
def test_a_path_in_which_snakemake_starts_no_script_is_refused(folder):
    with pytest.raises(UserError, match="Snakemake cannot run in a folder whose path contains"):
        environment.check_folder(folder)


def test_a_clone_in_such_a_path_installs_nothing(project):
    folder = project.rename(project.with_name("my (own) $HOME & more; it's 'here'"))
    status, errors = set_up(folder)
    assert status == 1
    (line,) = errors.splitlines()
    assert line.startswith("ERROR: ") and "cannot run in a folder whose path contains ' '" in line
    assert not (folder / ".venv").exists()


def test_other_paths_are_accepted():
    for folder in ("/home/me/model-collapse_1.0", "/work/Zoë/数据", str(ROOT)):
        environment.check_folder(folder)


@pytest.mark.parametrize("root", [True, False])
def test_debians_separate_package_is_installed_as_root_and_named_to_others(
    monkeypatch, capsys, root
):
    calls, found = [], [None]
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda _: found[0])
    monkeypatch.setattr(environment.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(environment.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(environment.subprocess, "call", calls.append)
    with pytest.raises(UserError, match=r"apt-get install python3\.1\d-venv' as root"):
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
    status, errors = set_up(project)
    assert status == 1
    assert ".venv was made by Python 3.9.1 for /elsewhere/.venv" in errors
    assert "make clean-venv" in errors


@pytest.mark.parametrize("without_pip", [False, True])
def test_a_broken_environment_is_refused_and_can_be_removed(project, without_pip):
    (project / ".venv").mkdir()
    if without_pip:  # killed before pip was there
        command = [sys.executable, "-m", "venv", "--without-pip", project / ".venv"]
        subprocess.run(command, check=True)
    status, errors = set_up(project)
    assert status == 1
    assert "no working Python" in errors
    assert set_up(project, "clean-venv") == (0, "")
    assert not (project / ".venv").exists()
    assert set_up(project, "clean-venv") == (0, "")


def test_it_is_made_once_and_the_next_call_does_nothing(project):
    assert set_up(project)[0] == 0
    stamp = project / ".venv" / "installed.txt"
    made = stamp.stat().st_mtime_ns
    assert set_up(project) == (0, "")
    assert stamp.stat().st_mtime_ns == made


def test_without_a_network_it_says_so_and_the_next_call_resumes(project):
    (project / "requirements.txt").write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64)
    status, errors = set_up(project, PIP_NO_INDEX="1", PIP_CONFIG_FILE="/dev/null")
    assert status == 1
    assert "requirements.txt could not be installed" in errors.splitlines()[-1]
    (project / "requirements.txt").write_text("")
    assert set_up(project)[0] == 0


def test_help_needs_no_packages(project):
    assert set_up(project, "help") == (0, "")


def test_progress_is_counted_in_packages(capsys):
    names = [f"package-{number}" for number in range(60)]
    lines = [f"Collecting {name}==1.0\n".encode() for name in names]
    lines += [b"  Downloading it\n", f"Installing collected packages: {', '.join(names)}".encode()]
    environment.report_progress(lines, 70)
    assert capsys.readouterr().out.splitlines() == [
        "  25 of at most 70 packages found",
        "  50 of at most 70 packages found",
        "  unpacking 60 packages",
    ]
