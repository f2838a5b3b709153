"""Make artefacts again beside the project, from copies of what they are made from."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from collapse import files
from collapse.errors import UserError

CODE = ("config.yaml", "requirements.txt", "reference", "scripts", "workflow")
OLD = 1e9  # modification time of all copies, so that none is newer than another


def missing(job):
    """Those of a job's inputs that are not here."""
    return [path for path in job.inputs if not Path(path).is_file()]


def make(jobs, scale, *, cores="all"):
    """Run jobs in a temporary copy of the project that holds their inputs alone.

    Parameters
    ----------
    jobs : list of artefacts.plan.Job
        All of whose inputs are here; none takes another's output.
    scale : str

    Returns
    -------
    dict
        SHA-256 of each output that was made, by its path.

    Raises
    ------
    UserError
        If a job fails.
    """
    targets = [path for job in jobs for path in job.outputs]
    if not targets:
        return {}
    with _workspace(scale, {path for job in jobs for path in job.inputs}) as folder:
        command = [sys.executable, "-m", "snakemake", "--cores", cores, "--quiet", "all"]
        command += ["--config", f"scale={scale}", "--", *targets]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            told = [line for line in said if line.startswith("ERROR:")]
            raise UserError(f"making them again failed: {(told or said[-1:] or ['?'])[0]}")
        return {path: files.sha256(folder / path) for path in targets}


@contextlib.contextmanager
def _workspace(scale, inputs):
    """A folder with the project's code and copies of some results, all equally old."""
    with tempfile.TemporaryDirectory(prefix="again-", dir=".snakemake") as name:
        folder = Path(name)
        for path in CODE:
            copy = shutil.copytree if Path(path).is_dir() else shutil.copy
            copy(path, folder / path)
        shutil.copytree(f"results/{scale}/settings", folder / f"results/{scale}/settings")
        for path in {*inputs, f"results/{scale}/config.json"}:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / path)
        for path in folder.rglob("*"):
            os.utime(path, (OLD, OLD))
        yield folder
