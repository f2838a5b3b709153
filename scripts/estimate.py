"""What a scale would cost, before anything of it is run: jobs, hours, memory, disk, critical path.

python scripts/estimate.py SCALE

Rates are those of reference/measured_costs.json, times the sizes in the configuration; see
`scripts/measure.py`. Where jobs have been run here, it says how the estimate did.
"""

from collections import Counter
from typing import NamedTuple

from artefacts import command, plan
from collapse import costs, files
from timings import up_to_date

CHAINS = ("vae_", "lm_train", "lm_evaluate", "lm_text", "gaussian_chain", "gmm_chain")  # by runs
LIMITS = {"hours of a job": 24, "GB of a job": 80, "TB of disk": 1, "jobs": 20_000}  # our choice
LIGHT = 1 / 60  # hours: rules below are not listed


class Estimate(NamedTuple):
    """Of one job, or of as many as there are of it where runs are more."""

    rule: str
    times: float
    seconds: float  # of one
    memory: float  # of one, bytes
    disk: dict  # bytes of all, by folder


def estimate(job, config, rates, by=costs.AS_IT_IS):
    """What a job costs at the measured rates."""
    rule = costs.kind(job.rule)
    known = rates.get(rule, costs.NEVER)
    times = by.runs if rule.startswith(CHAINS) else 1
    disk = Counter()
    for path in job.outputs:
        if not (job.rule.endswith("_pruned") and path.endswith(".safetensors")):
            rate = known["bytes"].get(costs.place(path), 0)
            disk[costs.place(path)] += times * rate * costs.size(path, config, by)
    amount = costs.work(rule, job.outputs[0], config, by)
    memory = costs.memory(rule, config, known, by)
    return Estimate(job.rule, times, costs.seconds(rule, amount, known), memory, disk)


def total(estimates):
    """Hours of all, and what meets a limit: hours and GB of the largest job, TB of disk, jobs."""
    hours = sum(e.times * e.seconds for e in estimates) / 3600
    largest = max(e.seconds for e in estimates) / 3600, max(e.memory for e in estimates) / 1e9
    disk = sum(sum(e.disk.values()) for e in estimates) / 1e12
    return hours, (*largest, disk, sum(e.times for e in estimates))


def tell_rules(estimates, config, rates):
    """Print jobs and hours by rule, and its longest job beside what `jobs` asks for."""
    groups, unlisted, hours_of = {}, 0, Counter()
    for e in estimates:
        groups.setdefault(e.rule, []).append(e)
    print(f"{len(estimates)} jobs")
    print(
        f"{'rule':20} {'jobs':>5} {'hours':>10}      {'min, asked':>13} {'MB, asked':>13}  rate of"
    )
    for rule, rows in sorted(groups.items(), key=lambda item: -sum(e.seconds for e in item[1])):
        hours, kind = sum(e.seconds for e in rows) / 3600, costs.kind(rule)
        asked, rate = config["jobs"].get(kind, {}), rates.get(kind, {})
        device = "GPU" if asked.get("gpu") and config["device"] != "cpu" else "CPU"
        hours_of[device] += hours
        if hours < LIGHT and not asked:
            unlisted += len(rows)
            continue
        pairs = (max(e.seconds for e in rows) / 60, "runtime"), (rows[0].memory / 1e6, "mem_mb")
        needs = " ".join(f"{most:6.0f} {asked.get(name, '–'):>6}" for most, name in pairs)
        print(f"{rule:20} {len(rows):5} {hours:10.2f} {device}  {needs}  {rate.get('run', 'none')}")
    for device, hours in sorted(hours_of.items()):
        print(f"{f'all for a {device}':26} {hours:10.2f} {device}")
    print(f"{unlisted} jobs of light rules, each less than a minute in all, are not listed")
    if unknown := sorted({costs.kind(rule) for rule in groups} - rates.keys()):
        print(f"not measured, counted as {costs.NEVER['start_s']} s a job: {', '.join(unknown)}")


def tell_rates(runs, rates, estimates):
    """Print on what each run has measured."""
    used = {rates[kind]["run"] for e in estimates if (kind := costs.kind(e.rule)) in rates}
    for name in sorted(used):
        gpus = {rate["gpu"] for rate in runs[name]["rules"].values()} - {None}
        print(f"rate of {name}: one core of {', '.join([runs[name]['processor'], *sorted(gpus)])}")


def tell_operations(jobs, config, rates):
    """Print for the language models what a GPU would take, where none has been measured."""
    rules = ("lm_pretrain", "lm_train", "lm_evaluate")
    kinds = [(costs.kind(job.rule), job.outputs[0]) for job in jobs]
    needed = sum(costs.work(kind, path, config) for kind, path in kinds if kind in rules)
    hours = needed / 10e12 / 3600
    if config["device"] != "cpu" and not rates.get("lm_train", costs.NEVER)["gpu"]:
        print(
            "no GPU has been measured: hours of rules for one are those of a CPU core. The "
            f"language models are {needed:.3g} floating-point operations: {hours:.0f} hours of a "
            "GPU that sustains 10 TFLOP/s"
        )


def tell_experience(jobs, estimates, rates):
    """Print how the estimate did for those jobs that have been run here."""
    took, expected = Counter(), Counter()
    for job, e in zip(jobs, estimates, strict=True):
        if done := up_to_date(job):
            kind = costs.kind(job.rule)
            took[kind] += done.start + done.after_start(rates.get(kind, costs.NEVER)["gpu"])
            expected[kind] += e.seconds
    if took:
        listed = ", ".join(f"{r} ×{t / expected[r]:.2f}" for r, t in took.most_common(6))
        share = took.total() / expected.total()
        print(f"run here: ×{share:.2f} of the estimate ({listed})")


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
        if n_bytes > 1e7:
            print(f"disk: {n_bytes / 1e9:8.2f} GB in {where}")
    print(f"disk: {found.total() / 1e9:8.2f} GB in all; as much again in DVC's cache if published")


def tell_growth(jobs, config, runs):
    """Print what grows, and what breaks, where model, corpus or runs are larger."""
    print("larger     by        hours  longest job h  GB of it  disk TB     jobs  beyond")
    for name in costs.Scale._fields:
        for factor in (1, 10, 100):
            by = costs.Scale(**{name: factor})
            rates = costs.rates(runs, config, by)
            hours, values = total([estimate(job, config, rates, by) for job in jobs])
            limits = zip(LIMITS.items(), values, strict=True)
            broken = ", ".join(what for (what, limit), value in limits if value > limit)
            longest, memory, disk, n_jobs = values
            print(
                f"{name:8} {factor:4} {hours:12.0f} {longest:14.1f} {memory:9.1f} {disk:8.2f} "
                f"{n_jobs:8.0f}  {broken or 'nothing'}"
            )


def main():
    """Estimate and print."""
    (scale,) = command.arguments("SCALE")
    with plan.planned(scale) as planned:
        jobs = planned.jobs
    told = files.read_json(costs.MEASURED)
    config = costs.with_blocks(files.read_json(f"results/{scale}/config.json"), told["blocks"])
    rates = costs.rates(told["runs"], config)
    estimates = [estimate(job, config, rates) for job in jobs]
    tell_rules(estimates, config, rates)
    tell_rates(told["runs"], rates, estimates)
    tell_operations(jobs, config, rates)
    tell_experience(jobs, estimates, rates)
    tell_path(jobs, estimates)
    tell_disk(estimates)
    tell_growth(jobs, config, told["runs"])


if __name__ == "__main__":
    command.run(main)
