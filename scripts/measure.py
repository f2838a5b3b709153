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
from timings import finished


def processor():
    """Its name."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*: (.*)$", text, re.M)
    return f"{costs.CORE} {found[1] if found else 'a processor'}"


def measured(jobs, config):
    """Rates of each rule, from its jobs' logs, records and files.

    Seconds are those of the processor, which other work on the machine does not lengthen; of a job
    that used a GPU those of the clock.
    """
    found, sizes = defaultdict(list), defaultdict(lambda: defaultdict(list))
    here = processor()
    for job in jobs:
        rule, done = costs.kind(job.rule), finished(job.log)
        if job.waiting or not done:
            continue
        gpu = files.read_json(job.record)["versions"].get("gpu")
        spent = done.wall if gpu else done.cpu - done.start
        amount = costs.work(rule, job.outputs[0], config)
        found[rule].append((amount, spent, done.start, done.peak, gpu or here))
        for path in filter(os.path.isfile, job.outputs):
            rate = os.path.getsize(path) / costs.size(path, config)
            sizes[rule][costs.place(path)].append(rate)
    rules = {}
    for rule, rows in found.items():
        amounts, spent, starts, peaks, devices = zip(*rows, strict=True)
        rules[rule] = {
            "device": devices[0],
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
    if not any(finished(job.log) and not job.waiting for job in jobs):
        raise UserError(
            f"no finished jobs of scale {scale} are here: 'make reproduce SCALE={scale}' first."
        )
    told = files.read_json(costs.MEASURED)
    config = files.read_json(f"results/{scale}/config.json")
    told["blocks"] |= counted(config)
    config = costs.with_blocks(config, told["blocks"])
    sizes, before = costs.sizes(config), told["runs"].get(scale, {})
    rules = before["rules"] if before.get("sizes") == sizes else {}
    told["runs"][scale] = {"sizes": sizes, "rules": rules | measured(jobs, config)}
    files.write_json(costs.MEASURED, told)
    print(f"{costs.MEASURED} has the rates of scale {scale}, as measured on {processor()}.")


if __name__ == "__main__":
    command.run(main)
