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

from artefacts import command, plan
from collapse import costs, files
from collapse.errors import UserError

COSTS = "reference/measured_costs.json"
LOG = re.compile(
    r"^done: \w+: ([\d.]+) s, ([\d.]+) s CPU of which ([\d.]+) s .* peak (\d+) MiB$", re.M
)
CHAINS = ("vae_", "lm_train", "lm_evaluate", "lm_text", "gaussian_chain", "gmm_chain")  # by runs
LIMITS = {  # what a cluster gives, as a rule; of one job but for the disk and the graph
    "hours of a job": 24,
    "GB of a job": 80,
    "TB of disk": 1,
    "jobs": 20_000,
}
FACTORS = (1, 10, 100)


def kind(rule):
    """A rule's name without which models stay and whether data are real."""
    return re.sub(r"_(pruned|real)$", "", rule) if "_train" in rule else rule


def device():
    """The processor's name."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*: (.*)$", text, re.M)
    return f"{found[1] if found else 'a processor'}, {os.cpu_count()} cores"


def measure(jobs, scale, config):
    """Write the rates of a finished run, from its jobs' logs."""
    found = defaultdict(list)
    for job in jobs:
        log = Path("logs", *Path(job.record).parts[1:]).with_suffix(".log")
        log = Path(str(log).replace("/records", ""))
        if log.is_file() and (told := LOG.search(log.read_text(encoding="utf-8"))):
            wall, _, start, peak = map(float, told.groups())
            amount = costs.work(kind(job.rule), job.outputs[0], config)
            n_bytes = sum(Path(p).stat().st_size for p in job.outputs if Path(p).is_file())
            found[kind(job.rule)].append((amount, wall, start, peak, n_bytes))
    if not found:
        raise UserError(f"no logs of scale {scale} are here: 'make reproduce SCALE={scale}' first.")
    rules = {}
    for rule, rows in sorted(found.items()):
        amounts, walls, starts, peaks, sizes = zip(*rows, strict=True)
        rules[rule] = {
            "jobs": len(rows),
            "start_s": round(statistics.median(starts), 2),
            "s_per_unit": float(f"{sum(walls) / sum(amounts):.4g}"),
            "peak_mib": max(peaks),
            "bytes": round(statistics.mean(sizes)),
        }
    source = f"the run of scale {scale} on {device()}"
    files.write_json(COSTS, {"source": source, "scale": scale, "rules": rules})
    print(f"wrote {COSTS}: {len(rules)} rules, {source}")


def jobs_of(planned, config, measured):
    """Seconds of each job, by its record's place."""
    times = {}
    for job in planned:
        rule = kind(job.rule)
        known = measured.get(rule, {"start_s": 2, "s_per_unit": 1})
        times[job.record] = costs.seconds(rule, costs.work(rule, job.outputs[0], config), known)
    return times


def disk(planned, config, measured, here):
    """Bytes of each folder of results, as measured there times how much larger things are here."""
    found = Counter()
    for job in planned:
        rule = kind(job.rule)
        ratio = 1
        if rule == "lm_train":
            ratio = costs.parameters(config) / costs.parameters(here)
        elif rule in ("vae_train", "vae_real"):
            ratio = config["vae"]["images"] / here["vae"]["images"]
        elif rule.startswith("gaussian_") and "chain" in rule:
            shares = [c["gaussian"]["runs_per_job"] for c in (config, here)]
            ratio = shares[0] / shares[1]
        place = "/".join(Path(job.outputs[0]).parts[:3])
        found[place] += ratio * measured.get(rule, {"bytes": 0})["bytes"]
    return found


def factors(planned, config, measured, times, here):
    """A table: what grows if model, corpus or runs are larger than the scale's."""
    base_disk = sum(disk(planned, config, measured, here).values())
    lines = []
    for name in costs.Scale._fields:
        for factor in FACTORS[1:]:
            by = costs.Scale(**{name: factor})
            hours, longest, largest = 0.0, 0.0, 0.0
            for job in planned:
                rule = kind(job.rule)
                known = measured.get(rule, {"start_s": 2, "s_per_unit": 1, "peak_mib": 200})
                amount = costs.work(rule, job.outputs[0], config, by)
                taken = costs.seconds(rule, amount, known)
                repeated = factor if name == "runs" and rule.startswith(CHAINS) else 1
                hours += repeated * taken / 3600
                longest = max(longest, taken / 3600)
                largest = max(largest, costs.memory(rule, config, known, by) / 1e9)
            n_jobs = sum(
                factor if name == "runs" and j.rule.startswith(CHAINS) else 1 for j in planned
            )
            values = (longest, largest, factor * base_disk / 1e12, n_jobs)
            broken = [
                what
                for (what, limit), value in zip(LIMITS.items(), values, strict=True)
                if value > limit
            ]
            lines.append((name, factor, hours, *values, ", ".join(broken) or "nothing"))
    return lines


def main():
    """Measure, or estimate and print."""
    scale, action = command.arguments("SCALE", "ACTION")
    with plan.planned(scale) as found:
        planned = found.jobs
    config = files.read_json(f"results/{scale}/config.json")
    if action == "measure":
        measure(planned, scale, config)
        return
    told = files.read_json(COSTS)
    measured, times = told["rules"], jobs_of(planned, config, told["rules"])
    with plan.planned(told["scale"]):
        here = files.read_json(f"results/{told['scale']}/config.json")
    hours = Counter()
    for job in planned:
        hours[job.rule] += times[job.record] / 3600
    count = Counter(job.rule for job in planned)
    uses_gpu = {
        rule for rule in count if config["jobs"].get(kind(rule), {}) and
        config["jobs"][kind(rule)].get("gpu") and config["device"] != "cpu"
    }  # fmt: skip
    print(f"{len(planned)} jobs of scale {scale}; hours on one core of {told['source']}")
    for rule, _ in sorted(hours.items(), key=lambda item: -item[1]):
        if hours[rule] >= 0.01:
            where = "GPU" if rule in uses_gpu else "CPU"
            print(f"  {rule:24} {count[rule]:6} jobs {hours[rule]:12.2f} h  {where}")
    print(f"  {'all rules':24} {len(planned):6} jobs {sum(hours.values()):12.2f} h")
    if uses_gpu:
        print(
            f"  of these {sum(hours[rule] for rule in uses_gpu):.0f} h are for a GPU: no GPU has "
            "been measured, so they are a CPU core's, at the rate of a model with small matrices"
        )
    makers = {path: job.record for job in planned for path in job.outputs}
    graph = {j.record: {makers[p] for p in j.inputs if p in makers} for j in planned}
    path = costs.critical_path(graph, times)
    rules = {job.record: job.rule for job in planned}
    steps = ", ".join(f"{rule} ×{n}" for rule, n in Counter(rules[name] for name in path).items())
    print(f"critical path: {sum(times[name] for name in path) / 3600:.2f} h, {steps}")
    needed = disk(planned, config, measured, here)
    for place, size in needed.most_common():
        if size > 1e6:
            print(f"disk: {size / 1e9:8.2f} GB in {place}")
    total = sum(needed.values()) / 1e9
    print(f"disk: {total:8.2f} GB in all; as much again in DVC's cache if published")
    print("larger     by        hours  longest job h  GB of it  disk TB     jobs  beyond")
    for name, factor, *values, broken in factors(planned, config, measured, times, here):
        print(
            "{:8} {:4} {:12.0f} {:14.1f} {:9.1f} {:8.2f} {:8.0f}  {}".format(
                name, factor, *values, broken
            )
        )


if __name__ == "__main__":
    command.run(main)
