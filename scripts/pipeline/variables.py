"""Environment variables: what commands and jobs inherit, independent of the caller's settings.

Every command of the project and every start of the workflow, also by plain ``snakemake``, passes
its variables through `cleaned`. Uses the standard library alone, see `pipeline.command`.
"""

import os
import pwd
import tempfile

import collapse
from collapse.errors import UserError

# Prefixes and names of variables that change what Python, its libraries or git do. Where files,
# networks, GPUs and accounts are is the caller's choice and stays.
DROPPED = (
    *("PYTHON", "MPLBACKEND", "MATPLOTLIBRC", "SOURCE_DATE_EPOCH"),
    *("OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "GOTO_", "BLIS_", "NPY_", "SCIPY_"),
    *("SKLEARN_", "ATEN_", "ONEDNN_", "DNNL_", "CUBLAS_", "NVIDIA_TF32", "TORCH_ALLOW_TF32"),
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"),
)
KEPT = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
SET = {
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONSAFEPATH": "1",  # nothing is imported from the working directory
    "PYTHONUTF8": "1",
    "MPLBACKEND": "agg",  # figures are drawn to files
}
TEMPORARY = ("TMPDIR", "TEMP", "TMP")


def prepare(modules=""):
    """Set this process' variables to `cleaned` ones; processes that it starts inherit them.

    Parameters
    ----------
    modules : str
        Folder from which Python imports this project's modules; empty: none.

    Raises
    ------
    UserError
        If no folder for temporary files is writable.
    """
    found = cleaned(os.environ, os.path.join(os.getcwd(), ".snakemake", "home"))
    if modules:
        found["PYTHONPATH"] = modules
    os.environ.clear()
    os.environ.update(found)


def cleaned(given, home):
    """Variables without those that change results, and with folders that can be used.

    Parameters
    ----------
    given : mapping of str to str
        The caller's variables.
    home : str
        Folder to use where the caller has no home folder, or none whose caches can be written.

    Returns
    -------
    dict of str to str

    Raises
    ------
    UserError
        If no folder for temporary files is writable.
    """
    found = {k: v for k, v in given.items() if k in KEPT or not k.startswith(DROPPED)}
    found |= {**collapse._PINNED, **SET, **_places(found, home)}
    return found | {name: found.get(name) or _user() for name in ("LOGNAME", "USER")}


def _places(given, home):
    """Folders for temporary files, caches and settings, where the caller's cannot be used."""
    found = {}
    if any(name in given for name in TEMPORARY):
        found |= dict.fromkeys(TEMPORARY, temporary_folder())
    own = given.get("HOME") or os.path.expanduser("~")
    if not os.path.isdir(own):
        return found | {"HOME": home}
    if not _can_be_written(own):
        found["MPLCONFIGDIR"] = given.get("MPLCONFIGDIR") or os.path.join(home, "matplotlib")
        if not _can_be_written(given.get("XDG_CACHE_HOME") or os.path.join(own, ".cache")):
            found["XDG_CACHE_HOME"] = os.path.join(home, ".cache")
    return found


def temporary_folder():
    """The folder for temporary files: the caller's, or the system's if that is missing or full.

    Raises
    ------
    UserError
        If none of them can be written.
    """
    try:
        return tempfile.gettempdir()
    except FileNotFoundError as error:
        raise UserError(
            "no folder for temporary files is writable: make room in /tmp, or set TMPDIR to a "
            "folder with room."
        ) from error


def _can_be_written(path):
    """Whether a folder can be written, or made where it is missing."""
    path = os.path.abspath(path)
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)


def _user():
    """The user's name, or "user" where the system has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "user"
