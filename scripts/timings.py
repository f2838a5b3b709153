"""Print seconds and peak memory by rule, and the share of CPU time that processes take to start.

python scripts/timings.py [SCALE]

Reads the last line of every job's log; logs are no part of the results. With a scale, writes
report-SCALE.html instead: the report, which holds no timings, with them.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd

DONE = re.compile(
    r"^done: (\w+): ([\d.]+) s, ([\d.]+) s CPU of which ([\d.]+) s to start up, peak (\d+) MiB$",
    re.MULTILINE,
)


class Done(NamedTuple):
    """What a job's log tells at its end: seconds, of the processor, of these to start; MiB."""

    rule: str
    wall: float
    cpu: float
    start: float
    peak: float

    def after_start(self, gpu):
        """Seconds of the processor, which other work does not lengthen; with a GPU the clock's."""
        return self.wall if gpu else self.cpu - self.start


def up_to_date(job):
    """The end of the log of a job of the plan; None where it is still, or again, to be run."""
    return None if job.waiting else finished(job.log)


def finished(log):
    """The end of a job's log; None where the job has none or has not finished."""
    path = Path(log)
    found = path.is_file() and DONE.search(path.read_text(encoding="utf-8"))
    return Done(found[1], *map(float, found.groups()[1:])) if found else None


def jobs(folder):
    """One row per finished job from logs ``<folder>/<scale>/**/*.log``."""
    rows = []
    for path in Path(folder).glob("*/**/*.log"):
        if done := finished(path):
            rows.append((path.relative_to(folder).parts[0], *done))
    return pd.DataFrame(rows, columns=["scale", "rule", "s", "cpu_s", "start_up_s", "peak_mib"])


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


def page(table, scale):
    """Write the report of a scale with its timings (those of shared data among them)."""
    sums = by_rule(table[table["scale"].isin([scale, "data"])]).reset_index("scale", drop=True)
    rows = sums.rename_axis(None).to_html(border=0, float_format="{:.2f}".format, justify="left")
    source = Path(f"results/{scale}/report.html")
    if not source.is_file():
        sys.exit(f"ERROR: {source} is not there: run 'make report SCALE={scale}'.")
    text = source.read_text(encoding="utf-8")
    section = (
        '<section aria-labelledby="timings"><h2 id="timings">Timings</h2><p>Jobs, seconds, CPU '
        "seconds (of which start-up) and peak memory in MiB by rule, from the logs of the last "
        'runs on this machine.</p><div class="scroll" tabindex="0" role="region" '
        f'aria-label="Timings">{rows}</div></section>'
    )
    path = Path(f"report-{scale}.html")
    path.write_text(text.replace("<!-- timings -->", section), encoding="utf-8")
    print(f"The report with timings is in {path}.")


def main():
    """Print both tables, or write the page."""
    table = jobs("logs")
    if not len(table):
        print("nothing yet: run 'make reproduce'")
        return
    if len(sys.argv) > 1:
        page(table, sys.argv[1])
        return
    print(by_rule(table).round(2).to_string(), end="\n\n")
    print(by_scale(table).round(3).to_string())


if __name__ == "__main__":
    main()
