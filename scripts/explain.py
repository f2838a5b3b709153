"""Print what figures, tables or any other results are made from, back to the data.

python scripts/explain.py SCALE NAME ...

Runs nothing: Snakemake's own dry runs tell the jobs; the files that stand here are hashed.
"""

import difflib
import graphlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from collapse import files

ROOT = Path(__file__).resolve().parents[1]
JOB = re.compile(r"^(?:local)?rule (\w+):\n((?: +\w[\w ]*: .*\n)+)", re.MULTILINE)


class Job(NamedTuple):
    """One job of the dry run."""

    rule: str
    input: tuple
    output: tuple


def dry_run(scale, *options):
    """What ``snakemake --dry-run`` says, or the end with its own sentence."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--config", f"scale={scale}"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    if done.returncode:
        said = [line for line in text.splitlines() if line.startswith("ERROR:")]
        sys.exit("\n".join(said) or text)
    return text


def jobs_of(text):
    """The jobs that a dry run lists, by the files they make."""
    found = {}
    for rule, lines in JOB.findall(text):
        fields = dict(re.findall(r"^ +(input|output): (.*)$", lines, re.MULTILINE))
        split = [tuple(fields.get(key, "").split(", ")) for key in ("input", "output")]
        found |= dict.fromkeys(filter(None, split[1]), Job(rule, *split))
    return found


def paths_of(name, made, scale):
    """The results that a name stands for, or the end with those that are near."""
    folder = f"results/{scale}"
    known = (name, f"{folder}/figures/{name}.png", f"{folder}/tables/{name}.csv")
    if found := [path for path in known if path in made]:
        return found
    shown = {Path(path).stem for path in made if re.match(f"{folder}/(figures|tables)/", path)}
    known = made if "/" in name else shown
    near = difflib.get_close_matches(name, sorted(known), n=5, cutoff=0.5) or sorted(shown)
    sys.exit(
        f"ERROR: {name!r} is no figure, table or result of scale {scale}: choose one of "
        f"{', '.join(near)}, or the path of a file."
    )


def chain(path, made):
    """All jobs behind a file, and the rules in order from data to it."""
    queue, graph = [made[path]], {}
    while queue:
        job = queue.pop()
        if job not in graph:
            graph[job] = {made[file] for file in job.input if file in made}
            queue += graph[job]
    depth, last = {}, {}
    for job in graphlib.TopologicalSorter(graph).static_order():
        depth[job] = 1 + max((depth[other] for other in graph[job]), default=0)
        last[job.rule] = max(last.get(job.rule, 0), depth[job])
    return list(graph), sorted(last, key=lambda rule: (last[rule], rule))


def state(path, jobs, waiting):
    """Whether the file stands here and is what the chain would give."""
    count = Counter(job.rule for job in jobs if job.output[0] in waiting)
    if not count:
        there = Path(path).exists()
        return "up to date" if there else "not here, and nothing that is here needs it"
    again = ", ".join(f"{rule} ×{n}" for rule, n in sorted(count.items()))
    return f"{'out of date' if Path(path).exists() else 'not made yet'}; still to be run: {again}"


def hashed(path, length):
    """A line with a file's hash."""
    known = files.sha256(path)[:length] if Path(path).is_file() else "not here yet".ljust(length)
    return f"  {known}  {path}"


def explanation(path, made, waiting, scale):
    """The chain as lines of text; `waiting`: files that jobs have still to make."""
    jobs, rules = chain(path, made)
    count = Counter(job.rule for job in jobs)
    taken = {rule: {f for job in jobs if job.rule == rule for f in job.input} for rule in rules}
    folder = f"results/{scale}/settings/"
    everything = set().union(*taken.values())
    records = sorted(file for file in everything if file.startswith(folder))
    data = sorted(file for file in {*everything, path} if file.startswith("data/"))
    leaves = everything - set(made) - set(records)
    code = sorted(file for file in leaves if file.endswith(".py"))
    yield from (path, f"  scale {scale}; {state(path, jobs, waiting)}")
    yield from ("", "rules, from data to result")
    for rule in rules:
        scripts = [file for file in taken[rule] if file in code and "/collapse/" not in file]
        names = [file.removeprefix(folder)[:-5] for file in sorted(taken[rule]) if file in records]
        yield f"  {rule} ×{count[rule]}: " + "; ".join(
            [*scripts, f"{sum('/collapse/' in file for file in taken[rule])} library files"]
            + [f"settings {', '.join(names)}"] * bool(names)
        )
    yield from ("", "data (SHA-256)", *(hashed(file, 64) for file in data))
    yield from ("", "settings")
    for file in records:
        yield from (f"  {file}", f"    {json.dumps(files.read_json(file), sort_keys=True)}")
    yield from ("", "code (SHA-256)", *(hashed(file, 16) for file in code))
    others = sorted(leaves - {*code})
    yield from ("", "captions, reference values", *(hashed(file, 16) for file in others))
    seed = files.read_json(f"results/{scale}/config.json")["seed"]
    yield from ("", f"root seed {seed}: every job's own follows from it and the job's place")


def main():
    """Check the names, print."""
    if len(sys.argv) < 2:
        sys.exit("ERROR: no scale: call it as python scripts/explain.py SCALE NAME ...")
    scale, names = sys.argv[1], " ".join(sys.argv[2:]).split()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads may stop early
    os.chdir(ROOT)
    made, waiting = jobs_of(dry_run(scale, "--forceall")), jobs_of(dry_run(scale))
    paths = [path for name in names or [""] for path in paths_of(name, made, scale)]
    texts = ["\n".join(explanation(path, made, waiting, scale)) for path in paths]
    print("\n\n\n".join(texts))


if __name__ == "__main__":
    main()
