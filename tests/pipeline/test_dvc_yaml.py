"""dvc.yaml is generated: its stages hold what jobs make, and depend on what they take."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cli
import pytest
import yaml
from artefacts import publish
from collapse.errors import UserError
from pipeline import dvc_yaml, files, paths
from pipeline.graph import Job


def job(rule, place, outputs, inputs=(), **parameters):
    data = place.startswith(("mnist", "text/"))
    record = f"data/records/{place}.json" if data else f"results/smoke/records/{place}.json"
    return Job(rule, tuple(inputs), tuple(outputs), parameters, record, False)


RESULTS = "results/smoke"
MODEL = f"{RESULTS}/vae/models/replace/run00/gen01.safetensors"
METRICS = f"{RESULTS}/vae/metrics/run00.json"
WEIGHTS = f"{RESULTS}/lm/models/a/gen01.safetensors"
TOKENS = f"{RESULTS}/lm/models/pretrained/tokenizer.json"
JOBS = [
    job("mnist", "mnist", ["data/mnist/MNIST/raw/images"], code={"a.py": "1"}),
    job("sums", "mnist_sums", ["data/mnist/SHA256SUMS"], ["data/mnist/MNIST/raw/images"]),
    job("corpus", "text/wiki", ["data/text/wiki/train.txt"]),
    job("train", "vae/models/run00", [MODEL, METRICS], ["data/mnist/MNIST/raw/images"], seed=1),
    job("start", "lm/models/pretrained", [TOKENS], ["data/text/wiki/train.txt"]),
    job("tune", "lm/models/a/gen01", [WEIGHTS], [TOKENS]),
    job("table", "tables/vae", [f"{RESULTS}/tables/vae.csv"], [METRICS, TOKENS]),
    job("figure", "figures/vae", [f"{RESULTS}/figures/vae.png"], [f"{RESULTS}/tables/vae.csv"]),
]


def stages(jobs=JOBS, what="figures"):
    return dvc_yaml.stages_of("smoke", jobs, what)


def made(stage):
    return {path: options for entry in stage["outs"] for path, options in entry.items()}


def test_a_stage_holds_the_folders_of_its_family_and_its_records():
    vae = stages()["smoke-vae"]
    parts = ("vae/models", "vae/metrics", "records/vae")
    assert set(made(vae)) == {f"{RESULTS}/{part}" for part in parts}
    assert vae["cmd"].startswith("python scripts/cli.py stage smoke vae --fingerprint ")
    assert dvc_yaml.stage_of("data/records/text/wikitext2_sums.json") == "data-wikitext2"
    assert dvc_yaml.stage_of("results/smoke/records/report.json") == "smoke-report"


def test_of_what_is_large_figures_hold_what_is_read():
    """The rest is known by its record; a folder that is held in part is versioned by file."""
    assert set(made(stages()["smoke-lm"])) == {TOKENS, f"{RESULTS}/records/lm"}
    assert stages()["smoke-lm"]["deps"] == ["data/records/text/wiki.json"]
    assert set(made(stages()["data-wiki"])) == {"data/records/text/wiki.json"}
    everything = stages(what="all")
    assert set(made(everything["smoke-lm"])) == {f"{RESULTS}/lm/models", f"{RESULTS}/records/lm"}
    assert everything["smoke-lm"]["deps"] == ["data/text/wiki/train.txt"]


@pytest.mark.parametrize("what", ["figures", "all"])
def test_what_can_be_made_again_is_never_held(what):
    real, models = (f"{RESULTS}/gmm/{name}/a.npz" for name in ("samples/real", "models/b"))
    jobs = [job("real", "gmm/real", [real]), job("chain", "gmm/chain", [models], [real])]
    held = made(stages(jobs, what)["smoke-gmm"])
    assert set(held) == {f"{RESULTS}/gmm/models", *(f"{RESULTS}/records/gmm",)}


def test_stages_follow_from_each_other():
    found = stages()
    assert found["data-mnist"]["deps"] == []
    assert "data/mnist/SHA256SUMS --fingerprint " in found["data-mnist"]["cmd"]
    assert found["smoke-tables"]["deps"] == [TOKENS, f"{RESULTS}/vae/metrics"]
    assert found["smoke-figures"]["deps"] == [f"{RESULTS}/tables"]


def test_results_are_kept_between_runs_and_figures_are_drawn_from_nothing():
    """What is kept is judged by its record; what git holds must not be adopted by DVC."""
    found = stages()
    assert made(found["smoke-vae"])[f"{RESULTS}/vae/models"] == {"persist": True}
    assert made(found["smoke-figures"])[f"{RESULTS}/figures"] == {"cache": False}
    assert made(found["smoke-tables"])[f"{RESULTS}/tables"] == {"persist": True, "cache": False}


@pytest.mark.parametrize(
    ("position", "change", "stage"),
    [
        (0, {"parameters": {"code": {"a.py": "2"}}}, "data-mnist"),
        (3, {"parameters": {"seed": 2}}, "smoke-vae"),
        (7, {"rule": "another"}, "smoke-figures"),
    ],
)
def test_the_fingerprint_is_that_of_rules_settings_and_code(position, change, stage):
    jobs = list(JOBS)
    jobs[position] = jobs[position]._replace(**change)
    before, after = stages(), stages(jobs)
    assert [name for name in before if before[name] != after[name]] == [stage]
    waiting = [known._replace(waiting=True) for known in JOBS]
    assert stages(waiting) == before


def test_a_file_that_is_out_of_date_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dvc_yaml, "generate", lambda: "stages: {}\n")
    with pytest.raises(UserError, match=r"dvc\.yaml is out of date: run 'make dvc'"):
        dvc_yaml.check()
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    dvc_yaml.check()
    assert (dvc_yaml.scales(), dvc_yaml.held()) == (["laptop"], "figures")
    text = "vars: [{held: all}]\nstages: {a-figures: {}, a-vae: {}, b-figures: {}}\n"
    (tmp_path / "dvc.yaml").write_text(text)
    assert (dvc_yaml.scales(), dvc_yaml.held()) == (["a", "b"], "all")


def test_stages_of_some_families_say_which():
    """Tables and figures are made by the rule that makes no claims; a whole scale by their own."""
    part = dvc_yaml.stages_of("smoke", JOBS, "figures", ["kde", "vae"])
    for name, target in (("vae", "vae"), ("tables", "families"), ("figures", "families")):
        command = part[f"smoke-{name}"]["cmd"]
        start = f"python scripts/cli.py stage smoke {target} --family kde vae --fingerprint "
        assert command.startswith(start)
        options = vars(cli.parser_of("stage").parse_args(command.split()[3:]))
        assert (options["target"], options["families"]) == (target, ["kde", "vae"])
    assert " stage smoke tables --fingerprint " in stages()["smoke-tables"]["cmd"]
    strip = [{**stage, "cmd": ""} for stage in part.values()]
    assert strip == [{**stage, "cmd": ""} for stage in stages().values()]


STAGES = {"a-report": {}, "a-vae": {}, "a-figures": {}, "a-tables": {},
          "b-figures": {}, "b-kde": {}, "b-gmm": {}, "b-tables": {}, "data-mnist": {}}  # fmt: skip


def test_the_published_families_of_a_scale_are_those_of_its_stages(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}))
    found = {scale: dvc_yaml.families(scale) for scale in "abc"}
    assert found == {"a": [], "b": ["gmm", "kde"], "c": []}  # a as a whole, c not at all


@pytest.mark.parametrize(
    ("scale", "families", "expected"),
    [
        ("smoke", [], []),
        ("smoke", ["vae"], ["vae"]),
        ("partly", ["vae"], ["gmm", "kde", "vae"]),
        ("partly", ["discrete", "gaussian", "vae", "lm"], []),  # with the two that are published
        ("whole", ["vae"], []),
    ],
)
def test_families_are_published_in_addition_to_those_that_are(
    tmp_path, monkeypatch, config, scale, families, expected
):
    named = {key.replace("a-", "whole-").replace("b-", "partly-"): {} for key in STAGES}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": named}))
    monkeypatch.chdir(tmp_path)
    config["families"] = ["discrete", "gaussian", "gmm", "kde", "vae", "lm"]
    monkeypatch.setattr(publish.configuration, "load", lambda *_: config)
    assert publish.part(scale, families) == expected
    config["families"].remove("lm")
    with pytest.raises(UserError, match="lm is not among the families of scale partly, which are"):
        publish.part("partly", ["kde", "lm"])


def test_dvc_reads_the_projects_own(new_checkout):
    checkout = new_checkout("graph")
    subprocess.run(["git", "init", "-q"], cwd=checkout.folder, check=True)
    done = checkout.call(sys.executable, "-m", "dvc", "dag", "--dot")
    assert done.returncode == 0, done.stderr
    for stage in ("laptop-vae", "laptop-tables", "laptop-figures", "laptop-report", "data-mnist"):
        assert f'"{stage}"' in done.stdout


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


def test_dvc_finds_the_base_model_by_name(repository):
    from dvc.repo import Repo

    with Repo(repository) as repo:
        found = repo.artifacts.read()["dvc.yaml"]
        outs = [Path(out.fs_path) for out in repo.index.outs]
    assert {name: artifact.type for name, artifact in found.items()} == {"base-model": "model"}
    assert any(out.is_relative_to(repository / found["base-model"].path) for out in outs)


def test_data_sets_are_named_where_they_are_held():
    corpus = job("corpus", "text/a_b", ["data/text/a_b/train.txt"])
    names = [
        set(dvc_yaml.artifacts([corpus], dvc_yaml.held_places([corpus], what)))
        for what in ("figures", "all")
    ]
    assert names == [set(), {"a-b"}]


def test_nothing_in_the_rules_hides_a_file_from_its_record():
    """No record can vouch for sentinels, cached or vanishing files."""
    for path in (paths.ROOT / "workflow/rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"touch\(|cache:|run:\n|checkpoint |ruleorder", text)
        assert not found, f"{found} in {path.name}"
