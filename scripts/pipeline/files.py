"""Files that are either whole or absent, and whose bytes hold no clock."""

import contextlib
import hashlib
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
from collapse.errors import UserError


@contextlib.contextmanager
def replacing(path):
    """Give a temporary name next to `path`; rename it to `path` once the body has succeeded.

    Parameters
    ----------
    path : str or Path
        Final name; its folder is made if missing.

    Yields
    ------
    Path
        Name to write to, with the same ending as `path`; removed if the body raises.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path, text):
    """Write `text` as UTF-8 with Unix line ends, atomically."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_json(path, value):
    """Write `value` as sorted, indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path):
    """Read a JSON file; a UserError if it is damaged."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not whole JSON ({error}): delete it and run again.") from error


def write_arrays(path, **arrays):
    """Write named arrays as a compressed .npz, atomically; the same arrays give the same bytes."""
    with replacing(path) as partial:
        np.savez_compressed(partial, **arrays)


def read_arrays(path):
    """Read a .npz into a dict of arrays; never unpickles."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return dict(archive)
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise UserError(
            f"{path} is not whole ({str(error).splitlines()[0]}): delete it and run again."
        ) from error


def write_table(path, table, *, digits=6):
    """Write a data frame as CSV with `digits` significant digits, atomically."""
    write_text(path, table.to_csv(index=False, float_format=f"%.{digits}g", lineterminator="\n"))


def write_markdown(path, table, *, digits=4):
    """Write a data frame as a Markdown table with `digits` significant digits, atomically."""

    def cell(value):
        if isinstance(value, float | np.floating):
            return "–" if np.isnan(value) else f"{value:.{digits}g}"
        return str(value)

    header = "| " + " | ".join(map(str, table.columns)) + " |"
    ruler = "|" + " --- |" * len(table.columns)
    rows = ["| " + " | ".join(map(cell, row)) + " |" for row in table.itertuples(index=False)]
    write_text(path, "\n".join([header, ruler, *rows]) + "\n")


def literal(text):
    """`text` with a backslash before what Markdown would take as marks."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text)


def sha256(path):
    """SHA-256 of a file, as a hexadecimal string."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
