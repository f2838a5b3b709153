"""Print seconds and peak memory by rule, and the share of CPU time that processes take to start.

Reads the benchmark files and logs that jobs left behind; neither is part of the results.
"""

import re
from pathlib import Path

import pandas as pd

DONE = re.compile(r"^done: ([\d.]+) s CPU, of which ([\d.]+) s to start up$", re.MULTILINE)


def by_rule(folder):
    """One row per scale and rule from benchmark files ``<folder>/<scale>/**/<job>.<rule>.tsv``."""
    rows = []
    for path in Path(folder).glob("*/**/*.tsv"):
        job = pd.read_csv(path, sep="\t").iloc[-1]
        scale = path.relative_to(folder).parts[0]
        rule = path.name.split(".")[-2]
        rows.append((scale, rule, job["s"], job["cpu_time"], job["max_rss"]))
    table = pd.DataFrame(rows, columns=["scale", "rule", "seconds", "cpu_seconds", "rss_mb"])
    return table.groupby(["scale", "rule"]).agg(
        jobs=("seconds", "size"),
        median_s=("seconds", "median"),
        longest_s=("seconds", "max"),
        cpu_s=("cpu_seconds", "sum"),
        peak_mb=("rss_mb", "max"),
    )


def start_up(folder):
    """One row per scale: CPU seconds of all jobs, and of their interpreters' start and imports."""
    rows = []
    for path in Path(folder).glob("*/**/*.log"):
        if found := DONE.search(path.read_text(encoding="utf-8")):
            scale = path.relative_to(folder).parts[0]
            rows.append((scale, *map(float, found.groups())))
    table = pd.DataFrame(rows, columns=["scale", "cpu_s", "start_up_s"]).groupby("scale").sum()
    return table.assign(start_up_share=table["start_up_s"] / table["cpu_s"])


def main():
    """Print both tables."""
    for table in (by_rule("benchmarks"), start_up("logs")):
        text = table.round(2).to_string() if len(table) else "nothing yet: run 'make reproduce'"
        print(text, end="\n\n")


if __name__ == "__main__":
    main()
