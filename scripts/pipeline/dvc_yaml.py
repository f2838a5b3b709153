"""dvc.yaml, generated from the workflow: which stage versions which files, and what they come from.

Each stage is a target of the workflow. Its command names a fingerprint of everything that its jobs
are made with (settings, seeds, code without comments and docstrings), so that DVC, too, takes a
stage as changed exactly if its results would be made differently today.
"""

import json
import re
from pathlib import Path

import yaml
from collapse.errors import UserError

from pipeline import hashes, plan
from pipeline.layout import Layout

FILE = "dvc.yaml"
IN_GIT = ("tables", "figures")
ARTIFACTS = {  # patterns of folders; type and name, or the end of it
    r"data/mnist/MNIST(?=/)": ("dataset", "mnist"),
    r"data/text/(?P<name>\w+)(?=/)": ("dataset", ""),
    r"results/\w+/lm/models/(pretrained|imported)(?=/)": ("model", "base-model"),
}
CURVES = {
    "gaussian": "sigma of Gaussian chains",
    "gmm": "spread of Gaussian mixtures",
    "vae": "standard deviation of the VAE's latents",
    "lm": "perplexity of real text",
}
HEADER = """\
# Generated from the workflow by 'make dvc', compared by 'make check': do not edit.
# Snakemake knows jobs, DVC knows bytes. Each stage is a target of the workflow; its fingerprint is
# that of everything its jobs are made with: settings, seeds, code without comments and docstrings.
"""


def scales():
    """Scales that dvc.yaml versions; the laptop's if there is no such file."""
    path = Path(FILE)
    stages = yaml.safe_load(path.read_text(encoding="utf-8"))["stages"] if path.is_file() else {}
    known = stages.get("figures", {}).get("foreach")
    return sorted(known) if isinstance(known, dict) else ["laptop"]


def generate(names=()):
    """The text of dvc.yaml.

    Parameters
    ----------
    names : iterable of str
        Scales to version; none: those that it versions already.
    """
    stages, shown, named = {}, {"metrics": [], "plots": []}, {}
    for scale in sorted(names or scales()):
        with plan.planned(scale) as planned:
            add_stages(stages, scale, planned.jobs)
            named |= artifacts(scale, planned.jobs)
            for key, entries in headline(scale, planned.config).items():
                shown[key] += entries
    definition = {**shown, "artifacts": named, "stages": dict(sorted(stages.items()))}
    return HEADER + yaml.safe_dump(definition, sort_keys=False, width=110)


def write(names=()):
    """Bring dvc.yaml up to date."""
    Path(FILE).write_text(generate(names), encoding="utf-8", newline="\n")


def check():
    """Raise a UserError if dvc.yaml is not what the workflow says."""
    path = Path(FILE)
    if not path.is_file() or path.read_text(encoding="utf-8") != generate():
        raise UserError(f"{FILE} is out of date: run 'make dvc'.")


def stage_of(record):
    """Stage and item of a record's job: (vae, laptop), (text, wikitext2) or (mnist, "")."""
    parts = Path(record).with_suffix("").parts
    if parts[0] == "results":
        return parts[3], parts[1]
    name = parts[-1].removesuffix("_sums")
    return (parts[2], name) if len(parts) > 3 else (name, "")


def fingerprint(jobs):
    """Fingerprint of what jobs are made with: their rules, parameters and code."""
    made_with = sorted(json.dumps([j.record, j.rule, j.parameters], sort_keys=True) for j in jobs)
    return hashes.digest("\n".join(made_with))[:16]


def add_stages(stages, scale, jobs):
    """Add the stages of a scale, and of the data that it takes, to a definition.

    Parameters
    ----------
    stages : dict
        Definitions by name; stages of several scales or corpora become one with ``foreach``.
    scale : str
    jobs : list of pipeline.graph.Job
        All of the scale.
    """
    groups = {}
    for job in jobs:
        groups.setdefault(stage_of(job.record), []).append(job)
    for (name, item), group in sorted(groups.items()):
        body = _body(scale, name, item, group)
        if not item:
            stages.setdefault(name, body | {"cmd": body["cmd"].replace("${item}", body["made"])})
            stages[name].pop("made", None)
            continue
        stage = stages.setdefault(name, {"foreach": {}, "do": {"cmd": body["cmd"]}})
        stage["foreach"].setdefault(item, body["made"])
        for kind in ("deps", "outs"):
            known = {
                json.dumps(entry): entry for entry in [*stage["do"].get(kind, []), *body[kind]]
            }
            stage["do"][kind] = [known[key] for key in sorted(known)]


def _body(scale, name, item, jobs):
    made = {path for job in jobs for path in job.outputs}
    outs = {_cover(path) for path in (*made, *(job.record for job in jobs))}
    taken = {_cover(path) for job in jobs for path in job.inputs} - outs
    target = _with_item(_target(name, jobs), item)
    where = scale if target.startswith("data/") else "${key}"
    return {
        "cmd": f"python scripts/cli.py stage {where} {target} --fingerprint ${{item}}",
        "deps": sorted(_with_item(path, item) for path in taken),
        "outs": [{_with_item(path, item): _options(path)} for path in sorted(outs)],
        "made": fingerprint(jobs),
    }


def _with_item(path, item):
    return re.sub(rf"/{item}(?=[/._])", "/${key}", path) if item else path


def _target(name, jobs):
    """What Snakemake is asked for to bring a stage up to date."""
    sums = [path for job in jobs for path in job.outputs if path.endswith("SHA256SUMS")]
    page = [path for job in jobs for path in job.outputs if path.endswith("report.html")]
    return next(iter([*sums, *page]), name)


def headline(scale, config):
    """What ``dvc metrics`` and ``dvc plots`` show of a scale."""
    layout = Layout(config)
    paths, columns = layout.headline_files(), layout.headline_columns()
    plots = [
        {f"{CURVES[family]} ({scale})": {"x": "generation", "y": {path: list(columns[family])}}}
        for family, path in zip(columns, paths, strict=True)
    ]
    return {"metrics": paths, "plots": plots}


def artifacts(scale, jobs):
    """What ``dvc artifacts get`` finds by name: data sets, and the model that is fine-tuned."""
    found = {}
    for path in sorted(path for job in jobs for path in job.outputs):
        for pattern, (kind, name) in ARTIFACTS.items():
            if match := re.match(pattern, path):
                words = [*filter(None, [match.groupdict().get("name"), name])]
                words += [scale] * (kind == "model" and scale != "laptop")
                found["-".join(words).replace("_", "-")] = {"path": match[0], "type": kind}
    return found


def _cover(path):
    """The file or folder that DVC versions a result in."""
    parts = path.split("/")
    if path.startswith("results/") and len(parts) > 4:
        return "/".join(parts[:4])
    if path.startswith("results/") and parts[2] in IN_GIT:
        return "/".join(parts[:3])
    return "data/mnist/MNIST" if path.startswith("data/mnist/MNIST/") else path


def _options(path):
    """Figures are drawn from nothing; all else is kept between runs, since records judge it."""
    kind = path.split("/")[-1]
    if kind in IN_GIT and "/records/" not in path:
        return {"cache": False} if kind == "figures" else {"persist": True, "cache": False}
    return {"persist": True}
