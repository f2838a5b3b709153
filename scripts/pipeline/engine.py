"""Run Snakemake: resume after a killed run, watch over a cluster's jobs, report how it ended."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from cluster import resume, watchdog
from collapse.errors import UserError

from pipeline import logs
from pipeline import targets as names

SNAKEMAKE = (sys.executable, "-m", "snakemake", "--quiet", "host", "rules")
HALF_FILE, HALF_FOLDER = re.compile(r"\..*\.tmp.*"), re.compile(r"tmp\w{8}\.tmp")
ATTEMPTS = 3  # runs of Snakemake, if each comes to wait for jobs that Slurm has lost


class Options(NamedTuple):
    """What a run is asked for, besides its scale.

    Parameters
    ----------
    place : tuple of str
        Where jobs run, see `place`.
    others : tuple of str
        Snakemake options.
    config : tuple of str
        Values of the configuration, ``key=value``.
    targets : tuple of str
        Files or rules; none: the default target.
    """

    place: tuple
    others: tuple = ()
    config: tuple = ()
    targets: tuple = ()

    def command(self, scale, *extra):
        """Snakemake's command line; later values of the configuration win."""
        config = ("--config", *self.config, f"scale={scale}")
        targets = ("--", *self.targets) if self.targets else ()
        return [*SNAKEMAKE, *self.place, *self.others, *extra, *config, *targets]


def place(cores, profile=None):
    """Snakemake options for where jobs run: a profile, or this machine with so many cores.

    Parameters
    ----------
    cores : str
        A number, or ``all``.
    profile : str, optional
        A folder with a config.yaml.
    """
    return ("--profile", profile) if profile else ("--cores", str(cores))


def options(where, given=(), targets=(), *, scale):
    """Check Snakemake options that a user has given, and resolve bare names of targets.

    Parameters
    ----------
    where : tuple of str
        See `place`.
    given : sequence of str
        Options and targets as on Snakemake's command line.
    targets : sequence of str
        More targets.
    scale : str

    Returns
    -------
    Options

    Raises
    ------
    UserError
        If Snakemake does not know an option, or a target's name is unknown.
    """
    end = list(given).index("--") if "--" in given else len(given)
    inner, values, config = _parsed(given[:end])
    asked = [*inner, *given[end + 1 :], *targets]
    return Options(
        tuple(where),
        tuple(without(given[:end], inner)),
        tuple(values),
        tuple(names.resolve(asked, scale, config)),
    )


def without(given, targets):
    """Snakemake options without targets, and without ``--config`` and its values.

    Parameters
    ----------
    given : sequence of str
        Options and targets, before any ``--``.
    targets : sequence of str
        Those among them that are targets.

    Returns
    -------
    list of str
    """
    others, in_config = [], False
    for word in given:
        if word.startswith("-"):
            in_config = word.startswith("-C") or word.partition("=")[0] == "--config"
        if not in_config and word not in targets:
            others.append(word)
    return others


def run(scale, asked):
    """Clean up after a killed run, then run Snakemake. The caller holds the folder's lock.

    Parameters
    ----------
    scale : str
    asked : Options

    Raises
    ------
    UserError
        If the run does not finish.
    """
    status, started = None, time.time()
    for _ in range(ATTEMPTS):
        if was_interrupted():
            clean_up(scale, asked)
        Path(resume.EXECUTOR).unlink(missing_ok=True)
        process = subprocess.Popen(asked.command(scale))
        try:
            status = watchdog.wait(process, Path())
        except KeyboardInterrupt:
            process.wait()  # the terminal has interrupted it, too; it ends its jobs
            raise
        if status is not None:
            break
    if status != 0:
        raise UserError(failure(logs.errors("logs", scale, started)))


def failure(errors):
    """What is wrong with a run: its errors may be far above, as one stops no other chain.

    Parameters
    ----------
    errors : list of str
        See `pipeline.logs.errors`.
    """
    several = f"{len(errors)} jobs failed, the first with: {errors[0]} " if errors[1:] else ""
    fix = "these errors" if several else "the error above"
    return f"the run did not finish. {several}Fix {fix}, then run the same command."


def was_interrupted():
    """Whether a Snakemake was killed in this folder: it leaves its locks."""
    locks = Path(".snakemake", "locks")
    return locks.is_dir() and any(locks.iterdir())


def clean_up(scale, asked):
    """After a killed run: wait for its jobs, unlock, and remove files that are half-written."""
    resume.check_host(".")
    print("an earlier run was interrupted; resuming it", flush=True)
    resume.settle(".")
    unlock = Options((), config=asked.config).command(scale, "--unlock")
    subprocess.run(unlock, capture_output=True, check=False)
    remove_unfinished("data", f"results/{scale}")


def remove_unfinished(*folders):
    """Remove what killed jobs were writing: files (`files.replacing`) and folders (`tempfile`).

    Links are not followed, nor is a folder that is a link to outside the working directory. The
    caller knows that no job writes there.
    """
    root = Path().resolve()
    for folder in folders:
        if not Path(folder).resolve().is_relative_to(root):
            continue
        for at, inside, outer in os.walk(folder):
            half = [name for name in outer if HALF_FILE.fullmatch(name)]
            half += [name for name in inside if HALF_FOLDER.fullmatch(name)]
            for path in (Path(at, name) for name in half):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            inside[:] = set(inside) - set(half)


def _parsed(given):
    """Targets, values of the configuration, and these as a dict, among Snakemake options."""
    if not given:
        return [], [], {}
    from snakemake import cli  # takes half a second

    parser = cli.get_argument_parser()
    parser.error = _refuse
    args = parser.parse_args(list(given))
    if args.cores == 0:
        _refuse("--cores must be at least 1")
    values = list(args.config or [])
    try:
        return list(args.targets), values, cli.parse_config(values)
    except ValueError as error:
        raise UserError(f"--config {' '.join(values)}: {error}") from error


def _refuse(message):
    raise UserError(
        f"Snakemake refuses the options in ARGS: {message}. '.venv/bin/snakemake --help' lists "
        "its options."
    )
