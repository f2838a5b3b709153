"""dvc.yaml is generated: its stages hold what jobs make, and depend on what they take."""

import re
import subprocess
import sys

import pytest
import yaml
from collapse.errors import UserError
from pipeline import dvc_yaml, paths
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


def test_nothing_in_the_rules_hides_a_file_from_its_record():
    """No record can vouch for sentinels, cached or vanishing files."""
    for path in (paths.ROOT / "workflow/rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"touch\(|cache:|run:\n|checkpoint |ruleorder", text)
        assert not found, f"{found} in {path.name}"
