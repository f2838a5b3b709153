"""What a job was made with, and what it made: a record beside the results."""

import importlib.metadata
import json
import sys
from pathlib import Path

from collapse import files

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "matplotlib", "torch", "transformers")
MODULES = {"scikit-learn": "sklearn"}


def path(log):
    """The record of the job whose log is at ``logs/<scale>/`` or ``logs/data/``."""
    _, root, *place = Path(log).with_suffix(".json").parts
    folder = Path(root) if root == "data" else Path("results", root)
    return Path(folder, "records", *place)


def parameters(params):
    """A job's named parameters as they are after writing and reading JSON.

    Parameters
    ----------
    params : mapping
        With ``items()``, as Snakemake gives them to scripts and to its own jobs.
    """
    return json.loads(json.dumps(dict(params.items()), sort_keys=True))


def digests(paths):
    """SHA-256 of each file by its path."""
    return {str(path): files.sha256(path) for path in sorted(set(map(str, paths)))}


def versions():
    """Python, those packages on which numbers depend that are imported, and the GPU in use."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in PACKAGES:
        if MODULES.get(name, name) in sys.modules:
            found[name] = importlib.metadata.version(name)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def begin(job):
    """Hash a job's inputs; gives the function that writes its record once the outputs are made.

    The inputs are hashed before the job reads them: a file that is edited while it runs is not
    what it was made with.

    Parameters
    ----------
    job : object
        With ``log``, ``rule``, ``input``, ``params`` and ``output``.
    """
    inputs = digests(job.input)

    def write():
        record = {
            "rule": job.rule,
            "parameters": parameters(job.params),
            "inputs": inputs,
            "outputs": digests(job.output),
            "versions": versions(),
        }
        files.write_json(path(job.log[0]), record)

    return write
