"""Make artefacts again in a temporary folder, from copies of what they are made from."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from collapse.errors import UserError
from pipeline import files, paths


def missing(job):
    """Inputs of a job that are not here."""
    return [path for path in job.inputs if not Path(path).is_file()]


def make(jobs, scale, *, cores="all"):
    """Run jobs in a temporary folder that holds only their inputs, and all records but theirs.

    Parameters
    ----------
    jobs : list of pipeline.graph.Job
        All of whose inputs are here; none takes another's output.
    scale : str
    cores : str

    Returns
    -------
    dict of str to str
        SHA-256 of each output that was made, by its path.

    Raises
    ------
    UserError
        If a job fails.
    """
    targets = [path for job in jobs for path in job.outputs]
    if not targets:
        return {}
    with _workspace(jobs, scale) as folder:
        command = [sys.executable, "-m", "snakemake", "--cores", cores, "--quiet", "all"]
        command += ["--snakefile", str(paths.ROOT / "Snakefile"), "--directory", str(folder)]
        command += ["--config", f"scale={scale}", "--", *targets]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"making them again failed: {_reason(done.stdout + done.stderr)}")
        return {path: files.sha256(folder / path) for path in targets}


def _reason(output):
    """The first error among a command's lines, or else the last line."""
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    return (errors or lines[-1:] or ["it printed nothing"])[0]


@contextlib.contextmanager
def _workspace(jobs, scale):
    """A folder with copies of jobs' inputs, and the records that show where these come from."""
    with tempfile.TemporaryDirectory(prefix="again-", dir=".snakemake") as name:
        folder = Path(name).resolve()
        for records in filter(os.path.isdir, (f"results/{scale}/records", "data/records")):
            shutil.copytree(records, folder / records)
        for job in jobs:
            (folder / job.record).unlink(missing_ok=True)
        inputs = {path for job in jobs for path in job.inputs}
        for path in (path for path in inputs if not Path(path).is_absolute()):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / path)
        yield folder
