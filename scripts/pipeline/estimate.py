"""What a scale would cost, before any of it is run: jobs, hours, memory, disk, critical path.

Rates are those of reference/measured_costs.json, times the sizes in the configuration; see
`pipeline.measure`. If jobs have been run here, their times are compared with the estimate.
"""

import math
from collections import Counter
from typing import NamedTuple

from pipeline import costs, logs, plan, targets

# beginnings of the names of rules that make one chain a run
CHAINS = (
    *("vae_", "lm_train", "lm_generate", "lm_evaluate", "lm_text"),
    *("gaussian_chain", "gmm_chain"),
)
LIMITS = {"hours of a job": 24, "GB of a job": 80, "TB of disk": 1, "jobs": 20_000}  # our choice
LIGHT = 1 / 60  # hours; rules that take less are not listed


class Estimate(NamedTuple):
    """The cost of a job; with more runs, of several equal jobs."""

    rule: str
    times: float  # number of jobs
    seconds: float  # of one job
    memory: float  # of one job, bytes
    disk: Counter  # bytes of all jobs, by folder


def run(scale, families, names):
    """Estimate and print.

    Parameters
    ----------
    scale : str
    families : sequence of str
        None: those of the scale.
    names : sequence of str
        Figures, tables, or files; none: everything.
    """
    given, asked = targets.of_families(families, names, scale)
    with plan.planned(scale, *asked, given=given) as planned:
        jobs, config = planned.jobs, planned.config
    measured = costs.measured()
    config = costs.with_blocks(config, measured["blocks"])
    rates = costs.rates(measured["runs"], config)
    estimates = [estimate(job, config, rates) for job in jobs]
    report_rules(estimates, config, rates)
    print("".join(f"WARNING: {line}\n" for line in warnings(estimates, config, rates)), end="")
    report_rates(measured["runs"], rates, estimates)
    report_operations(jobs, config, rates)
    report_experience(jobs, estimates, rates)
    report_path(jobs, estimates)
    report_disk(estimates)
    report_growth(jobs, config, measured["runs"])


def estimate(job, config, rates, growth=costs.NO_GROWTH):
    """Cost of a job at the measured rates.

    Parameters
    ----------
    job : pipeline.graph.Job
    config : dict
        As returned by `costs.with_blocks`.
    rates : dict
        As returned by `costs.rates`.
    growth : costs.Growth

    Returns
    -------
    Estimate
    """
    rule = costs.kind(job.rule)
    known = rates.get(rule, costs.NOT_MEASURED)
    times = growth.runs if rule.startswith(CHAINS) else 1
    amount = costs.work(rule, job.outputs[0], config, growth)
    disk = Counter()
    for path in job.outputs:
        if not (job.rule.endswith("_pruned") and path.endswith(".safetensors")):
            rate = known["bytes"].get(costs.place(path), 0)
            disk[costs.place(path)] += times * rate * costs.size(path, config, growth)
    memory = costs.memory(rule, config, known, growth)
    return Estimate(job.rule, times, costs.seconds(rule, amount, known), memory, disk)


def total(estimates):
    """Hours of all jobs, and the values that `LIMITS` limits.

    Returns
    -------
    hours : float
    values : tuple of float
        Hours and GB of the largest job, TB of disk, number of jobs.
    """
    hours = sum(e.times * e.seconds for e in estimates) / 3600
    largest = max(e.seconds for e in estimates) / 3600, max(e.memory for e in estimates) / 1e9
    disk = sum(sum(e.disk.values()) for e in estimates) / 1e12
    return hours, (*largest, disk, sum(e.times for e in estimates))


def needs_gpu(rule, config):
    """Whether the jobs of a rule ask for a GPU."""
    asked = config["jobs"].get(costs.kind(rule), {})
    return bool(asked.get("gpu")) and config["device"] != "cpu"


def measured_on(rule, rates):
    """What the hours of a rule are those of: a GPU, or one core of a CPU, by its rate."""
    return "GPU" if rates.get(costs.kind(rule), costs.NOT_MEASURED)["gpu"] else "CPU"


def report_rules(estimates, config, rates):
    """Print jobs and hours by rule, and its largest job next to what ``jobs`` asks for."""
    groups, hours_of, unlisted = {}, Counter(), 0
    for e in estimates:
        groups.setdefault(e.rule, []).append(e)
        device = measured_on(e.rule, rates)
        hours_of[f"all on a {device}", device] += e.seconds / 3600
        if needs_gpu(e.rule, config) and device == "CPU":
            hours_of["of these, ask for a GPU", device] += e.seconds / 3600
    print(f"{len(estimates)} jobs")
    print(
        f"{'rule':20} {'jobs':>5} {'hours':>10}      {'min, asked':>13} {'MB, asked':>13}  rate of"
    )
    for rule, group in sorted(groups.items(), key=lambda item: -sum(e.seconds for e in item[1])):
        is_light = sum(e.seconds for e in group) / 3600 < LIGHT
        if is_light and not config["jobs"].get(costs.kind(rule)):
            unlisted += len(group)
        else:
            print(rule_line(rule, group, config, rates))
    for (text, device), hours in sorted(hours_of.items()):
        print(f"{text:26} {hours:10.2f} {device}")
    print(f"not listed: {unlisted} jobs of light rules, each rule less than a minute in total")
    if unknown := sorted({costs.kind(rule) for rule in groups} - rates.keys()):
        seconds = costs.NOT_MEASURED["start_s"]
        print(f"not measured, counted as {seconds} s a job: {', '.join(unknown)}")


def rule_line(rule, group, config, rates):
    """A line of the table of rules."""
    asked, rate = config["jobs"].get(costs.kind(rule), {}), rates.get(costs.kind(rule), {})
    minutes, megabytes = max(e.seconds for e in group) / 60, group[0].memory / 1e6
    pairs = (minutes, asked.get("runtime", "–")), (megabytes, asked.get("mem_mb", "–"))
    needs = " ".join(f"{most:6.0f} {limit:>6}" for most, limit in pairs)
    hours = sum(e.seconds for e in group) / 3600
    device = measured_on(rule, rates)
    return f"{rule:20} {len(group):5} {hours:10.2f} {device}  {needs}  {rate.get('run', 'none')}"


def warnings(estimates, config, rates):
    """A line for each time or memory that is predicted to exceed what ``jobs`` asks for."""
    largest = {}
    for e in estimates:
        minutes, megabytes = largest.get(costs.kind(e.rule), (0, 0))
        largest[costs.kind(e.rule)] = max(minutes, e.seconds / 60), max(megabytes, e.memory / 1e6)
    for rule, values in sorted(largest.items()):
        asked, device = config["jobs"].get(rule, {}), measured_on(rule, rates)
        other = ", or measure a GPU" if device == "CPU" and needs_gpu(rule, config) else ""
        for value, key, unit in zip(values, ("runtime", "mem_mb"), ("min", "MB"), strict=True):
            if value > asked.get(key, math.inf):
                yield (
                    f"a job of {rule} takes {value:.0f} {unit} by the rates of a {device}, but "
                    f"jobs.{rule}.{key} asks for {asked[key]}: raise it{other}."
                )


def report_rates(runs, rates, estimates):
    """Print the machines on which the rates were measured."""
    used = {rates[kind]["run"] for e in estimates if (kind := costs.kind(e.rule)) in rates}
    for name in sorted(used):
        gpus = {rate["gpu"] for rate in runs[name]["rules"].values()} - {None}
        print(f"rate of {name}: one core of {', '.join([runs[name]['processor'], *sorted(gpus)])}")


def report_operations(jobs, config, rates):
    """Print the language models' operations and the time of a GPU, if none has been measured."""
    rules = ("lm_pretrain", "lm_rate_trial", "lm_train", "lm_generate", "lm_evaluate")
    kinds = [(costs.kind(job.rule), job.outputs[0]) for job in jobs]
    needed = sum(costs.work(kind, path, config) for kind, path in kinds if kind in rules)
    hours = needed / 10e12 / 3600
    measured = rates.get("lm_train", costs.NOT_MEASURED)["gpu"]
    if needed and config["device"] != "cpu" and not measured:
        print(
            "no GPU has been measured: hours of rules that ask for one are those of a CPU core. "
            f"The language models need {needed:.3g} floating-point operations: {hours:.0f} hours "
            "on a GPU that sustains 10 TFLOP/s"
        )


def report_experience(jobs, estimates, rates):
    """Print predicted and actual hours of the jobs that have been run here, side by side."""
    took, expected = Counter(), Counter()
    for job, e in zip(jobs, estimates, strict=True):
        if done := logs.up_to_date(job):
            kind = costs.kind(job.rule)
            gpu = rates.get(kind, costs.NOT_MEASURED)["gpu"]
            took[kind] += done.start + done.after_start(gpu)
            expected[kind] += e.seconds
    if took:
        print(f"{'run here':20} {'predicted h':>12} {'actual h':>12} {'actual/predicted':>17}")
        total = [("all", took.total(), expected.total())]
        for rule, actual, predicted in [
            (r, t, expected[r]) for r, t in took.most_common(6)
        ] + total:
            ratio = actual / predicted
            print(f"{rule:20} {predicted / 3600:12.4f} {actual / 3600:12.4f} {ratio:17.2f}")


def report_path(jobs, estimates):
    """Print the critical path."""
    makers = {path: job.record for job in jobs for path in job.outputs}
    graph = {job.record: {makers[p] for p in job.inputs if p in makers} for job in jobs}
    times = {job.record: e.seconds for job, e in zip(jobs, estimates, strict=True)}
    rules = {job.record: job.rule for job in jobs}
    path = costs.critical_path(graph, times)
    steps = ", ".join(f"{rule} ×{n}" for rule, n in Counter(rules[name] for name in path).items())
    print(f"critical path: {sum(times[name] for name in path) / 3600:.2f} h, {steps}")


def report_disk(estimates):
    """Print the disk space of the finished run, by folder."""
    found = sum((e.disk for e in estimates), Counter())
    for where, n_bytes in found.most_common():
        if n_bytes > 1e7:
            print(f"disk: {n_bytes / 1e9:8.2f} GB in {where}")
    print(
        f"disk: {found.total() / 1e9:8.2f} GB in total; the same again in DVC's cache if published"
    )


def report_growth(jobs, config, runs):
    """Print costs, and which limits they exceed, for a larger model, corpus or number of runs."""
    print("larger     by        hours  longest job h  GB of it  disk TB     jobs  beyond")
    for name in costs.Growth._fields:
        for factor in (1, 10, 100):
            growth = costs.Growth(**{name: factor})
            rates = costs.rates(runs, config, growth)
            hours, values = total([estimate(job, config, rates, growth) for job in jobs])
            limits = zip(LIMITS.items(), values, strict=True)
            exceeded = ", ".join(what for (what, limit), value in limits if value > limit)
            longest, memory, disk, n_jobs = values
            print(
                f"{name:8} {factor:4} {hours:12.0f} {longest:14.1f} {memory:9.1f} {disk:8.2f} "
                f"{n_jobs:8.0f}  {exceeded or 'nothing'}"
            )
