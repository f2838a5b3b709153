"""What a scale would cost, before anything of it is run: jobs, hours, memory, disk, critical path.

python scripts/estimate.py SCALE
python scripts/estimate.py SCALE measure    writes the rates of the run whose logs are here

Rates are those of reference/measured_costs.json, times the sizes in the configuration.
"""

import os
import re
import statistics
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

from artefacts import command, plan
from collapse import costs, files
from collapse.errors import UserError
from timings import DONE

COSTS = "reference/measured_costs.json"
CHAINS = ("vae_", "lm_train", "lm_evaluate", "lm_text", "gaussian_chain", "gmm_chain")  # by runs
NEVER = {"start_s": 2, "s_per_unit": 1, "peak_mib": 200, "bytes": {}}  # of a rule not measured
LIMITS = {"hours of a job": 24, "GB of a job": 80, "TB of disk": 1, "jobs": 20_000}  # our choice


class Estimate(NamedTuple):
    """Of one job, or of as many as there are of it where runs are more."""

    rule: str
    times: float
    seconds: float  # of one
    memory: float  # of one, bytes
    disk: dict  # bytes of all, by folder


def kind(rule):
    """A rule's name without which models stay and whether data are real."""
    return re.sub(r"_(pruned|real)$", "", rule) if "_train" in rule else rule


def device():
    """The processor's name."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*: (.*)$", text, re.M)
    return f"{found[1] if found else 'a processor'}, {os.cpu_count()} cores"


def measure(jobs, scale, config):
    """Write the rates of a finished run, from its jobs' logs and files."""
    found, sizes = defaultdict(list), defaultdict(lambda: defaultdict(list))
    for job in jobs:
        log, rule = Path(job.log), kind(job.rule)
        if log.is_file() and (told := DONE.search(log.read_text(encoding="utf-8"))):
            wall, _, start, peak = map(float, told.groups()[1:])
            found[rule].append((costs.work(rule, job.outputs[0], config), wall, start, peak))
        for path in filter(os.path.isfile, job.outputs):
            rate = os.path.getsize(path) / costs.size(path, config)
            sizes[rule][place(path)].append(rate)
    if not found:
        raise UserError(f"no logs of scale {scale} are here: 'make reproduce SCALE={scale}' first.")
    rules = {}
    for rule, rows in found.items():
        amounts, walls, starts, peaks = zip(*rows, strict=True)
        rules[rule] = {
            "jobs": len(rows),
            "start_s": round(statistics.median(starts), 2),
            "s_per_unit": float(f"{sum(walls) / sum(amounts):.4g}"),
            "peak_mib": max(peaks),
            "bytes": {
                where: float(f"{statistics.mean(rates):.4g}")
                for where, rates in sizes[rule].items()
            },
        }
    source = f"the run of scale {scale} on {device()}"
    files.write_json(COSTS, {"source": source, "rules": rules})
    print(f"wrote {COSTS}: {len(rules)} rules, {source}")


def place(path):
    """A file's folder below a scale's results: family and kind, or what else stands there."""
    parts = Path(path).parts
    return "/".join(parts[2:4] if parts[0] == "results" and len(parts) > 4 else parts[:2])


def estimate(job, config, measured, by=costs.AS_IT_IS):
    """What a job costs at the measured rates."""
    rule = kind(job.rule)
    known = measured.get(rule, NEVER)
    times = by.runs if rule.startswith(CHAINS) else 1
    disk = Counter()
    for path in job.outputs:
        if not (job.rule.endswith("_pruned") and path.endswith(".safetensors")):
            rate = known["bytes"].get(place(path), 0)
            disk[place(path)] += times * rate * costs.size(path, config, by)
    amount = costs.work(rule, job.outputs[0], config, by)
    memory = costs.memory(rule, config, known, by)
    return Estimate(job.rule, times, costs.seconds(rule, amount, known), memory, disk)


def total(estimates):
    """Hours of all, and what meets a limit: hours and GB of the largest job, TB of disk, jobs."""
    hours = sum(e.times * e.seconds for e in estimates) / 3600
    largest = max(e.seconds for e in estimates) / 3600, max(e.memory for e in estimates) / 1e9
    disk = sum(sum(e.disk.values()) for e in estimates) / 1e12
    return hours, (*largest, disk, sum(e.times for e in estimates))


def tell_hours(estimates, config, source):
    """Print jobs and hours by rule."""
    count = Counter(e.rule for e in estimates)
    hours = Counter()
    for e in estimates:
        hours[e.rule] += e.seconds / 3600
    asked = {rule: config["jobs"].get(kind(rule)) for rule in count}
    gpu = {r for r, job in asked.items() if job and job.get("gpu") and config["device"] != "cpu"}
    print(f"{len(estimates)} jobs; hours on one core of {source}")
    for rule, taken in hours.most_common():
        if taken >= 0.01:
            where = "GPU" if rule in gpu else "CPU"
            print(f"  {rule:24} {count[rule]:6} jobs {taken:12.2f} h  {where}")
    print(f"  {'all rules':24} {len(estimates):6} jobs {hours.total():12.2f} h")
    if gpu:
        print(
            f"  of these {sum(hours[rule] for rule in gpu):.0f} h are for a GPU: no GPU has been "
            "measured, so they are a CPU core's, at the rate of a model with small matrices"
        )


def tell_path(jobs, estimates):
    """Print the critical path."""
    makers = {path: job.record for job in jobs for path in job.outputs}
    graph = {job.record: {makers[p] for p in job.inputs if p in makers} for job in jobs}
    times = {job.record: e.seconds for job, e in zip(jobs, estimates, strict=True)}
    rules = {job.record: job.rule for job in jobs}
    path = costs.critical_path(graph, times)
    steps = ", ".join(f"{rule} ×{n}" for rule, n in Counter(rules[name] for name in path).items())
    print(f"critical path: {sum(times[name] for name in path) / 3600:.2f} h, {steps}")


def tell_disk(estimates):
    """Print what is left on disk when all is done, by folder."""
    found = sum((e.disk for e in estimates), Counter())
    for where, n_bytes in found.most_common():
        if n_bytes > 1e6:
            print(f"disk: {n_bytes / 1e9:8.2f} GB in {where}")
    print(f"disk: {found.total() / 1e9:8.2f} GB in all; as much again in DVC's cache if published")


def tell_growth(jobs, config, measured):
    """Print what grows, and what breaks, where model, corpus or runs are larger."""
    print("larger     by        hours  longest job h  GB of it  disk TB     jobs  beyond")
    for name in costs.Scale._fields:
        for factor in (1, 10, 100):
            by = costs.Scale(**{name: factor})
            hours, values = total([estimate(job, config, measured, by) for job in jobs])
            limits = zip(LIMITS.items(), values, strict=True)
            broken = ", ".join(what for (what, limit), value in limits if value > limit)
            longest, memory, disk, n_jobs = values
            print(
                f"{name:8} {factor:4} {hours:12.0f} {longest:14.1f} {memory:9.1f} {disk:8.2f} "
                f"{n_jobs:8.0f}  {broken or 'nothing'}"
            )


def main():
    """Measure, or estimate and print."""
    scale, action = command.arguments("SCALE", "ACTION")
    with plan.planned(scale) as planned:
        jobs = planned.jobs
    config = files.read_json(f"results/{scale}/config.json")
    if action == "measure":
        measure(jobs, scale, config)
        return
    told = files.read_json(COSTS)
    estimates = [estimate(job, config, told["rules"]) for job in jobs]
    tell_hours(estimates, config, told["source"])
    tell_path(jobs, estimates)
    tell_disk(estimates)
    tell_growth(jobs, config, told["rules"])


if __name__ == "__main__":
    command.run(main)
