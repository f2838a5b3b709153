"""dvc.yaml says what the workflow does: the same files, code and settings, stage by stage."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DEFINITION = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
STAGES = ["discrete", "gaussian", "gmm", "vae", "lm", "tables", "figures"]
DATA = {"mnist": "data/mnist/SHA256SUMS", "text": "data/text/wikipedia_leads/SHA256SUMS"}
# jobs of the stages' targets: the rule, what it takes and what it makes
PLAN = """
import json, sys
sys.path.insert(0, "scripts")
from pipeline import plan
found = {}
for stage in sys.argv[2:]:
    with plan.planned(sys.argv[1], stage) as planned:
        found[stage] = [[job.record, job.rule, job.inputs, job.outputs] for job in planned.jobs]
print(json.dumps(found))
"""


def paths(stage, kind):
    """Entries of a stage's deps or outs, with ${item} filled in by the scale's place holder."""
    body = DEFINITION["stages"][stage]
    entries = body.get("do", body)[kind]
    names = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
    item = "wikipedia_leads" if stage == "text" else "SCALE"
    return [name.replace("${item}", item) for name in names]


def options(stage):
    """Options of each out of a stage."""
    body = DEFINITION["stages"][stage]
    return {
        path: options for entry in body.get("do", body)["outs"] for path, options in entry.items()
    }


@pytest.fixture(scope="module")
def planned(new_checkout):
    """For each stage, of scales smoke and paper: own jobs' inputs from outside, and outputs."""
    checkout, found = new_checkout("planned"), {}
    names = {target: stage for stage, target in DATA.items()}
    for scale in ("smoke", "paper"):
        done = checkout.call(sys.executable, "-c", PLAN, scale, *DATA.values(), *STAGES)
        assert done.returncode == 0, done.stderr
        earlier = set()
        for target, jobs in json.loads(done.stdout).items():
            stage = names.get(target, target)
            if stage in STAGES:
                jobs = [job for job in jobs if not job[0].startswith("data/")]
            own = [job for job in jobs if job[0] not in earlier]
            earlier |= {job[0] for job in jobs}
            made = {path for job in own for path in job[3]}
            taken = {path for job in own for path in job[2]} - made
            entry = found.setdefault(stage, {"taken": set(), "made": set()})
            for kind, values in (("taken", taken), ("made", made)):
                entry[kind] |= {
                    path.replace(f"results/{scale}/", "results/SCALE/") for path in values
                }
    return found


def covered(path, entries):
    return any(path == entry or path.startswith(f"{entry}/") for entry in entries)


@pytest.mark.parametrize("stage", [*DATA, *STAGES])
def test_a_stage_depends_on_all_that_its_jobs_take_and_on_nothing_else(planned, stage):
    taken = {path for path in planned[stage]["taken"] if "/settings/" not in path}
    if stage in DATA:
        taken = {path for path in taken if not path.startswith("data/")}
    deps = paths(stage, "deps")
    data = {path for path in taken if path.startswith("data/")}
    assert {path for path in taken if not covered(path, deps)} == set()
    of_jobs = [path for path in deps if not path.startswith("workflow/") or "report" in path]
    unused = {entry for entry in of_jobs if not any(covered(path, [entry]) for path in taken)}
    assert unused == set()
    assert bool(data) == any(path.startswith("data/") for path in deps)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_its_own_rules_and_on_those_that_all_share(stage):
    deps = set(paths(stage, "deps"))
    shared = {f"workflow/rules/{name}.smk" for name in ("common", "inputs", "provenance", "stages")}
    assert shared | {"workflow/Snakefile", "workflow/scales"} <= deps
    assert f"workflow/rules/{stage}.smk" in deps


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_makes_is_its_own(planned, stage):
    outs = paths(stage, "outs")
    others = {path for other in STAGES if other != stage for path in paths(other, "outs")}
    made = planned[stage]["made"]
    assert all(covered(path, outs) or covered(path, others) for path in made)
    for entry in outs:
        assert "/records/" in entry or any(covered(path, [entry]) for path in made)
    assert f"results/SCALE/records/{stage}" in outs


def test_results_are_kept_between_runs_and_figures_are_drawn_from_nothing():
    """What is kept is looked at by scripts/stage.py; what git shows must not be adopted."""
    for stage, body in DEFINITION["stages"].items():
        command = body.get("do", body)["cmd"]
        assert command.startswith("python scripts/stage.py ")
        for path, given in options(stage).items():
            drawn = path.endswith("/figures") and "/records/" not in path
            assert given.get("persist", False) is not drawn
            in_git = path in ("results/${item}/figures", "results/${item}/tables")
            assert given.get("cache", True) is not in_git


def test_the_parameters_are_keys_of_the_configuration(config):
    from pipeline import configuration

    for body in DEFINITION["stages"].values():
        for entry in body.get("do", body).get("params", []):
            for key in entry["config.yaml"] or []:
                configuration.value(config, key)


def test_dvc_takes_the_definition(new_checkout):
    checkout = new_checkout("graph")
    subprocess.run(["git", "init", "-q"], cwd=checkout.folder, check=True)
    done = checkout.call(sys.executable, "-m", "dvc", "dag", "--dot")
    assert done.returncode == 0, done.stderr
    for edge in ("vae@laptop", "tables@laptop", "figures@laptop", "report@laptop"):
        assert edge in done.stdout


def test_nothing_in_the_rules_hides_a_file_from_its_record():
    """Sentinels, caches and files that vanish make artefacts that no record can vouch for."""
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8")
        for word in ("touch(", "cache:", "run:\n", "checkpoint "):
            assert word not in text, f"{word} in {path.name}"
