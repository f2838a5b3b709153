"""SHA-256 sums of a folder's files, as sha256sum writes and checks them."""

import re
from pathlib import Path

from collapse.errors import UserError

from pipeline import files

LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>[^/\0\ufffd][^\0\ufffd]*)")


def write(path, paths):
    """Write the sums of files.

    Parameters
    ----------
    path : str or Path
        File of lines "<hash>  <name>", sorted by name; names start from its folder.
    paths : list of str or Path
        Files in that folder, or below it.
    """
    folder = Path(path).parent
    names = sorted(Path(file).relative_to(folder).as_posix() for file in paths)
    files.write_text(path, "".join(f"{files.sha256(folder / name)}  {name}\n" for name in names))


def read(path):
    """Hash of each file that `path` lists, by the file's own path, as `write` was given it.

    Raises
    ------
    UserError
        If a line is not "<hash>  <name>", with a name below the folder.
    """
    found = {}
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        sum_of = LINE.fullmatch(line)
        if not sum_of or ".." in sum_of["name"].split("/"):
            raise UserError(f"{path} holds {line!r}, no sum of a file: delete it and run again.")
        found[(Path(path).parent / sum_of["name"]).as_posix()] = sum_of["digest"]
    return found
