"""What the caller's environment variables may change: places, never results."""

import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import collapse
import pytest
from collapse.errors import UserError
from pipeline import variables

ROOT = Path(__file__).resolve().parents[2]
HARMFUL = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # of every notebook
    "MATPLOTLIBRC": "/mine/matplotlibrc",
    "PYTHONPATH": "/other/checkout/scripts",
    "PYTHONSAFEPATH": "",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONIOENCODING": "ascii",
    "PYTHONHASHSEED": "random",
    "OMP_NUM_THREADS": "64",
    "OPENBLAS_NUM_THREADS": "64",
    "NPY_ENABLE_CPU_FEATURES": "AVX512F",  # NumPy refuses it next to NPY_DISABLE_CPU_FEATURES
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "ATEN_CPU_CAPABILITY": "default",
    "NVIDIA_TF32_OVERRIDE": "1",
    "SCIPY_ARRAY_API": "1",
    "SOURCE_DATE_EPOCH": "0",
    "GIT_DIR": "/elsewhere/.git",  # set in git's hooks
}
USEFUL = {
    "PATH": "/usr/bin",
    "LANG": "tr_TR.UTF-8",
    "CUDA_VISIBLE_DEVICES": "1",
    "SLURM_CONF": "/etc/slurm.conf",
    "AWS_PROFILE": "mine",
    "HTTPS_PROXY": "http://proxy",
    "HF_HOME": "/models",
    "MPLCONFIGDIR": "/fonts",
    "GIT_SSH_COMMAND": "ssh -i key",
    "PYTHONDONTWRITEBYTECODE": "1",
    "SCALE": "smoke",
}


@pytest.fixture
def given(tmp_path):
    """Variables of a caller with a home folder."""
    return {"HOME": str(tmp_path), "LOGNAME": "me", "USER": "me"}


@pytest.fixture
def home(tmp_path):
    """The folder that stands in for a home folder; it need not exist."""
    return str(tmp_path / "own")


@pytest.mark.parametrize("name", HARMFUL)
def test_what_changes_results_does_not_reach_jobs(given, home, name):
    plain = variables.cleaned(given, home)
    assert variables.cleaned({**given, name: HARMFUL[name]}, home) == plain
    assert plain.get(name) != HARMFUL[name]


@pytest.mark.parametrize("name", USEFUL)
def test_places_and_accounts_of_the_caller_stay(given, home, name):
    assert variables.cleaned({**given, name: USEFUL[name]}, home)[name] == USEFUL[name]


def test_cleaning_twice_changes_nothing_more(given, home):
    once = variables.cleaned({**given, **HARMFUL, **USEFUL, "TMPDIR": "/missing"}, home)
    assert variables.cleaned(once, home) == once


def test_threads_and_instruction_sets_stay_pinned(given, home):
    assert collapse._PINNED.items() <= variables.cleaned(given, home).items()


@pytest.mark.parametrize("own", ["/proc/no/home", "", None])
def test_a_home_that_is_missing_is_replaced(given, home, monkeypatch, own):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # the system knows none either
    given.pop("HOME")
    found = variables.cleaned(given if own is None else {**given, "HOME": own}, home)
    assert found["HOME"] == home


def test_a_home_that_is_known_to_the_system_needs_no_variable(given, home):
    given.pop("HOME")
    assert "HOME" not in variables.cleaned(given, home)


@pytest.mark.parametrize("caches", [False, True])
def test_a_read_only_home_keeps_its_settings_but_no_caches(given, home, monkeypatch, caches):
    own, cache = given["HOME"], os.path.join(given["HOME"], ".cache")
    if caches:
        os.mkdir(cache)
    monkeypatch.setattr(os, "access", lambda path, _: path == cache)
    found = variables.cleaned(given, home)
    assert found["HOME"] == own
    assert found["MPLCONFIGDIR"].startswith(home)
    assert ("XDG_CACHE_HOME" in found) is not caches


def test_a_writable_home_is_used(given, home):
    assert not {"XDG_CACHE_HOME", "MPLCONFIGDIR"} & set(variables.cleaned(given, home))


def test_a_user_without_a_name_gets_one(given, home, monkeypatch):
    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    found = variables.cleaned({"HOME": given["HOME"], "USER": ""}, home)
    assert (found["LOGNAME"], found["USER"]) == ("user", "user")
    assert variables.cleaned({**given, "LOGNAME": "you"}, home)["LOGNAME"] == "you"


@pytest.mark.parametrize("name", variables.TEMPORARY)
def test_a_missing_folder_for_temporary_files_is_replaced(given, home, monkeypatch, name):
    """Each library reads another of the three variables."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv(name, "/proc/missing")
    found = variables.cleaned({**given, name: "/proc/missing"}, home)
    assert {found[name] for name in variables.TEMPORARY} == {tempfile.gettempdir()}


def test_no_room_for_temporary_files_anywhere_is_one_line(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/a", "/proc/b"])
    with pytest.raises(UserError, match="set TMPDIR to a folder with room"):
        variables.temporary_folder()


@pytest.mark.parametrize("isolated", [True, False])
def test_a_command_takes_no_modules_of_the_caller(tmp_path, isolated):
    """Neither another checkout's nor one that is named like a library's."""
    names = ("collapse", "pipeline", "sitecustomize", *["argparse", "typing"] * isolated)
    for name in names:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('of the caller')")
    options = ["-I"] if isolated else ["-S"]  # as make calls it; by hand
    done = subprocess.run(
        [sys.executable, *options, ROOT / "scripts/cli.py", "help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "make COMMAND" in done.stdout
