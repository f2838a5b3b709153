"""One command at a time in a folder: Snakemake and DVC do not know of each other."""

import contextlib
import os
from pathlib import Path

import filelock
import psutil
from collapse.errors import UserError

HELD = "COLLAPSE_LOCK"  # variable: the folder whose lock a parent process holds
FILE = Path(".snakemake", "project.lock")
OWNER = Path(".snakemake", "project.pid")  # process number of the holder


def other_runs(folder):
    """Process numbers of snakemake and dvc processes that work in a folder.

    This process and its parents do not count, nor do the processes that a Snakemake starts for its
    jobs: these have ``--mode`` among their arguments.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    list of int
    """
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    here = str(Path(folder).resolve())
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "cwd"])
        if process.pid not in own
        and process.info["cwd"] == here
        and _is_run(process.info["cmdline"] or [])
    ]


def _is_run(arguments):
    named = (word.endswith(("snakemake", "/dvc")) or word == "dvc" for word in arguments[:3])
    return any(named) and "--mode" not in arguments


@contextlib.contextmanager
def exclusive(folder):
    """Hold the folder's lock within the context. Commands that this one starts share it.

    Parameters
    ----------
    folder : str or Path

    Raises
    ------
    UserError
        If another command of this project, or a snakemake or dvc started by hand, works in the
        folder, or if its file system has no locks.
    """
    here = str(Path(folder).resolve())
    if os.environ.get(HELD) == here:
        yield
        return
    with _locked(Path(folder)):
        if running := other_runs(folder):
            raise UserError(
                f"snakemake or dvc already runs in this folder (process {running[0]}). Wait until "
                "it ends."
            )
        Path(folder, OWNER).write_text(str(os.getpid()), encoding="utf-8")
        os.environ[HELD] = here
        try:
            yield
        finally:
            del os.environ[HELD]


@contextlib.contextmanager
def _locked(folder):
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    lock = filelock.FileLock(path, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise UserError(
            f"another command works in this folder (process {_owner(folder)}). Wait until it ends."
        ) from None
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{path} cannot be locked ({reason}), so two commands could work here at once. Use a "
            "file system with locks (Lustre: mounted with flock)."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _owner(folder):
    try:
        return Path(folder, OWNER).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown"
