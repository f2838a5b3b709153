"""Hashes of files, remembered for as long as a file's identity on disk does not change."""

import hashlib
import json
import os
import time
from pathlib import Path

from pipeline import files

CACHE = Path(".snakemake", "hashes.json")
SETTLED = 2e9  # ns; a file changed more recently may change again within one tick of the clock


class HashCache:
    """SHA-256 of files by path, size, modification and change time, and inode.

    An entry is used only while all of these are the same. The change time is set by the kernel, so
    that a restored modification time (``cp -p``, ``rsync -a``, ``touch -d``) hides no edit.

    Parameters
    ----------
    path : str or Path or None
        The file that holds the entries between runs; a missing or damaged one is an empty cache.
        None: entries are kept in memory only.
    fresh : bool
        Trust no entry of earlier runs, but replace them: what a disk has damaged is found, and
        later runs see it, too.
    """

    def __init__(self, path=CACHE, *, fresh=False):
        self._path = path and Path(path)
        self._old = _read(self._path) if path else {}
        self._entries = {} if fresh else dict(self._old)
        self._changed = False

    def sha256(self, path):
        """SHA-256 of the file at `path`, hexadecimal; None if there is no such file."""
        return self.remembered("sha256", path, files.sha256)

    def remembered(self, kind, path, compute):
        """A value that depends on a file's bytes alone.

        Parameters
        ----------
        kind : str
            What the value is; values of different kinds do not mix.
        path : str or Path
        compute : callable
            Called with `path` if the file is not the one that the cache knows. Its result has to
            be representable in JSON.

        Returns
        -------
        object
            None if there is no such file.
        """
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        identity = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        key = f"{kind}:{path}"
        known = self._entries.get(key)
        if known and known[0] == identity:
            return known[1]
        value = compute(path)
        self._old.pop(key, None)
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED:
            self._entries[key] = [identity, value]
            self._changed = True
        return value

    def save(self):
        """Write the entries, if there are new ones; a folder that is read-only keeps none."""
        if not self._changed or not self._path:
            return
        try:
            files.write_text(self._path, dumped({**self._old, **self._entries}))
            self._changed = False
        except OSError:
            pass


def dumped(entries):
    """Entries of a cache as the text of its file, which starts with its own hash."""
    text = json.dumps(entries)
    return f"{digest(text)}\n{text}"


def _read(path):
    try:
        known, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return {}
    return json.loads(text) if digest(text) == known else {}


def combined(tables):
    """One hash for each name in several tables.

    Parameters
    ----------
    tables : iterable of dict of str to str

    Returns
    -------
    dict of str to str
        Where the tables differ, the hash of a name's different hashes.
    """
    found = {}
    for name, value in (item for table in tables for item in table.items()):
        found.setdefault(name, set()).add(value)
    return {
        name: min(values) if len(values) == 1 else digest("\n".join(sorted(values)))
        for name, values in found.items()
    }


def digest(text):
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
