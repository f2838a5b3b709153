"""The last line of a job's log: how long the job took, and how much memory."""

import re
from pathlib import Path
from typing import NamedTuple

DONE = re.compile(
    r"^done: (\w+): ([\d.]+) s, ([\d.]+) s CPU of which ([\d.]+) s to start up, peak (\d+) MiB$",
    re.MULTILINE,
)


class Done(NamedTuple):
    """A finished job: its rule, seconds (elapsed, of CPU, of these to start up), peak in MiB."""

    rule: str
    wall: float
    cpu: float
    start: float
    peak: float

    def after_start(self, gpu):
        """Seconds of work: CPU time, which other processes do not lengthen; elapsed with a GPU."""
        return self.wall if gpu else self.cpu - self.start


def finished(log):
    """Read the end of a log.

    Parameters
    ----------
    log : str or Path

    Returns
    -------
    Done or None
        None if there is no log, or the job has not finished.
    """
    path = Path(log)
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = DONE.search(text)
    return Done(found[1], *map(float, found.groups()[1:])) if found else None


def up_to_date(job):
    """The end of the log of a job of the plan; None if the job is still to run."""
    return None if job.waiting else finished(job.log)


def rows(folder):
    """Read all finished jobs below a folder of logs, ``<folder>/<scale>/**/*.log``.

    Yields
    ------
    scale : str
    done : Done
    """
    for path in sorted(Path(folder).glob("*/**/*.log")):
        if done := finished(path):
            yield path.relative_to(folder).parts[0], done
