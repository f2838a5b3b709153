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

from pipeline import configuration, logs
from pipeline import targets as names

SNAKEMAKE = (sys.executable, "-m", "snakemake", "--quiet", "host", "rules")
CONFIGURATION = {  # options whose values belong to the configuration
    **dict.fromkeys(("--config", "-C"), "config"),
    **dict.fromkeys(("--configfile", "--configfiles"), "files"),
}
HALF_FILE, HALF_FOLDER = re.compile(r"\..*\.tmp.*"), re.compile(r"tmp\w{8}\.tmp")
ATTEMPTS = 3  # runs of Snakemake, if each comes to wait for jobs that Slurm has lost


class Options(NamedTuple):
    """What a run is asked for, in addition to its scale.

    Parameters
    ----------
    place : tuple of str
        Where jobs run, see `place`.
    others : tuple of str
        Snakemake options.
    given : pipeline.configuration.Given
        What overrides the files of the configuration.
    targets : tuple of str
        Files or rules; none: the default target.
    """

    place: tuple
    others: tuple = ()
    given: configuration.Given = configuration.Given()
    targets: tuple = ()

    def command(self, scale, *extra):
        """Snakemake's command line; `scale` wins."""
        targets = ("--", *self.targets) if self.targets else ()
        given = self.given.options(scale)
        return [*SNAKEMAKE, *self.place, *self.others, *extra, *given, *targets]


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


def options(where, given=(), targets=(), *, scale, families=()):
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
    families : sequence of str
        See `pipeline.targets.of_families`.

    Returns
    -------
    Options

    Raises
    ------
    UserError
        If Snakemake does not know an option, a target's name is unknown, or the configuration has
        a mistake.
    """
    end = list(given).index("--") if "--" in given else len(given)
    inner, profiles = _parsed(where, given[:end])
    others, values = split(given[:end], inner)
    override = configuration.given(values["config"], values["files"], profiles)
    asked = [*inner, *given[end + 1 :], *targets]
    override, asked = names.of_families(families, asked, scale, override)
    return Options(tuple(where), tuple(others), override, tuple(asked))


def split(given, targets):
    """Separate Snakemake options from targets, and from what they give to the configuration.

    Parameters
    ----------
    given : sequence of str
        Options and targets, before any ``--``.
    targets : sequence of str
        Those among them that are targets.

    Returns
    -------
    others : list of str
        Options without targets and configuration.
    values : dict of str to list of str
        config, entries ``key=value``; and files, paths of configuration files.
    """
    others, values, current = [], {"config": [], "files": []}, None
    for word in given:
        if word.startswith("-"):
            option, attached = _option(word)
            current = CONFIGURATION.get(option)
            word = attached if current else word
        if current and word and word not in targets:
            values[current].append(word)
        elif not current and word not in targets:
            others.append(word)
    return others, values


def _option(word):
    """An option, and the value that is attached to it."""
    if word.startswith("--"):
        option, _, attached = word.partition("=")
        return option, attached
    return word[:2], word[2:]


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
        settle(scale, asked)
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


def settle(scale, asked):
    """After a killed run: wait for its jobs, unlock, and remove files that are half-written."""
    if not was_interrupted():
        return
    resume.check_host(".")
    print("an earlier run was interrupted; resuming it", flush=True)
    resume.settle(".")
    unlock = Options((), given=asked.given).command(scale, "--unlock")
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


def _parsed(where, given):
    """Targets among Snakemake options, and paths of the profiles that a run reads."""
    if not given and "--profile" not in where and "SNAKEMAKE_PROFILE" not in os.environ:
        return [], [configuration.PROFILE]
    from snakemake import cli  # takes half a second

    parser = cli.get_argument_parser()
    parser.error = _refuse
    args = parser.parse_args([*where, *given])
    if args.cores == 0:
        _refuse("--cores must be at least 1")
    own = args.workflow_profile or "default"
    here = [path for path in (own, f"profiles/{own}") if own != "none" and os.path.exists(path)]
    found = [cli.get_profile_dir(name) for name in (*(args.profile or []), *here[:1])]
    return list(args.targets), [str(path) for _, path in filter(None, found)]


def _refuse(message):
    raise UserError(
        f"Snakemake refuses the options in ARGS: {message}. '.venv/bin/snakemake --help' lists "
        "its options."
    )
