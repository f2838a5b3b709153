"""Where this project's modules come from: one checkout, and the source that was hashed."""

import contextlib
import importlib.util
import os
import sys
from pathlib import Path

from collapse.errors import UserError

from pipeline import paths


def check(folder):
    """Refuse to run with modules of another checkout: a record would name code that did not run.

    Parameters
    ----------
    folder : str or Path
        Where the Snakefile or the job's script is: below the project's own folder.

    Raises
    ------
    UserError
        If an imported module or the folder belongs to another checkout.
    """
    foreign = [path for path in imported() if not path.is_relative_to(paths.SCRIPTS)]
    if not Path(str(folder)).resolve().is_relative_to(paths.ROOT):
        foreign.append(Path(str(folder)))
    if foreign:
        raise UserError(
            f"{foreign[0]} is used together with {paths.SCRIPTS}, which is of another checkout: "
            "remove one of them from PYTHONPATH, or run them in separate commands."
        )


def imported():
    """Resolved paths of all imported modules that are named like this project's."""
    own = {folder.parent.name for folder in paths.SCRIPTS.glob("*/__init__.py")}
    files = [
        getattr(module, "__file__", None)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in own
    ]
    return [Path(file).resolve() for file in files if file]


def drop_outdated_bytecode():
    """Remove compiled modules that are older than the last change of their source.

    Python compares the source's size and modification time, in seconds, and takes the compiled
    code if they are the same: as after ``cp -p`` from a checkout of the same second. The change
    time, which the kernel sets, shows such an edit. In a folder that is read-only nothing can have
    been edited.
    """
    for source in paths.SCRIPTS.rglob("*.py"):
        compiled = importlib.util.cache_from_source(source)
        with contextlib.suppress(OSError):
            if os.stat(source).st_ctime_ns >= os.stat(compiled).st_mtime_ns:
                os.unlink(compiled)
