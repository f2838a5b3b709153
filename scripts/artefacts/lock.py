"""One command at a time in a folder: Snakemake and DVC know nothing of each other."""

import contextlib
import fcntl
import os
from pathlib import Path

from collapse.errors import UserError

HELD = "COLLAPSE_LOCK"  # the folder whose lock a parent process holds


def other_runs(folder):
    """Process numbers of snakemake and dvc processes that work in `folder`, but for parents.

    Nor those that a Snakemake has started for a job: ``--mode`` is among their words.
    """
    found, own = [], _ancestors(os.getpid())
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            here = (process / "cwd").resolve() == Path(folder).resolve()
        except OSError:
            continue
        named = any(word.endswith((b"snakemake", b"/dvc")) or word == b"dvc" for word in words[:3])
        if here and named and b"--mode" not in words and int(process.name) not in own:
            found.append(int(process.name))
    return found


@contextlib.contextmanager
def exclusive(folder):
    """Hold the folder's lock, or say who does. Commands that this one starts share it.

    Raises
    ------
    UserError
        If another command of this project, or a snakemake or dvc started by hand, works here.
    """
    if os.environ.get(HELD) == str(Path(folder).resolve()):
        yield
        return
    path = Path(folder, ".snakemake", "project.lock")
    path.parent.mkdir(exist_ok=True)
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"another command works in this folder (process {file.read()}): wait until it ends."
            ) from None
        except OSError as error:
            raise UserError(
                f"{path} cannot be locked ({error.strerror}), so that two commands could work here "
                "at once: use a file system that can (Lustre: mounted with flock)."
            ) from error
        if running := other_runs(folder):
            raise UserError(
                f"snakemake or dvc already runs in this folder (process {running[0]}): wait."
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        os.environ[HELD] = str(Path(folder).resolve())
        try:
            yield
        finally:
            del os.environ[HELD]


def _ancestors(process):
    """A process and its parents."""
    found = set()
    while process > 1:
        found.add(process)
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        process = int(status.rpartition(")")[2].split()[1])
    return found
