"""Watch over a running Snakemake, which can wait forever for a job that Slurm no longer knows."""

import subprocess
import time
from pathlib import Path

from collapse.errors import UserError

from cluster import resume


def wait(process, folder, *, every=30, patience=900):
    """Wait for a Snakemake; stop it if it waits for nothing.

    It waits for nothing if Slurm has no unfinished job of the folder, Snakemake has no child
    process, and its log has been silent for longer than it ever is between two looks at the queue.
    A run that submits no jobs is never stopped.

    Parameters
    ----------
    process : subprocess.Popen
    folder : Path
    every : float
        Seconds between two looks.
    patience : float
        Seconds of silence.

    Returns
    -------
    int or None
        Exit status; None if Snakemake waited for nothing and has been stopped.
    """
    started = time.time()  # the newest log may be an earlier run's
    printed = None
    while True:
        try:
            return process.wait(timeout=every)
        except subprocess.TimeoutExpired:
            silent = seconds_of_silence(folder, started)
        if silent < patience or not resume.submits(folder) or _has_children(process):
            continue
        waits_for = _waits_for(folder)
        if not waits_for:
            print(
                f"Snakemake waits for jobs that Slurm no longer knows (silent for {int(silent)} "
                "s); restarting it",
                flush=True,
            )
            process.kill()
            process.wait()
            return None
        if waits_for != printed:
            print(f"no news from Snakemake for {int(silent)} s; {waits_for}", flush=True)
            printed = waits_for


def seconds_of_silence(folder, started):
    """Seconds since the last line in Snakemake's logs, or since `started` if that was later."""
    logs = (Path(folder) / ".snakemake" / "log").glob("*.log")
    return time.time() - max([started, *(path.stat().st_mtime for path in logs)])


def _has_children(process):
    import psutil

    try:
        return bool(psutil.Process(process.pid).children())
    except psutil.NoSuchProcess:  # it has just ended
        return True


def _waits_for(folder):
    """What Snakemake can still wait for, as text; empty if there is nothing."""
    try:
        jobs = resume.unfinished(folder)
    except UserError as error:
        return str(error)
    return f"in Slurm: {jobs}" if jobs else ""
