"""Resume after a killed Snakemake: its Slurm jobs may still run, and write what a new run would."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from collapse.errors import UserError
from pipeline import files

# host and process of a folder's last run, and the executor plugin that submitted its jobs
HOST, EXECUTOR = ".snakemake/host", ".snakemake/executor"


def begin(executor):
    """Note host, process and executor of a run; Snakemake calls this when it starts."""
    files.write_text(HOST, f"{socket.gethostname()} {os.getpid()}\n")
    files.write_text(EXECUTOR, f"{executor}\n")


def executor(folder):
    """Executor of a folder's last run; None if there was no run."""
    path = Path(folder, EXECUTOR)
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else None


def submits(folder):
    """Whether a folder's last run submitted its jobs to a cluster."""
    return executor(folder) not in (None, "local")


def check_host(folder):
    """Refuse to resume a run of another machine, where its processes cannot be seen from here.

    Raises
    ------
    UserError
    """
    path = Path(folder, HOST)
    words = path.read_text(encoding="utf-8", errors="replace").split() if path.is_file() else []
    host, process = words if len(words) == 2 else ("", "")
    if host not in ("", socket.gethostname()):
        raise UserError(
            f"a run in this folder started on {host} (process {process}) and has not ended. Resume "
            f"it there; if it no longer exists, delete {HOST} and run the command again."
        )


def unfinished(folder):
    """States of this user's unfinished Slurm jobs that work in a folder.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    dict of str to str
        State by job number; empty if the last run of the folder submitted no jobs.

    Raises
    ------
    UserError
        If squeue is not available, or Slurm's controller does not answer.
    """
    if not submits(folder):
        return {}
    if not shutil.which("squeue"):
        raise UserError(
            f"the last run here submitted its jobs by {executor(folder)}, and squeue is not "
            f"available to list them. Once all have ended, delete {EXECUTOR} and run again."
        )
    done = subprocess.run(
        ["squeue", "--me", "--noheader", "--format", "%A %T %Z"],
        env={k: v for k, v in os.environ.items() if not k.startswith("SQUEUE_")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        reason = done.stderr.strip() or "no reason given"
        raise UserError(
            f"squeue cannot list the jobs of the last run ({reason}). Wait until Slurm answers, "
            "then run the command again."
        )
    jobs = (line.split(maxsplit=2) for line in done.stdout.splitlines())
    here = str(Path(folder).resolve())
    return {job[0]: job[1] for job in jobs if job[2:] == [here]}


def settle(folder, *, every=10):
    """Cancel a killed run's jobs that have not started, and wait for those that run.

    Parameters
    ----------
    folder : str or Path
    every : float
        Seconds between two looks.
    """
    reported = False
    while jobs := unfinished(folder):
        if waiting := [job for job, state in jobs.items() if state in ("PENDING", "REQUEUED")]:
            cancel = ["scancel", "--state=PENDING", *waiting]
            subprocess.run(cancel, check=False, capture_output=True)
        if not reported and (running := jobs.keys() - waiting):
            names = " ".join(sorted(running))
            print(
                f"waiting for jobs of the interrupted run that still run: {names} "
                f"(to cancel them: 'scancel {names}')",
                flush=True,
            )
            reported = True
        time.sleep(every)
