"""Checks of the project itself: style, configuration, generated files, tests, benchmarks, pins."""

import os
import subprocess
import sys
from pathlib import Path

from collapse.errors import UserError

from pipeline import paths

BIN = Path(".venv/bin")
LOCK = (
    *("-q", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--custom-compile-command", "make lock"),
)
PINNED = {  # options of each list of requirements
    "requirements": (),
    "requirements-data": ("--no-deps",),
    "requirements-data-smollm2": ("--no-deps",),
}


def style():
    """Check style, configuration and generated files; print what fails and how to fix it.

    Returns
    -------
    int
        Exit status: 1 if something fails.
    """
    failures = [failure for check in CHECKS for failure in check()]
    print("\n".join(failures) if failures else "no complaints")
    return int(bool(failures))


def ruff_errors():
    """Complaints of ruff, each with file and line."""
    done = _run(BIN / "ruff", "check", "--quiet", "--output-format", "concise")
    lines = done.stdout.splitlines() + done.stderr.splitlines()
    return _with_remedy(lines, done, "fix these lines, or run '.venv/bin/ruff check --fix'")


def unformatted_python():
    """Python files that ruff would format."""
    done = _run(BIN / "ruff", "format", "--check", "--output-format", "concise")
    lines = [line for line in (done.stdout + done.stderr).splitlines() if ":" in line]
    return _with_remedy(lines, done, "run '.venv/bin/ruff format'")


def unformatted_rules():
    """Snakemake files that snakefmt would format, or cannot parse."""
    snakefmt = BIN / "snakefmt"
    if not _run(snakefmt, "--check", *rule_files()).returncode:
        return []
    found = []
    for path in rule_files():
        done = _run(snakefmt, "--check", path)
        errors = [line for line in done.stderr.splitlines() if line.startswith("[ERROR]")]
        if done.returncode:
            found.append(f"{path}: {errors[0] if errors else 'not formatted'}")
    return [*found, "  → run '.venv/bin/snakefmt Snakefile workflow'"]


def rule_files():
    """Paths of the Snakefiles and of all files of rules."""
    others = (*Path("workflow").glob("Snakefile"), *Path("workflow/rules").glob("*.smk"))
    return ["Snakefile", *sorted(map(str, others))]


def lint_advice():
    """Advice of Snakemake's linter."""
    from pipeline import lint

    found = lint.advice()
    remedy = "  → change the rules, or state in scripts/pipeline/lint.py why not"
    return [*found, remedy] if found else []


def outdated_configuration():
    """Files that are generated from the configuration's model and are out of date."""
    return _outdated("pipeline.configuration")


def outdated_verdicts():
    """Whether the page of verdicts differs from the results."""
    return _outdated("report.verdicts")


def outdated_descriptions():
    """Descriptions of the project that do not have its version or its authors."""
    return _outdated("artefacts.metadata")


def _outdated(module):
    """Whether a module says that what it generates is out of date."""
    done = _run(sys.executable, "-m", module, "--check")
    lines = (done.stdout + done.stderr).strip().splitlines()[-1:]
    return _with_remedy(lines, done, f"run 'PYTHONPATH=scripts .venv/bin/python -m {module}'")


def outdated_stages():
    """Whether dvc.yaml differs from the workflow."""
    from pipeline import dvc_yaml

    try:
        dvc_yaml.check()
    except UserError as error:
        return [str(error)]
    return []


CHECKS = (
    *(ruff_errors, unformatted_python, unformatted_rules),
    *(lint_advice, outdated_configuration, outdated_verdicts, outdated_descriptions),
    outdated_stages,
)


def tests(cores, options):
    """Run all tests, several at once.

    Parameters
    ----------
    cores : str
        A number, or ``all``.
    options : sequence of str
        Of pytest.
    """
    n_cores = str(len(os.sched_getaffinity(0))) if cores == "all" else cores
    return _pytest("--numprocesses", n_cores, *options)


def cluster_tests(options):
    """Run the tests of clusters on a Slurm that is started on this machine."""
    command = ["--numprocesses", "3", "--durations=0", "-rs", "tests/cluster", *options]
    return _pytest(*command, before=["tests/cluster/with_slurm.sh"])


def benchmarks(options):
    """Print the speed of the hot loops next to that of their alternatives."""
    for script in sorted(Path("scripts/benchmarks").glob("*.py")):
        print(f"== {script}", flush=True)
        status = subprocess.call([sys.executable, str(script), *options], env=_environment())
        if status:
            return status
    return 0


def pin():
    """Resolve requirements*.in into requirements*.txt."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "uv"]
    if status := subprocess.call(install):
        return status
    for name, options in PINNED.items():
        files = [f"{name}.in", "-o", f"{name}.txt"]
        if status := subprocess.call([str(BIN / "uv"), "pip", "compile", *LOCK, *options, *files]):
            return status
    return 0


def generated_stages(check, scales):
    """Bring dvc.yaml up to date, or compare it with the workflow.

    Parameters
    ----------
    check : bool
        Compare only.
    scales : sequence of str
        Scales to version; none: those that it versions already.

    Raises
    ------
    UserError
        If `check` and it is out of date.
    """
    from pipeline import dvc_yaml

    if check:
        dvc_yaml.check()
    else:
        dvc_yaml.write(scales)
        print(f"{dvc_yaml.FILE} is up to date")


def _pytest(*options, before=()):
    command = [*before, sys.executable, "-m", "pytest", "--dist", "worksteal", *options]
    return subprocess.call(command)


def _run(*command):
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=_environment()
    )


def _environment():
    return {**os.environ, "PYTHONPATH": str(paths.SCRIPTS)}


def _with_remedy(lines, done, remedy):
    """Lines of a command that failed, and how to fix them; nothing if it succeeded."""
    return [*lines, f"  → {remedy}"] if done.returncode else []
