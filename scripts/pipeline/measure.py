"""Measure the rates that `pipeline.estimate` uses, from the logs of a finished run.

They are written into reference/measured_costs.json, next to those of other scales.
"""

import os
import re
import statistics
from collections import defaultdict
from pathlib import Path

from collapse.errors import UserError

from pipeline import costs, files, logs, plan


def run(scale):
    """Measure and write. Rates of rules that only an earlier run has measured are kept."""
    with plan.planned(scale) as planned:
        jobs, config = planned.jobs, planned.config
    known = costs.measured()
    known["blocks"] |= counted_blocks(config)
    config = costs.with_blocks(config, known["blocks"])
    new = rates(jobs, config)
    if not new:
        raise UserError(
            f"no finished jobs of scale {scale} are here: run 'make reproduce SCALE={scale}' first."
        )
    place = {"processor": processor(), "sizes": costs.sizes(config)}
    before = known["runs"].get(scale, {})
    is_same = all(before.get(name) == value for name, value in place.items())
    known["runs"][scale] = {**place, "rules": (before["rules"] if is_same else {}) | new}
    files.write_json(costs.MEASURED, known)
    print(f"{costs.MEASURED} has the rates of scale {scale}, measured on {processor()}.")


def processor():
    """Name of this machine's processor."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*: (.*)$", text, re.M)
    return found[1] if found else "an unnamed processor"


def rates(jobs, config):
    """Rates of each rule, from logs, records and files of the jobs that are up to date.

    Parameters
    ----------
    jobs : list of pipeline.graph.Job
    config : dict
        As returned by `costs.with_blocks`.

    Returns
    -------
    dict of str to dict
    """
    rows, sizes = defaultdict(list), defaultdict(lambda: defaultdict(list))
    for job in jobs:
        done, rule = logs.up_to_date(job), costs.kind(job.rule)
        if not done:
            continue
        gpu = files.read_json(job.record)["versions"].get("gpu")
        amount = costs.work(rule, job.outputs[0], config)
        rows[rule].append((amount, done.after_start(gpu), done.start, done.peak, gpu))
        for path in filter(os.path.isfile, job.outputs):
            size = os.path.getsize(path) / costs.size(path, config)
            sizes[rule][costs.place(path)].append(size)
    return {rule: _rate(rows[rule], sizes[rule]) for rule in rows}


def _rate(rows, sizes):
    amounts, spent, starts, peaks, gpus = zip(*rows, strict=True)
    return {
        "gpu": gpus[0],
        "jobs": len(rows),
        "seconds": round(sum(spent), 1),
        "start_s": round(statistics.median(starts), 2),
        "s_per_unit": float(f"{sum(spent) / sum(amounts):.4g}"),
        "peak_mib": max(peaks),
        "bytes": {folder: float(f"{statistics.mean(each):.4g}") for folder, each in sizes.items()},
    }


def counted_blocks(config):
    """Blocks of the corpus that the base model was trained on, if it took all of them."""
    metrics = Path("results", config["scale"], "lm/metrics/pretrained.json")
    pretrain = config["lm"]["pretrain"]
    if pretrain["blocks"]["train"] is None and metrics.is_file():
        return {pretrain["corpus"]: files.read_json(metrics)["blocks"]}
    return {}
