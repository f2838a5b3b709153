"""Measure the rates that `scripts/estimate.py` plans with: of the run whose logs are here.

python scripts/measure.py SCALE

Writes them into reference/measured_costs.json, beside those of other scales.
"""

import os
import re
import statistics
from collections import defaultdict
from pathlib import Path

from artefacts import command, plan
from collapse import costs, files
from collapse.errors import UserError
from timings import up_to_date


def processor():
    """Its name."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*: (.*)$", text, re.M)
    return found[1] if found else "an unnamed processor"


def measured(jobs, config):
    """Rates of each rule, from the logs, records and files of those jobs that are up to date."""
    found, sizes = defaultdict(list), defaultdict(lambda: defaultdict(list))
    for job in jobs:
        rule, done = costs.kind(job.rule), up_to_date(job)
        if not done:
            continue
        gpu = files.read_json(job.record)["versions"].get("gpu")
        amount = costs.work(rule, job.outputs[0], config)
        found[rule].append((amount, done.after_start(gpu), done.start, done.peak, gpu))
        for path in filter(os.path.isfile, job.outputs):
            rate = os.path.getsize(path) / costs.size(path, config)
            sizes[rule][costs.place(path)].append(rate)
    rules = {}
    for rule, rows in found.items():
        amounts, spent, starts, peaks, gpus = zip(*rows, strict=True)
        rules[rule] = {
            "gpu": gpus[0],
            "jobs": len(rows),
            "seconds": round(sum(spent), 1),
            "start_s": round(statistics.median(starts), 2),
            "s_per_unit": float(f"{sum(spent) / sum(amounts):.4g}"),
            "peak_mib": max(peaks),
            "bytes": {
                where: float(f"{statistics.mean(rates):.4g}")
                for where, rates in sizes[rule].items()
            },
        }
    return rules


def counted(config):
    """Blocks of the corpus that the base model was trained on, if it took all of them."""
    told = Path("results", config["scale"], "lm/metrics/pretrained.json")
    pretrain = config["lm"]["pretrain"]
    if pretrain["blocks"]["train"] is None and told.is_file():
        return {pretrain["corpus"]: files.read_json(told)["blocks"]}
    return {}


def main():
    """Measure and write; what only an earlier run of the scale has measured stays."""
    (scale,) = command.arguments("SCALE")
    with plan.planned(scale) as planned:
        jobs = planned.jobs
    told = files.read_json(costs.MEASURED)
    config = files.read_json(f"results/{scale}/config.json")
    told["blocks"] |= counted(config)
    config = costs.with_blocks(config, told["blocks"])
    new = measured(jobs, config)
    if not new:
        raise UserError(
            f"no finished jobs of scale {scale} are here: 'make reproduce SCALE={scale}' first."
        )
    run = {"processor": processor(), "sizes": costs.sizes(config)}
    before = told["runs"].get(scale, {})
    alike = all(before.get(name) == value for name, value in run.items())
    told["runs"][scale] = {**run, "rules": (before["rules"] if alike else {}) | new}
    files.write_json(costs.MEASURED, told)
    print(f"{costs.MEASURED} has the rates of scale {scale}, as measured on {processor()}.")


if __name__ == "__main__":
    command.run(main)
