"""dvc.yaml, generated from the workflow: which stage versions which files, and what they come from.

Each stage is a target of the workflow. Its command names a fingerprint of everything that its jobs
are made with (settings, seeds, code without comments and docstrings), so that DVC, too, takes a
stage as changed exactly if its results would be made differently today.

dvc.yaml names no file that its remote does not hold: then ``dvc pull`` brings all that it names. A
file that no remote holds is known by its job's record, which every remote holds.
"""

import json
import re
from pathlib import Path

import yaml
from collapse.errors import UserError

from pipeline import hashes, plan, targets, yaml_files
from pipeline.layout import Layout

FILE = "dvc.yaml"
# what a remote holds: what tables, figures and claims are made from, with models, or everything
FIGURES, ALL = "figures", "all"
IN_GIT = ("tables/", "figures/")
SHOWN = ("-tables", "-figures")  # stages that belong to no family
# large: of these, only what tables and figures read is held with figures
LARGE = ("lm/models/", "vae/models/", "data/text/", "data/mnist/MNIST/")
# but for the model that all start from, and for one run, each generation of which can be verified
SMALL = ("lm/models/pretrained/", "vae/models/real/run00/", "vae/models/replace/run00/")
# never held: made again from settings and seeds, without any training
REMADE = ("gaussian/models/", "gaussian/samples/", "gmm/samples/", "report.html")
ARTIFACTS = {  # by the pattern of a folder: name, without the default scale, and type
    r"data/(mnist)/MNIST(?=/raw/)": (r"\1", "dataset"),
    r"data/text/(\w+)(?=/train)": (r"\1", "dataset"),
    r"results/(\w+)/lm/models/(?:pretrained|imported)(?=/model)": (r"base-model-\1", "model"),
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
    stages = _read().get("stages", {})
    return sorted(n.removesuffix("-figures") for n in stages if n.endswith("-figures")) or [
        "laptop"
    ]


def families(scale):
    """Families of a scale that dvc.yaml versions; none if it versions the scale as a whole."""
    names = [name for name in _read().get("stages", {}) if name.startswith(f"{scale}-")]
    if f"{scale}-report" in names:
        return []
    return [name.removeprefix(f"{scale}-") for name in names if not name.endswith(SHOWN)]


def held():
    """What the remote of dvc.yaml holds: `FIGURES` or `ALL`."""
    return next((known["held"] for known in _read().get("vars", ())), FIGURES)


def generate(names=(), what=None, parts=None):
    """The text of dvc.yaml.

    Parameters
    ----------
    names : iterable of str
        Scales to version; none: those that it versions already.
    what : {"figures", "all"}, optional
        What the remote is to hold; by default what it holds already.
    parts : dict of str to list of str, optional
        By scale, the families to version, none for the whole scale with its claims and page; by
        default those that it versions already.
    """
    what, parts = what or held(), parts or {}
    stages, shown, named = {}, {"metrics": [], "plots": []}, {}
    for scale in sorted(names or scales()):
        part = sorted(parts.get(scale, families(scale)))
        given, asked = targets.of_families(part, (), scale)
        with plan.planned(scale, *asked, given=given) as planned:
            own = stages_of(scale, planned.jobs, what, part)
            stages = own | stages  # data is that of the first
            named |= artifacts(planned.jobs, held_places(planned.jobs, what))
            for key, entries in {} if part else headline(scale, planned.config).items():
                shown[key] += entries
    definition = {
        "vars": [{"held": what}],
        **shown,
        "artifacts": named,
        "stages": dict(sorted(stages.items())),
    }
    return HEADER + yaml.safe_dump(definition, sort_keys=False, width=110)


def write(names=(), what=None, parts=None):
    """Bring dvc.yaml up to date, see `generate`."""
    Path(FILE).write_text(generate(names, what, parts), encoding="utf-8", newline="\n")


def check():
    """Raise a UserError if dvc.yaml is not what the workflow says."""
    path = Path(FILE)
    if not path.is_file() or path.read_text(encoding="utf-8") != generate():
        raise UserError(f"{FILE} is out of date: run 'make dvc'.")


def _read():
    return yaml_files.read_yaml(FILE) if Path(FILE).is_file() else {}


def fingerprint(jobs):
    """Fingerprint of what jobs are made with: their rules, parameters and code."""
    made_with = sorted(json.dumps([j.record, j.rule, j.parameters], sort_keys=True) for j in jobs)
    return hashes.digest("\n".join(made_with))[:16]


def stages_of(scale, jobs, what, part=()):
    """Stages of a scale, and of the data that it takes.

    Parameters
    ----------
    scale : str
    jobs : list of pipeline.graph.Job
        All of the scale.
    what : {"figures", "all"}
        What the remote holds.
    part : sequence of str
        The families that the jobs belong to; none: the whole scale.

    Returns
    -------
    dict of str to dict
        Definitions by name: ``laptop-vae``, ``data-mnist``.
    """
    places = held_places(jobs, what)
    groups = {}
    for job in jobs:
        groups.setdefault(stage_of(job.record), []).append(job)
    return {name: _stage(name, scale, own, jobs, places, part) for name, own in groups.items()}


def stage_of(record):
    """Name of the stage of a record's job: laptop-vae, data-wikitext2 or data-mnist."""
    parts = Path(record).with_suffix("").parts
    if parts[0] == "results":
        return f"{parts[1]}-{parts[3]}"
    return f"data-{parts[-1].removesuffix('_sums')}"


def held_places(jobs, what):
    """The file or folder in which DVC versions each file that a remote holds, by path.

    Parameters
    ----------
    jobs : list of pipeline.graph.Job
    what : {"figures", "all"}

    Returns
    -------
    dict of str to str
        A folder, if the remote holds all files of it; files in git are included.
    """
    made = {path for job in jobs for path in job.outputs}
    read = {path for job in jobs if _is_drawn(job) for path in job.inputs}
    kept = {path for path in made if _is_kept(path, what, read)}
    partly = {_folder(path) for path in made - kept}
    places = {path: path if _folder(path) in partly else _folder(path) for path in kept}
    return places | {job.record: _folder(job.record) for job in jobs}


def _is_drawn(job):
    """Whether a job makes a table, a figure or a page."""
    return any(re.match(r"results/[^/]+/(tables|figures|report)\b", path) for path in job.outputs)


def _is_kept(path, what, read):
    """Whether a remote, or git, holds a file that a job makes."""
    place = re.sub("^results/[^/]+/", "", path)
    if place.startswith(REMADE):
        return False
    return what == ALL or path in read or place.startswith(SMALL) or not place.startswith(LARGE)


def _folder(path):
    """The folder in which DVC versions a result, or its own path."""
    parts = path.split("/")
    if path.startswith("results/") and f"{parts[2]}/" in IN_GIT:
        return "/".join(parts[:3])
    return "/".join(parts[:4]) if path.startswith("results/") and len(parts) > 4 else path


def _stage(name, scale, own, jobs, places, part):
    """Definition of the stage of some jobs; a file that is not held stands for its record."""
    record_of = {path: job.record for job in jobs for path in job.outputs}
    outs = {places[path] for job in own for path in (*job.outputs, job.record) if path in places}
    read = {path for job in own for path in job.inputs}
    # files outside the project are known by the records of the jobs that read them
    taken = {places.get(p) or places[record_of[p]] for p in read if p in places or p in record_of}
    target = targets.OWN if part and name.endswith(SHOWN) else _target(name, own)
    chosen = f"--family {' '.join(part)} " if part else ""
    made_by = f"stage {scale} {target} {chosen}--fingerprint {fingerprint(own)}"
    return {
        "cmd": f"python scripts/cli.py {made_by}",
        "deps": sorted(taken - outs),
        "outs": [{path: _options(path)} for path in sorted(outs)],
    }


def _target(name, jobs):
    """What Snakemake is asked for to bring a stage up to date."""
    whole = [path for job in jobs for path in job.outputs if path.endswith(("SUMS", "report.html"))]
    return next(iter(whole), name.partition("-")[2])


def headline(scale, config):
    """What ``dvc metrics`` and ``dvc plots`` show of a scale."""
    layout = Layout(config)
    paths, columns = layout.headline_files(), layout.headline_columns()
    plots = [
        {f"{CURVES[family]} ({scale})": {"x": "generation", "y": {path: list(columns[family])}}}
        for family, path in zip(columns, paths, strict=True)
    ]
    return {"metrics": paths, "plots": plots}


def artifacts(jobs, places):
    """What ``dvc artifacts get`` finds by name: data sets, and the models that are fine-tuned.

    Only of what the remote holds, see `held_places`.
    """
    found = {}
    for path in sorted(path for job in jobs for path in job.outputs if path in places):
        for pattern, (name, kind) in ARTIFACTS.items():
            if match := re.match(pattern, path):
                name = match.expand(name).removesuffix("-laptop").replace("_", "-")
                found[name] = {"path": match[0], "type": kind}
    return found


def _options(path):
    """Figures are drawn from nothing; all else is kept between runs, since records judge it."""
    kind = path.split("/")[-1]
    if f"{kind}/" in IN_GIT and "/records/" not in path:
        return {"cache": False} if kind == "figures" else {"persist": True, "cache": False}
    return {"persist": True}
