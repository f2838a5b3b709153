"""dvc.yaml is generated: its stages hold what jobs make, and depend on what they take."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from collapse.errors import UserError
from pipeline import dvc_yaml, files, paths
from pipeline.graph import Job


def job(rule, place, outputs, inputs=(), **parameters):
    record = f"results/smoke/records/{place}.json" if "/" in place else f"data/records/{place}.json"
    return Job(rule, tuple(inputs), tuple(outputs), parameters, record, False)


RESULTS = "results/smoke"
MODEL = f"{RESULTS}/vae/models/run00/gen00.safetensors"
METRICS = f"{RESULTS}/vae/metrics/run00.json"
JOBS = [
    job("mnist", "mnist", ["data/mnist/MNIST/raw/images"], code={"a.py": "1"}),
    job("sums", "mnist_sums", ["data/mnist/SHA256SUMS"], ["data/mnist/MNIST/raw/images"]),
    job("train", "vae/models/run00", [MODEL, METRICS], ["data/mnist/MNIST/raw/images"], seed=1),
    job("table", "tables/vae", [f"{RESULTS}/tables/vae.csv"], [METRICS]),
    job("figure", "figures/vae", [f"{RESULTS}/figures/vae.png"], [f"{RESULTS}/tables/vae.csv"]),
]


def stages(jobs=JOBS):
    found = {}
    dvc_yaml.add_stages(found, "smoke", jobs)
    return found


def made(stage):
    return {path: options for entry in stage["outs"] for path, options in entry.items()}


def test_a_stage_holds_the_folders_of_its_family_and_its_records():
    vae = stages()["vae"]["do"]
    folder = "results/${key}"
    parts = ("vae/models", "vae/metrics", "records/vae")
    assert set(made(vae)) == {f"{folder}/{part}" for part in parts}
    assert vae["deps"] == ["data/mnist/MNIST"]
    assert vae["cmd"] == "python scripts/cli.py stage ${key} vae --fingerprint ${item}"
    assert set(stages()["vae"]["foreach"]) == {"smoke"}


def test_stages_follow_from_each_other():
    found = stages()
    assert found["mnist"]["deps"] == []
    assert "data/mnist/SHA256SUMS --fingerprint " in found["mnist"]["cmd"]
    assert found["tables"]["do"]["deps"] == ["results/${key}/vae/metrics"]
    assert found["figures"]["do"]["deps"] == ["results/${key}/tables"]


def test_results_are_kept_between_runs_and_figures_are_drawn_from_nothing():
    """What is kept is judged by its record; what git holds must not be adopted by DVC."""
    found = stages()
    assert made(found["vae"]["do"])["results/${key}/vae/models"] == {"persist": True}
    assert made(found["figures"]["do"])["results/${key}/figures"] == {"cache": False}
    tables = made(found["tables"]["do"])["results/${key}/tables"]
    assert tables == {"persist": True, "cache": False}


@pytest.mark.parametrize(
    ("position", "change", "stage"),
    [
        (0, {"parameters": {"code": {"a.py": "2"}}}, "mnist"),
        (2, {"parameters": {"seed": 2}}, "vae"),
        (4, {"rule": "another"}, "figures"),
    ],
)
def test_the_fingerprint_is_that_of_rules_settings_and_code(position, change, stage):
    jobs = list(JOBS)
    jobs[position] = jobs[position]._replace(**change)
    before, after = stages(), stages(jobs)
    assert [name for name in before if before[name] != after[name]] == [stage]
    waiting = [known._replace(waiting=True) for known in JOBS]
    assert stages(waiting) == before


def test_scales_and_corpora_share_a_stage():
    found = stages()
    other = [known._replace(record=known.record.replace("smoke", "paper"),
                            outputs=tuple(p.replace("smoke", "paper") for p in known.outputs),
                            inputs=tuple(p.replace("smoke", "paper") for p in known.inputs))
             for known in JOBS]  # fmt: skip
    dvc_yaml.add_stages(found, "paper", other)
    assert set(found["vae"]["foreach"]) == {"smoke", "paper"}
    assert found["vae"]["do"] == stages()["vae"]["do"]
    assert dvc_yaml.stage_of("data/records/text/wikitext2_sums.json") == ("text", "wikitext2")
    assert dvc_yaml.stage_of("results/smoke/records/report.json") == ("report", "smoke")


def test_a_file_that_is_out_of_date_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dvc_yaml, "generate", lambda: "stages: {}\n")
    with pytest.raises(UserError, match=r"dvc\.yaml is out of date: run 'make dvc'"):
        dvc_yaml.check()
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    dvc_yaml.check()
    assert dvc_yaml.scales() == ["laptop"]


def test_dvc_reads_the_projects_own(new_checkout):
    checkout = new_checkout("graph")
    subprocess.run(["git", "init", "-q"], cwd=checkout.folder, check=True)
    done = checkout.call(sys.executable, "-m", "dvc", "dag", "--dot")
    assert done.returncode == 0, done.stderr
    for stage in ("vae@laptop", "tables@laptop", "figures@laptop", "report@laptop", "mnist"):
        assert stage in done.stdout
    definition = yaml.safe_load((paths.ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    assert {"kde", "lm", "text", "report"} <= set(definition["stages"])


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A DVC repository with the headline numbers of two revisions, the second in the workspace."""
    folder = tmp_path_factory.mktemp("numbers")
    for path in ("dvc.yaml", ".dvc/config", *map(str, numbers())):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths.ROOT / path, folder / path)
    who = ("-c", "user.name=toy", "-c", "user.email=toy@localhost")
    for command in (("init", "-q"), ("add", "--all"), (*who, "commit", "-qm", "toy")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    for path in numbers():
        known = files.read_json(folder / path)
        changed = {key: known[key] - 0.00012 for key in known.keys() - {"curves"}}
        files.write_json(folder / path, known | changed)
    return folder


def numbers():
    definition = yaml.safe_load((paths.ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    found = [Path(path) for path in definition["metrics"]]
    assert {path.stem for path in found} == {"gaussian", "gmm", "vae", "lm"}
    return found


def dvc(folder, *options):
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *options], cwd=folder, capture_output=True, text=True,
        check=False, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("command", "columns"),
    [
        ("show", ["Path", "first", "kept", "last"]),
        ("diff", ["Path", "Metric", "HEAD", "workspace", "Change"]),
    ],
)
def test_metrics_of_all_families_fit_a_terminal(repository, command, columns):
    header, *rows = dvc(repository, "metrics", command).splitlines()
    assert header.split() == columns
    assert {Path(row.split()[0]).stem for row in rows} == {"gaussian", "gmm", "vae", "lm"}
    assert max(map(len, [header, *rows])) <= 80
    assert "nan" not in "".join(rows)


def test_plots_draw_the_curves_and_no_missing_value_as_zero(repository):
    printed = dvc(repository, "plots", "show", "--out", "plots")
    page = (repository / "plots/index.html").read_text(encoding="utf-8")
    assert "plots/index.html" in printed
    points = [p for spec in re.findall(r"var spec = (\{.*\});", page)
              for p in json.loads(spec)["data"]["values"]]  # fmt: skip
    assert {"replace", "pool", "no_data_preserved", "preserve10"} <= {k for p in points for k in p}
    assert "" not in {value for point in points for value in point.values()}
    assert max(point["generation"] for point in points if "preserve10" in point) < 100


def test_dvc_finds_data_and_the_base_model_by_name(repository):
    from dvc.repo import Repo

    with Repo(repository) as repo:
        found = repo.artifacts.read()["dvc.yaml"]
        outs = [Path(out.fs_path) for out in repo.index.outs]
    types = {name: artifact.type for name, artifact in found.items()}
    texts = dict.fromkeys(("mnist", "state-of-the-union", "wikipedia-leads"), "dataset")
    assert types == texts | {"base-model": "model"}
    for artifact in found.values():
        path = repository / artifact.path
        assert any(path.is_relative_to(out) or out.is_relative_to(path) for out in outs)


def test_nothing_in_the_rules_hides_a_file_from_its_record():
    """No record can vouch for sentinels, cached or vanishing files."""
    for path in (paths.ROOT / "workflow/rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"touch\(|cache:|run:\n|checkpoint |ruleorder", text)
        assert not found, f"{found} in {path.name}"
