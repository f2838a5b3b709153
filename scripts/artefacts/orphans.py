"""Jobs that a killed Snakemake has left in Slurm: they write what a new run would write, too."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from collapse import files
from collapse.errors import UserError

# where a folder's last run began, and by which of Snakemake's executors its jobs went out
HOST, EXECUTOR = ".snakemake/host", ".snakemake/executor"


def begin(executor):
    """Leave word that a run begins here; Snakemake calls this when it starts."""
    files.write_text(HOST, f"{socket.gethostname()} {os.getpid()}\n")
    files.write_text(EXECUTOR, f"{executor}\n")


def executor(folder):
    """Of a folder's last run; None where there was none."""
    path = Path(folder, EXECUTOR)
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def check_host(folder):
    """Refuse to go on with what has begun on another machine, where it cannot be seen.

    Raises
    ------
    UserError
    """
    path = Path(folder, HOST)
    host, process = path.read_text(encoding="utf-8").split() if path.is_file() else ("", "")
    if host not in ("", socket.gethostname()):
        raise UserError(
            f"a run in this folder began on {host} (process {process}) and has not ended: go on "
            f"there, or, if it is no more, delete {HOST} and run again."
        )


def unfinished(folder):
    """States of this user's unfinished Slurm jobs that work in a folder, by their numbers.

    Empty where the last run of this folder has sent none out.

    Raises
    ------
    UserError
        If there is nobody to ask, or Slurm's controller does not answer.
    """
    by = executor(folder)
    if by in (None, "local"):
        return {}
    if not shutil.which("squeue"):
        raise UserError(
            f"the last run here sent its jobs out by {by}, and no squeue tells which are left: "
            f"once all have ended, delete {EXECUTOR} and run again."
        )
    done = subprocess.run(
        ["squeue", "--me", "--noheader", "--format", "%A %T %Z"],
        env={k: v for k, v in os.environ.items() if not k.startswith("SQUEUE_")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        reason = done.stderr.strip() or "no reason given"
        raise UserError(
            f"squeue does not tell which jobs are left ({reason}): wait until Slurm answers and "
            "run again."
        )
    jobs = (line.split(maxsplit=2) for line in done.stdout.splitlines())
    here = str(Path(folder).resolve())
    return {job[0]: job[1] for job in jobs if job[2:] == [here]}


def settle(folder, *, every=10):
    """Cancel those that have not begun, and wait for those that run: their work is not lost.

    Parameters
    ----------
    folder : str or Path
    every : float
        Seconds between two looks.
    """
    told = False
    while jobs := unfinished(folder):
        if waiting := [job for job, state in jobs.items() if state in ("PENDING", "REQUEUED")]:
            cancel = ["scancel", "--state=PENDING", *waiting]
            subprocess.run(cancel, check=False, capture_output=True)
        if not told and (running := jobs.keys() - waiting):
            names = " ".join(sorted(running))
            print(
                f"jobs of the earlier run still run and are waited for: {names} "
                f"('scancel {names}' gives them up)",
                flush=True,
            )
            told = True
        time.sleep(every)


def watched(process, folder, *, every=30, patience=900):
    """Wait for a Snakemake, which may itself wait for ever for a job that Slurm has no more.

    That is so where no job of the folder is left in Slurm, Snakemake has no process of its own at
    work, and its log has not grown for a while that is longer than any between two of its looks.
    A run that sends nothing out is never stopped.

    Parameters
    ----------
    process : subprocess.Popen
    folder : Path
    every, patience : float
        Seconds between two looks; of silence.

    Returns
    -------
    int or None
        Exit status; None if it waited for nothing, and has been stopped.
    """
    import psutil

    begun = time.time()  # the newest log may be an earlier run's
    said = None
    while True:
        try:
            return process.wait(timeout=every)
        except subprocess.TimeoutExpired:
            pass
        logs = (folder / ".snakemake" / "log").glob("*.log")
        silent = time.time() - max([begun, *(path.stat().st_mtime for path in logs)])
        if executor(folder) in (None, "local") or silent < patience:
            continue
        if psutil.Process(process.pid).children():
            continue
        try:
            left = unfinished(folder)
            news = f"in Slurm: {left}"
        except UserError as error:
            left, news = True, str(error)
        if left:
            if news != said:
                print(f"{int(silent)} s without news from Snakemake; {news}", flush=True)
            said = news
            continue
        print(
            f"Snakemake waits for jobs that Slurm has no more ({int(silent)} s): starting anew",
            flush=True,
        )
        process.kill()
        process.wait()
        return None
