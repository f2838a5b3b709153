"""The command line: every command's options, refusals in one line, nothing executed by make."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import cli
import pytest
from collapse.errors import UserError
from pipeline import checks, command, lint, lock

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ("SCALE", "FAMILY", "CORES", "PROFILE", "TARGET", "FIGURE", "NAME", "WHAT", "REMOTE",
             "FORCE", "CHECK", "CONFIRM", "DEEP", "ARGS")  # fmt: skip


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """Without variables of the caller's, for example those of `make test CORES=2`."""
    for name in (*VARIABLES, "MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL"):
        monkeypatch.delenv(name, raising=False)


def parsed(name, *argv):
    """Options of a command."""
    return vars(cli.parser_of(name).parse_args(argv))


def refused(capsys, *argv):
    """The one line with which a command line is refused."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(argv))
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ERROR: ")
    return line


def test_make_targets_and_commands_have_the_same_names():
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    targets = re.search(r"^COMMANDS +:= (.*)$", text, re.M)[1].split()
    own = re.search(r"^(help.*):$", text, re.M)[1].split()
    assert {*targets, *own} == set(cli.COMMANDS) - {"stage"}
    variables = re.search(r"^VARIABLES +:= (.*)$", text, re.M)[1].split()
    assert set(variables) == {*VARIABLES, "PYTHON"}
    options = {option.variable for option in cli.OPTIONS.values() if option.variable}
    assert options == set(VARIABLES) - {"ARGS"}


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_and_a_function_that_takes_its_options(name):
    given = {"stage": ("smoke", "vae"), "figure": ("--name", "gmm_l2")}.get(name, ())
    named = parsed(name, *given)
    if cli.COMMANDS[name].passes:
        named["options"] = []
    inspect.signature(cli.function_of(name)).bind(**named)
    text = " ".join(cli.parser_of(name).format_help().split())
    assert " ".join(cli.COMMANDS[name].summary.split())[1:] in text
    for option in cli.COMMANDS[name].options:
        assert cli.OPTIONS[option].flags[0] in text or cli.OPTIONS[option].help[:20] in text
        assert cli.OPTIONS[option].variable in text


def test_every_option_belongs_to_a_command():
    used = {option for found in cli.COMMANDS.values() for option in found.options}
    assert used == set(cli.OPTIONS)


def test_help_imports_no_packages():
    done = subprocess.run(
        [sys.executable, "-S", ROOT / "scripts/cli.py", "reproduce", "--help"],
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    assert "laptop, as_released, paper, pretrained, probe, smoke" in " ".join(done.stdout.split())


def test_the_overview_groups_commands_by_their_readers():
    text = cli.overview()
    groups = re.findall(r"^(\w+) \(", text, re.M)
    assert groups == ["reader", "author", "reviewer", "cluster", "developer"]
    for name, found in cli.COMMANDS.items():
        assert (f"  {name} " in text) == bool(found.reader)
    assert max(map(len, text.splitlines())) < 120


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["plan", "--scale", "huge"], "'huge' is not a scale: choose laptop, as_released, paper"),
        (["plan", "--scale="], "--scale or SCALE: '' is not a scale"),
        (["reproduce", "--cores", "0"], "--cores or CORES: '0' is not a number of cores"),
        (["reproduce", "--cores="], "'' is not a number of cores: give 1, 2, ... or all"),
        (["reproduce", "--cores", "2.5"], "'2.5' is not a number of cores"),
        (["reproduce", "--profile", "cloud"], "'cloud' is not a profile: choose cluster-generic"),
        (["reproduce", "--profile", "default"], "'default' is not a profile"),
        (["reproduce", "--scal", "smoke"], "unrecognized arguments: --scal"),
        (["gc", "--confirm", "maybe"], "'maybe' is neither 1 nor 0"),
        (["pull", "--", "-n"], "pull takes no arguments after --, but got -n"),
        (["reprodcue"], "no command 'reprodcue': did you mean reproduce?"),
        (["xyz"], "no command 'xyz': did you mean help?"),
        (["stage", "smoke"], "the following arguments are required: target"),
        (["figure"], "the following arguments are required: --name or NAME."),
    ],
)
def test_wrong_values_are_refused_in_one_line(capsys, argv, expected):
    line = refused(capsys, *argv)
    assert expected in line
    assert line.endswith("--help' explains.")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SCALE", "huge", "--scale or SCALE: 'huge' is not a scale"),
        ("SCALE", "", "'' is not a scale"),
        ("CORES", "", "'' is not a number of cores"),
        ("CORES", "-1", "'-1' is not a number of cores"),
        ("PROFILE", "cloud", "--profile or PROFILE: 'cloud' is not a profile"),
        ("ARGS", "'half", "ARGS='half: No closing quotation"),
    ],
)
def test_variables_are_checked_like_options(capsys, monkeypatch, name, value, expected):
    monkeypatch.setenv(name, value)
    assert expected in refused(capsys, "reproduce")


def test_variables_give_defaults_and_options_win(monkeypatch):
    assert parsed("pull") == {
        "scale": "laptop", "families": [], "what": "all", "remote_name": None, "force": False
    }  # fmt: skip
    for name, value in (("SCALE", "smoke"), ("WHAT", "vae"), ("REMOTE", ""), ("FORCE", "1")):
        monkeypatch.setenv(name, value)
    assert parsed("pull", "--what", "lm") == {
        "scale": "smoke", "families": [], "what": "lm", "remote_name": None, "force": True
    }  # fmt: skip
    assert parsed("pull", "--force=0")["force"] is False
    with pytest.raises(SystemExit):  # a family can be pulled, but not be all that a remote holds
        parsed("publish")
    monkeypatch.setenv("FAMILY", "gmm  kde")
    assert parsed("plan")["families"] == ["gmm", "kde"]
    assert parsed("plan", "--family", "vae")["families"] == ["vae"]
    assert parsed("stage", "smoke", "vae")["families"] == []  # dvc.yaml says which
    monkeypatch.setenv("TARGET", "gmm_l2, vae_samples")
    assert parsed("reproduce")["names"] == ["gmm_l2", "vae_samples"]
    assert parsed("reproduce", "--target", "lm_tail")["names"] == ["lm_tail"]
    assert parsed("reproduce", "--cores", "08")["cores"] == "8"
    monkeypatch.setenv("NAME", "gmm_l2 lm_text")
    assert parsed("figure")["names"] == ["gmm_l2", "lm_text"]


def test_arguments_after_two_dashes_or_in_args_are_passed_on(monkeypatch):
    parser = cli.parser_of("test")
    assert cli.passed_on("test", ["--cores", "2", "--", "-k", "a b", "--", "c"], parser) == (
        ["--cores", "2"],
        ["-k", "a b", "--", "c"],
    )
    monkeypatch.setenv("ARGS", "-k 'a b'")
    assert cli.passed_on("test", [], parser) == ([], ["-k", "a b"])
    assert cli.passed_on("test", ["--", "-x"], parser) == ([], ["-x"])
    assert cli.passed_on("pull", [], cli.parser_of("pull")) == ([], [])


def test_a_profile_is_a_name_or_a_folder(tmp_path, monkeypatch):
    assert parsed("reproduce", "--profile", "slurm")["profile"] == str(ROOT / "profiles/slurm")
    (tmp_path / "site").mkdir()
    (tmp_path / "site/config.yaml").write_text("cores: 1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parsed("reproduce", "--profile", "~/site")["profile"] == str(tmp_path / "site")
    monkeypatch.chdir(tmp_path)
    assert parsed("reproduce", "--profile", "site")["profile"] == str(tmp_path / "site")


def make(folder, *arguments, **environ):
    """Run make with this project's Makefile and command line."""
    done = subprocess.run(
        ["make", "-o", "venv", *arguments],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environ},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with the Makefile, the command line, and this Python as .venv/bin/python."""
    folder = tmp_path_factory.mktemp("made")
    for name in ("Makefile", "scripts", "workflow", "profiles"):
        (folder / name).symlink_to(ROOT / name)
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return folder


HARM = ("`touch harm`", "$(touch harm)", "$(shell touch harm)", "; touch harm;", "'; touch harm;'")


@pytest.mark.parametrize("value", HARM)
def test_no_value_of_a_variable_is_executed(made, value):
    given = dict.fromkeys(VARIABLES, value)
    arguments = [f"{name}={value}" for name in VARIABLES]
    for by_arguments, by_environment in ((arguments, {}), ([], given)):
        status, _, _ = make(made, "plan", *by_arguments, **by_environment)
        assert status == 2
        assert not (made / "harm").exists()
    status, _, errors = make(made, "plan", f"SCALE={value}")
    assert status == 2
    assert f"{value!r} is not a scale" in errors


@pytest.mark.parametrize("given", ["scale=smoke", "Scale=smoke", "SCALES=smoke", "profile="])
def test_unknown_variables_are_refused_by_make(made, given):
    status, out, errors = make(made, "plan", given)
    assert (status, out) == (2, "")
    (line,) = errors.splitlines()
    assert f"{given.partition('=')[0]}= is not a variable of this project; it has SCALE" in line


def test_make_alone_prints_the_overview(made):
    assert make(made) == (0, f"{cli.overview()}\n", "")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UserError("config.yaml: seed is missing."), "ERROR: config.yaml: seed is missing.\n"),
        (UserError("ERROR: one\ntwo"), "ERROR: one\nERROR: two\n"),
        (OSError(28, "No space left on device", "data/x"), "ERROR: data/x: No space left on "
         "device. Fix this, then run the command again.\n"),
        (KeyboardInterrupt(), "\nstopped; run the same command to resume\n"),
    ],
)  # fmt: skip
def test_mistakes_and_failures_are_reported_in_a_line(capsys, monkeypatch, error, expected):
    def function():
        raise error

    monkeypatch.chdir(ROOT)
    assert command.call(function, alone=False) == 1
    assert capsys.readouterr().err == expected


def test_the_status_of_a_command_is_that_of_its_function(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert command.call(lambda: None, alone=False) == 0
    assert command.call(lambda: 3, alone=False) == 3


def test_one_command_at_a_time_works_in_a_folder(tmp_path):
    """A command that the first one starts shares its lock."""
    body = "from pipeline import lock\nwith lock.exclusive('.'):\n    print('works here')"
    run = {"cwd": tmp_path, "capture_output": True, "text": True, "check": False}
    stranger = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with lock.exclusive(tmp_path):
        child = {**stranger, lock.HELD: os.environ[lock.HELD]}
        done = subprocess.run([sys.executable, "-c", body], env=child, **run)
        assert done.stdout == "works here\n"
        done = subprocess.run([sys.executable, "-c", body], env=stranger, **run)
        assert f"another command works in this folder (process {os.getpid()})" in done.stderr
    assert subprocess.run([sys.executable, "-c", body], env=stranger, **run).returncode == 0


def test_snakemake_started_by_hand_is_seen_but_neither_parents_nor_jobs(tmp_path):
    (tmp_path / "snakemake").write_text("import time; time.sleep(60)")
    command = [sys.executable, tmp_path / "snakemake"]
    with subprocess.Popen([*command, "--mode", "subprocess"], cwd=tmp_path) as job:
        assert lock.other_runs(tmp_path) == []
        with subprocess.Popen(command, cwd=tmp_path) as running:
            assert lock.other_runs(tmp_path) == [running.pid]
            with (
                pytest.raises(UserError, match=rf"already runs .* \(process {running.pid}\)"),
                lock.exclusive(tmp_path),
            ):
                pass
            running.kill()
        job.kill()
    with lock.exclusive(tmp_path):
        assert lock.other_runs(tmp_path) == []


def test_a_check_that_fails_names_the_file_and_the_command_that_fixes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "BIN", Path(sys.executable).parent)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text("def f(\n")
    (tmp_path / "workflow/rules").mkdir(parents=True)
    (tmp_path / "Snakefile").write_text('rule a:\n    input:\n        "x",\n')
    (tmp_path / "workflow/rules/bad.smk").write_text('rule b:\n  input: "x"\n')
    *lines, remedy = checks.ruff_errors()
    assert all(line.startswith("bad.py:2:") for line in lines) and lines
    assert remedy == "  → fix these lines, or run '.venv/bin/ruff check --fix'"
    assert [line[:7] for line in checks.unformatted_python()] == ["bad.py:", "  → run"]
    assert checks.unformatted_rules() == [
        "workflow/rules/bad.smk: not formatted",
        "  → run '.venv/bin/snakefmt Snakefile workflow'",
    ]
    (tmp_path / "bad.py").unlink()
    (tmp_path / "workflow/rules/bad.smk").unlink()
    assert checks.ruff_errors() == checks.unformatted_python() == checks.unformatted_rules() == []


def test_the_linter_s_advice_names_its_rule():
    text = (
        "Lints for rule vae (line 3, /clone/workflow/rules/vae.smk):\n"
        "    * No log directive defined:\n      Without a log directive, ...\n"
        f"    * {lint.NOT_WANTED}:\n      With that ...\n"
    )
    assert lint.parse(text) == [
        "rule vae (line 3, /clone/workflow/rules/vae.smk): No log directive defined:"
    ]
    assert lint.parse("Congratulations, your workflow is in a good condition!") == []
    assert lint.parse("Traceback ...\n") == ["Traceback ..."]
