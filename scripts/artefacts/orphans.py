"""Jobs that a killed Snakemake has left in Slurm: they write what a new run would write, too."""

import shutil
import subprocess
import time
from pathlib import Path

from collapse.errors import UserError


def used(folder):
    """Whether a run of a folder has sent jobs to Slurm."""
    return bool(shutil.which("squeue")) and Path(folder, ".snakemake", "slurm_logs").is_dir()


def unfinished(folder):
    """States of this user's unfinished Slurm jobs that work in a folder, by their numbers.

    Empty where no run of this folder has used Slurm.

    Raises
    ------
    UserError
        If Slurm's controller does not answer.
    """
    if not used(folder):
        return {}
    done = subprocess.run(
        ["squeue", "--me", "--noheader", "--format", "%A %T %Z"],
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
    return {job: state for job, state, place in jobs if place == here}


def settle(folder, *, every=2):
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
            subprocess.run(["scancel", *waiting], check=False, capture_output=True)
        elif not told:
            names = " ".join(sorted(jobs))
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
    One that has sent nothing to Slurm is never stopped.

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
    while True:
        try:
            return process.wait(timeout=every)
        except subprocess.TimeoutExpired:
            pass
        logs = (folder / ".snakemake" / "log").glob("*.log")
        silent = time.time() - max([begun, *(path.stat().st_mtime for path in logs)])
        if not used(folder) or silent < patience or psutil.Process(process.pid).children():
            continue
        try:
            left = unfinished(folder)
        except UserError as error:
            print(f"{int(silent)} s without news: {error}", flush=True)
            continue
        if left:
            print(f"{int(silent)} s without news; in Slurm: {left}", flush=True)
            continue
        print(
            f"Snakemake waits for jobs that Slurm has no more ({int(silent)} s): starting anew",
            flush=True,
        )
        process.kill()
        process.wait()
        return None
