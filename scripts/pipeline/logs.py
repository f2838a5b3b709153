"""The last lines of jobs' logs: how long each job took, and how much memory."""

import re
from pathlib import Path
from typing import NamedTuple

DONE = re.compile(
    r"^done: (\w+): (\d+\.\d+) s, (\d+\.\d+) s CPU of which (\d+\.\d+) s to start up, "
    r"peak (\d+) MiB$",
    re.MULTILINE,
)
COLUMNS = ["scale", "rule", "s", "cpu_s", "start_up_s", "peak_mib"]


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


def errors(folder, scale, since):
    """Why jobs failed, from the ends of their logs.

    Parameters
    ----------
    folder : str or Path
        Of logs.
    scale : str
        This scale's jobs, and those of the data that all scales share.
    since : float
        Seconds since the epoch; earlier failures are left out.

    Returns
    -------
    list of str
        One line for each job, the first that failed first.
    """
    places = [Path(folder, name) for name in ("data", scale)]
    logs = [path for place in places for path in place.glob("**/*.log")]
    recent = sorted((path.stat().st_mtime, path) for path in logs)
    texts = [path.read_text("utf-8", "replace") for at, path in recent if at >= since]
    ends = [text.rstrip().rpartition("\n")[2] for text in texts]
    return [line.removeprefix("ERROR: ") for line in ends if line.startswith("ERROR: ")]


def up_to_date(job):
    """The end of the log of a job of the plan; None if the job is still to run."""
    return None if job.waiting else finished(job.log)


def jobs(folder, scale=None):
    """One row for each finished job, from its log.

    Parameters
    ----------
    folder : str or Path
        Of logs.
    scale : str, optional
        This scale's jobs, and those of the data that all scales share; by default all jobs.

    Returns
    -------
    pandas.DataFrame
    """
    import pandas as pd

    rows = []
    for path in sorted(Path(folder).glob("*/**/*.log")):
        name = path.relative_to(folder).parts[0]
        if scale in (None, name) or name == "data":
            rows += [(name, *done)] if (done := finished(path)) else []
    return pd.DataFrame(rows, columns=COLUMNS)


def by_rule(table):
    """Jobs, seconds, peak memory of each rule, and the share that starting and importing takes."""
    sums = table.groupby(["scale", "rule"]).agg(
        jobs=("s", "size"),
        median_s=("s", "median"),
        longest_s=("s", "max"),
        cpu_s=("cpu_s", "sum"),
        start_up_s=("start_up_s", "sum"),
        peak_mib=("peak_mib", "max"),
    )
    return sums.assign(start_up_share=sums["start_up_s"] / sums["cpu_s"])


def by_scale(table):
    """CPU seconds of all jobs, and the share that starting and importing takes."""
    sums = table.groupby("scale")[["cpu_s", "start_up_s"]].sum()
    return sums.assign(start_up_share=sums["start_up_s"] / sums["cpu_s"])
