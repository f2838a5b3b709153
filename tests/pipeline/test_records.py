"""Every job leaves a record of what it took, with what parameters, and what it made."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from collapse.errors import UserError
from pipeline import files, records

CODE_IS_A_LIST = (
    '{"rule": "r", "parameters": {"code": [1]}, "inputs": {}, "outputs": {}, "versions": {}}'
)
TRAINED = "results/smoke/records/vae/models/replace/run01/gen02.json"


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job of one input and one output in an empty folder."""
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("before")
    Path("made").write_text("result")
    return SimpleNamespace(
        rule="some_rule",
        log=["logs/smoke/family/models/run00.log"],
        input=["taken", "taken"],
        output=["made"],
        params={"settings": {"rate": 0.1, "sizes": (1, 2)}, "seed": 5},
    )


def test_a_record_tells_rule_parameters_and_hashes(job):
    records.begin(job)()
    record = files.read_json("results/smoke/records/family/models/run00.json")
    assert record["rule"] == "some_rule"
    assert record["parameters"] == {"settings": {"rate": 0.1, "sizes": [1, 2]}, "seed": 5}
    assert record["inputs"] == {"taken": files.sha256("taken")}
    assert record["outputs"] == {"made": files.sha256("made")}
    assert record["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert record["versions"]["numpy"]


def test_a_file_that_is_edited_while_the_job_runs_is_not_what_it_was_made_with(job):
    before = files.sha256("taken")
    write = records.begin(job)
    Path("taken").write_text("after")
    write()
    record = files.read_json("results/smoke/records/family/models/run00.json")
    assert record["inputs"]["taken"] == before != files.sha256("taken")


def test_a_job_that_fails_leaves_the_last_record(tmp_path):
    body = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from types import SimpleNamespace; from pipeline.job import job\n"
        "made = SimpleNamespace(rule='r', log=['logs/s/f.log'], input=[], output=[], params={})\n"
        "with job(made):\n    raise ValueError\n"
    )
    (tmp_path / "logs/s").mkdir(parents=True)
    library = Path(__file__).resolve().parents[2] / "scripts"
    done = subprocess.run(
        [sys.executable, "-c", body, library], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert not (tmp_path / "results").exists()


def test_records_of_data_lie_beside_the_data():
    assert records.path("logs/data/text/corpus.log") == Path("data/records/text/corpus.json")
    assert records.path("logs/smoke/report.log") == Path("results/smoke/records/report.json")


def test_a_job_of_the_workflow_has_recorded_all_that_snakemake_gave_it(finished):
    record = files.read_json(finished.folder / TRAINED)
    assert record["rule"] == "vae_train"
    assert record["parameters"]["settings"]["epochs"] == 1
    assert record["versions"]["torch"].startswith("2.")
    assert set(record["inputs"]) == {"results/smoke/vae/models/replace/run01/gen01.safetensors"}
    code = record["parameters"]["code"]
    assert {"scripts/jobs/vae/train.py", "scripts/collapse/vae/vae.py"} <= set(code)
    assert not {"scripts/pipeline/job.py", "scripts/collapse/lm/beam.py"} & set(code)
    for path, digest in (record["inputs"] | record["outputs"]).items():
        assert files.sha256(finished.folder / path) == digest


def test_jobs_that_draw_a_generations_samples_have_the_seed_of_its_training(finished):
    """Otherwise what is evaluated would not be what the next generation was trained on."""

    def parameters(name):
        return files.read_json(finished.folder / f"results/smoke/records/vae/{name}")["parameters"]

    first = parameters("models/real/run01/gen00.json")
    second, third = (parameters(f"models/replace/run01/gen0{g}.json") for g in (1, 2))
    seeds = [generation["seed"] for generation in (first, second, third)]
    assert second["source_seeds"] == seeds[:1]
    assert third["source_seeds"] == seeds[1:2]
    assert parameters("metrics/replace/run01.json")["seeds"] == seeds
    assert set(parameters("shown/replace.json")["seeds"]).isdisjoint(seeds)  # of another run


def test_every_result_of_a_run_is_in_one_record(finished):
    found = [files.read_json(path) for path in finished.folder.glob("results/*/records/**/*.json")]
    made = [path for record in found for path in record["outputs"]]
    results = {
        str(path.relative_to(finished.folder))
        for path in (finished.folder / "results/smoke").rglob("*")
        if path.is_file()
    }
    assert len(made) == len(set(made))
    assert set(made) == {path for path in results if "/records/" not in path}


def test_no_record_names_a_place_on_this_machine(finished):
    for path in finished.folder.glob("results/*/records/**/*.json"):
        assert str(finished.folder) not in path.read_text()
        assert str(Path.home()) not in path.read_text()


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", "{}", '{"rule": 1}', "\xff", "[" * 9999, CODE_IS_A_LIST]
)
def test_a_damaged_record_is_none(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_bytes(content.encode("latin-1"))
    assert records.read(path) is None
    assert records.read(tmp_path / "missing.json") is None


def test_a_job_whose_code_changed_since_the_plan_stops(job):
    job.params["code"] = {"scripts/pipeline/paths.py": "another fingerprint"}
    with pytest.raises(UserError, match=r"scripts/pipeline/paths\.py was edited after this run"):
        records.begin(job)


def test_a_job_whose_input_changed_since_the_run_started_stops(job):
    """In the middle of a run, its record would be true and its result would not be wanted."""
    records.expect({"taken": files.sha256("taken"), "other": "0"})
    records.begin(job)()
    Path("taken").write_text("after")
    with pytest.raises(UserError, match="taken was changed after this run started"):
        records.begin(job)
    records.expect({})  # as it is made by this run
    records.begin(job)()
    records.EXPECTED.write_text("[")  # of a folder that the jobs do not share
    records.begin(job)()
