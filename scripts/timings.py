"""Print seconds and peak memory by rule, and the share of CPU time that processes take to start.

Reads the last line of every job's log; logs are no part of the results.
"""

import re
from pathlib import Path

import pandas as pd

DONE = re.compile(
    r"^done: (\w+): ([\d.]+) s, ([\d.]+) s CPU of which ([\d.]+) s to start up, peak (\d+) MiB$",
    re.MULTILINE,
)


def jobs(folder):
    """One row per finished job from logs ``<folder>/<scale>/**/*.log``."""
    rows = []
    for path in Path(folder).glob("*/**/*.log"):
        if found := DONE.search(path.read_text(encoding="utf-8")):
            rule, *numbers = found.groups()
            rows.append((path.relative_to(folder).parts[0], rule, *map(float, numbers)))
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


def main():
    """Print both tables."""
    table = jobs("logs")
    if not len(table):
        print("nothing yet: run 'make reproduce'")
        return
    print(by_rule(table).round(2).to_string(), end="\n\n")
    print(by_scale(table).round(3).to_string())


if __name__ == "__main__":
    main()
