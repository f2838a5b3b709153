"""Records: what a job was made with and what it made, stored next to the results."""

import functools
import importlib.metadata
import json
import sys
from pathlib import Path

from collapse.errors import UserError

from pipeline import files, fingerprints, hashes

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "matplotlib", "torch", "transformers")
MODULES = {"scikit-learn": "sklearn"}
EXPECTED = Path(".snakemake", "inputs.json")
SHAPE = {"rule": str, "parameters": dict, "inputs": dict, "outputs": dict, "versions": dict}


def path(log):
    """The record of the job whose log is below ``logs/<scale>/`` or ``logs/data/``."""
    _, root, *place = Path(log).with_suffix(".json").parts
    above = Path(root) if root == "data" else Path("results", root)
    return Path(above, "records", *place)


def folder(path):
    """The folder of records of a file below ``results/<scale>`` or ``data``."""
    parts = Path(path).parts
    return Path(*parts[: 1 if parts[0] == "data" else 2], "records")


def read(path):
    """The record at `path`, or None if there is none or it is damaged."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    whole = isinstance(record, dict) and all(
        isinstance(record.get(key), kind) for key, kind in SHAPE.items()
    )
    return record if whole and isinstance(record["parameters"].get("code", {}), dict) else None


def damaged(paths):
    """Those of some results whose bytes differ from the record of the job that made them.

    Parameters
    ----------
    paths : sequence of str
        Below ``results/<scale>`` or ``data``.

    Returns
    -------
    list of str
    """
    places = {folder(path) for path in paths}
    made = {}
    for file in sorted(file for place in places for file in place.rglob("*.json")):
        made |= (read(file) or {"outputs": {}})["outputs"]
    here = sorted({str(path) for path in paths if Path(path).is_file()})
    return [path for path in here if path in made and files.sha256(path) != made[path]]


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
    """Versions of Python and of the imported packages that compute, and the GPU in use."""
    found = {"python": installed("python")}
    for name in PACKAGES:
        if MODULES.get(name, name) in sys.modules:
            found[name] = installed(name)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def other_versions(record, now):
    """What a job was made with in another version than the one that is installed.

    Parameters
    ----------
    record : dict
    now : callable
        Returns the installed version of a package, or None.

    Returns
    -------
    dict of str to (str, str or None)
        The version in the record and the installed one, of Python and of packages. Of a GPU there
        is no version.
    """
    then = {name: text for name, text in record["versions"].items() if name != "gpu"}
    return {name: (text, now(name)) for name, text in then.items() if text != now(name)}


@functools.cache
def installed(name):
    """Version of a package, or of Python, that is installed here; None if there is none."""
    if name == "python":
        return ".".join(map(str, sys.version_info[:3]))
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def expect(inputs):
    """Note with which bytes a run begins, so that its jobs compute with no others.

    Parameters
    ----------
    inputs : dict of str to str
        SHA-256 of files that no job of the run makes, by path.
    """
    files.write_json(EXPECTED, inputs)


def begin(job):
    """Hash a job's inputs; return the function that writes its record once it has its outputs.

    The inputs are hashed before the job reads them: a file that is edited while the job runs is not
    what the job was made with.

    Parameters
    ----------
    job : object
        With ``log``, ``rule``, ``input``, ``params`` and ``output``.

    Raises
    ------
    UserError
        If code or an input was edited after the run started: the job would compute with other
        code than its record names, or with an input that its own record does not fit.
    """
    _check_code(job.params.get("code", {}))
    inputs = digests(job.input)
    _check_inputs(inputs)

    def write():
        _check_code(job.params.get("code", {}))
        record = {
            "rule": job.rule,
            "parameters": parameters(job.params),
            "inputs": inputs,
            "outputs": digests(job.output),
            "versions": versions(),
        }
        files.write_json(path(job.log[0]), record)

    return write


def _check_code(code):
    for name in fingerprints.Fingerprints(hashes.HashCache()).edited(code):
        raise UserError(f"{name} was edited after this run started. Run the command again.")


def _check_inputs(inputs):
    try:
        expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for name, found in inputs.items():
        if expected.get(name, found) != found:
            raise UserError(
                f"{name} was changed after this run started. Run the command again: what does not "
                "match its record is made again."
            )
