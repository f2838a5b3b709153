"""Objects: files named by the MD5 of their content, in a cache or a remote; are they intact?"""

import hashlib
import json
import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HALF = re.compile(r"\.[\w-]{22}\.tmp")  # how DVC names a file that it is still writing
N_THREADS = 16


def damaged(paths):
    """Files of a cache whose content is not what their names say."""
    return [path for path, whole in zip(paths, _each(_is_whole, paths), strict=True) if not whole]


def sizes(names, store):
    """Bytes of each object in a store, by name: None if missing, -1 if the size is unknown."""
    return dict(zip(names, _each(lambda name: _size(name, store), names), strict=True))


def not_whole(names, cache, store, read):
    """Objects that a store lacks, or has with another size or content than the cache.

    Parameters
    ----------
    names : iterable of str
    cache, store : dvc_data.hashfile.db.HashFileDB
    read : bool
        Read and hash each; otherwise only those whose size the store does not report.
    """

    def whole(name):
        size = _size(name, store)
        if size is None:
            return False
        if read or size < 0:
            return _digest(name, store) == name.removesuffix(".dir")
        return size == os.path.getsize(cache.oid_to_path(name))

    return [name for name, fine in zip(names, _each(whole, names), strict=True) if not fine]


def take(names, cache, store):
    """Copy objects that a cache lacks, or has damaged, from a store; each is verified.

    Parameters
    ----------
    names : iterable of str
    cache, store : dvc_data.hashfile.db.HashFileDB

    Returns
    -------
    list of str
        Those that the store lacks or has damaged.
    """
    paths = {name: Path(cache.oid_to_path(name)) for name in names}
    for path in damaged([path for path in paths.values() if path.exists()]):
        path.unlink()
    missing = [name for name, path in paths.items() if not path.exists()]
    contents = dict(zip(missing, _each(lambda name: _content(name, store), missing), strict=True))
    for name, content in contents.items():
        if content is not None:
            with tempfile.NamedTemporaryFile(prefix="check-", dir=".dvc/tmp") as file:
                file.write(content)
                file.flush()
                cache.add(file.name, cache.fs, name)
    return [name for name, content in contents.items() if content is None]


def leading_out(path):
    """The first entry of a list of files that leads out of its folder, or None."""
    for entry in json.loads(Path(path).read_text(encoding="utf-8")):
        parts = entry["relpath"].split("/")
        if ".." in parts or not parts[0]:
            return entry["relpath"]
    return None


def clear(paths):
    """Remove what a killed pull left among outputs: half-written and empty files.

    DVC takes them for results that are saved nowhere else, and would not replace them. Files
    outside the working directory, to which a link leads, are left alone.

    Parameters
    ----------
    paths : iterable of str
        Outputs, files or folders, that no process writes.
    """
    root = Path().resolve()
    for place in map(Path, paths):
        if not place.resolve().is_relative_to(root):
            continue
        for path in _files(place):
            half = HALF.fullmatch(path.name) or not path.stat().st_size
            if half and path.resolve().is_relative_to(root):
                path.unlink()


def _files(place):
    """A file, or all files of a folder; links to folders are not followed."""
    if place.is_file():
        return [place]
    return [Path(at, name) for at, _, names in os.walk(place) for name in names
            if Path(at, name).is_file()]  # fmt: skip


def _each(function, values):
    """Call a function for many values at once; most of the time it waits for a disk or server."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(function, values))


def _size(name, store):
    try:
        size = store.fs.info(store.oid_to_path(name))["size"]
    except FileNotFoundError as error:
        cause = error.__cause__  # a web server's every failure is raised as an absence
        if cause is None or isinstance(cause, FileNotFoundError):
            return None
        if getattr(cause, "status", None) in (404, 410):
            return None
        raise cause from None
    return -1 if size is None else size


def _content(name, store):
    """Content of a small object in a store; None if it is missing or damaged."""
    try:
        with store.fs.open(store.oid_to_path(name), "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return None
    whole = hashlib.md5(content).hexdigest() == name.removesuffix(".dir")
    return content if whole else None


def _digest(name, store):
    """MD5 of an object's content, read from a store."""
    with tempfile.TemporaryDirectory(prefix="check-", dir=".dvc/tmp") as folder:
        copy = Path(folder, "object")
        store.fs.get_file(store.oid_to_path(name), str(copy))
        return _md5(copy)


def _is_whole(path):
    return _md5(path) == (path.parent.name + path.name).removesuffix(".dir")


def _md5(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
