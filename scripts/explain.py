"""Print what figures, tables or any other results are made from, back to the data.

python scripts/explain.py SCALE NAME ...

Runs nothing: Snakemake's plan tells the jobs; the files that stand here are hashed.
"""

import difflib
import graphlib
import json
import re
import signal
import sys
from collections import Counter
from pathlib import Path

from artefacts import command, plan
from collapse import files
from collapse.errors import UserError


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
    jobs, queue, graph = {}, [made[path]], {}
    while queue:
        job = queue.pop()
        if job.record not in jobs:
            jobs[job.record] = job
            before = [made[file] for file in job.inputs if file in made]
            graph[job.record] = {other.record for other in before}
            queue += before
    depth, last = {}, {}
    for name in graphlib.TopologicalSorter(graph).static_order():
        depth[name] = 1 + max((depth[other] for other in graph[name]), default=0)
        rule = jobs[name].rule
        last[rule] = max(last.get(rule, 0), depth[name])
    return list(jobs.values()), sorted(last, key=lambda rule: (last[rule], rule))


def state(path, jobs):
    """Whether the file stands here and is what the chain would give."""
    count = Counter(job.rule for job in jobs if job.waiting)
    if not count:
        there = Path(path).exists()
        return "up to date" if there else "not here, and nothing that is here needs it"
    again = ", ".join(f"{rule} ×{n}" for rule, n in sorted(count.items()))
    return f"{'out of date' if Path(path).exists() else 'not made yet'}; still to be run: {again}"


def hashed(path, length):
    """A line with a file's hash."""
    known = files.sha256(path)[:length] if Path(path).is_file() else "not here yet".ljust(length)
    return f"  {known}  {path}"


def explanation(path, made, scale):
    """The chain as lines of text."""
    jobs, rules = chain(path, made)
    count = Counter(job.rule for job in jobs)
    taken = {rule: {f for job in jobs if job.rule == rule for f in job.inputs} for rule in rules}
    folder = f"results/{scale}/settings/"
    everything = set().union(*taken.values())
    records = sorted(file for file in everything if file.startswith(folder))
    data = sorted(file for file in {*everything, path} if file.startswith("data/"))
    leaves = everything - set(made) - set(records)
    code = sorted(file for file in leaves if file.endswith(".py"))
    yield from (path, f"  scale {scale}; {state(path, jobs)}")
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
        raise UserError("no scale: call it as python scripts/explain.py SCALE NAME ...")
    scale, names = sys.argv[1], " ".join(sys.argv[2:]).split()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads may stop early
    with plan.planned(scale) as planned:
        made = {path: job for job in planned.jobs for path in job.outputs}
    paths = [path for name in names or [""] for path in paths_of(name, made, scale)]
    print("\n\n\n".join("\n".join(explanation(path, made, scale)) for path in paths))


if __name__ == "__main__":
    command.run(main, alone=False)
