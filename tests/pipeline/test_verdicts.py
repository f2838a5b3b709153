"""A verdict follows from a job as it is planned, its record, and the bytes that are here."""

import pytest
from pipeline import files, reruns, verdicts
from pipeline.graph import Job

CODE = "scripts/collapse/model.py"


def job(name, takes=(), **parameters):
    """A job that makes results/s/<name> from code and from other jobs' outputs."""
    inputs = tuple(f"results/s/{other}" for other in takes)
    parameters["code"] = {CODE: "fingerprint"}
    return Job("train", inputs, (f"results/s/{name}",), parameters, name, False)


class Chain:
    """Three generations, the files that they made, and their records; b and c take a's output."""

    def __init__(self):
        self.jobs = [
            job("a", rate=0.1, decay=0.2),
            job("b", ["a"], rate=0.1, decay=0.2),
            job("c", ["b"], rate=0.1, decay=0.2),
            job("other", rate=0.5),
        ]
        self.files = {j.outputs[0]: f"bytes of {j.record}" for j in self.jobs}
        self.records = {
            j.record: {
                "rule": j.rule,
                "parameters": dict(j.parameters),
                "inputs": {path: self.files[path] for path in j.inputs},
                "outputs": {path: self.files[path] for path in j.outputs},
                "versions": {},
            }
            for j in self.jobs
        }

    def judge(self, **options):
        return verdicts.judge(self.jobs, self.records.get, self.files.get, **options)

    def states(self):
        return {v.job.record: v.states[v.job.outputs[0]] for v in self.judge()}

    def reasons(self, name):
        (found,) = [v for v in self.judge() if v.job.record == name]
        return " · ".join(found.reasons) or verdicts.why(found)


@pytest.fixture
def chain():
    return Chain()


def test_what_was_made_as_it_would_be_made_today_matches(chain):
    assert set(chain.states().values()) == {verdicts.MATCHES}
    assert all(v.matches and v.here for v in chain.judge())


def test_a_changed_parameter_is_named_and_so_are_those_that_follow_from_it(chain):
    chain.jobs[1] = job("b", ["a"], rate=0.3, decay=0.2)
    expected = {"a": "matches", "b": "differs", "c": "differs", "other": "matches"}
    assert chain.states() == expected
    assert chain.reasons("b") == "rate was 0.1, now 0.3"
    assert chain.reasons("c") == "it was made from results/s/b, which does not match"


def test_two_swapped_parameters_are_two_changes(chain):
    chain.jobs[0] = job("a", rate=0.2, decay=0.1)
    assert chain.reasons("a") == "decay was 0.2, now 0.1 · rate was 0.1, now 0.2"


def test_a_parameter_deep_in_the_settings_is_named_by_its_keys():
    found = verdicts._changes({"settings": {"train": {"rate": 1}}}, {"settings": {"train": {}}})
    assert list(found) == ["settings.train.rate was 1, now None"]


def test_edited_code_is_named_with_all_that_was_made_by_it(chain):
    for known in chain.jobs[1:3]:
        known.parameters["code"] = {CODE: "of an edited tree"}
    expected = {"a": "matches", "b": "differs", "c": "differs", "other": "matches"}
    assert chain.states() == expected
    assert chain.reasons("b") == f"{CODE} has changed"
    chain.jobs[1].parameters["code"] = {"scripts/other.py": "fingerprint"}
    assert chain.reasons("b") == (
        f"{CODE} is no longer part of its code · scripts/other.py is now part of its code"
    )


def test_a_swapped_file_is_named_alone(chain):
    chain.files["results/s/a"] = "bytes of another run"
    expected = {"a": "differs", "b": "matches", "c": "matches", "other": "matches"}
    assert chain.states() == expected
    assert chain.reasons("a") == "its bytes differ from its record"


def test_a_file_made_from_another_than_the_one_that_is_here_is_named(chain):
    """A generation of another run with its own record: right in itself, wrong in its place."""
    chain.files["results/s/a"] = chain.records["a"]["outputs"]["results/s/a"] = "another run's"
    assert chain.states()["a"] == "matches"
    assert chain.states()["b"] == "differs"
    assert chain.reasons("b") == "it was made from another results/s/a"
    assert chain.states()["c"] == "differs"


def test_without_a_record_nothing_is_taken(chain):
    del chain.records["b"]
    expected = {"a": "matches", "b": "differs", "c": "differs", "other": "matches"}
    assert chain.states() == expected
    assert chain.reasons("b") == "it has no record"


def test_what_is_not_here_is_known_by_its_record(chain):
    """A checkpoint that was not pulled or was pruned does not make its descendants suspect."""
    del chain.files["results/s/a"], chain.files["results/s/b"]
    expected = {"a": "not here", "b": "not here", "c": "matches", "other": "matches"}
    assert chain.states() == expected
    chain.jobs[0] = job("a", rate=0.3, decay=0.2)
    assert chain.states()["c"] == "differs"


def test_an_input_that_came_or_went_is_named(chain):
    chain.jobs[3] = job("other", ["a"], rate=0.5)
    assert chain.reasons("other") == "results/s/a was not yet an input"
    chain.jobs[2] = job("c", rate=0.1, decay=0.2)
    assert "results/s/b is no longer an input" in chain.reasons("c")


def test_the_summary_counts_and_fails_only_if_something_differs(chain, capsys):
    del chain.files["results/s/c"]
    assert verdicts.report(chain.judge(), []) == 0
    said = capsys.readouterr().out
    assert "3 files match this code and configuration, 0 do not, 1 are not here" in said
    assert "nothing is left to run" in said
    chain.files["results/s/a"] = "damaged"
    assert verdicts.report(chain.judge(), chain.jobs[:2]) == 1
    said = capsys.readouterr().out
    assert "differs  results/s/a: its bytes differ from its record" in said
    assert "make reproduce" in said
    assert "still to run: train ×2" in said


def test_files_that_are_made_again_with_other_bytes_are_named(tmp_path):
    record = {"rule": "a", "parameters": {}, "inputs": {}, "versions": {}}
    before = {}
    for name, now in {"same": "1", "another": "2"}.items():
        path = tmp_path / f"{name}.json"
        before[str(path)] = {f"{name}.npz": "1"}
        files.write_json(path, {**record, "outputs": {f"{name}.npz": now}})
    assert reruns.changed(before) == ["another.npz"]


def test_other_versions_than_those_that_are_installed_are_named_once(chain):
    made_with = {"python": "3.11.2", "numpy": "1.0", "gpu": "NVIDIA H100"}
    for record in chain.records.values():
        record["versions"] = made_with
    chain.records["other"]["versions"] = made_with | {"numpy": "0.9"}
    del chain.records["c"], chain.files["results/s/b"]  # nothing is known, nothing is here
    judged = chain.judge()
    now = {"python": "3.11.2", "numpy": "1.0"}.get
    assert verdicts.version_lines(judged, now) == [
        "1 jobs were made with numpy 0.9, but here it is 1.0: made again, they may have other bytes"
    ]
    found = verdicts.version_lines(judged, {"python": "3.12.0"}.get)
    assert [line.partition(":")[0] for line in found] == [
        "1 jobs were made with numpy 0.9, but here it is not installed",
        "1 jobs were made with numpy 1.0, but here it is not installed",
        "2 jobs were made with python 3.11.2, but here it is 3.12.0",
    ]


@pytest.fixture
def outside(chain, tmp_path):
    """A chain whose first job read two files of a folder outside the project."""
    paths = [str(tmp_path / name) for name in ("config.json", "model.safetensors")]
    chain.files |= dict.fromkeys(paths, "bytes")
    chain.records["a"]["inputs"] = dict.fromkeys(paths, "bytes")
    chain.jobs[0] = chain.jobs[0]._replace(inputs=tuple(paths))
    assert chain.reasons("a") == "its bytes differ from its record"
    return chain


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files, inputs: files.update({inputs[1]: "other"}), "model.safetensors has changed"),
        (lambda files, inputs: inputs.pop(), "model.safetensors is no longer an input"),
        (lambda files, inputs: inputs.append("/etc/new"), "/etc/new was not yet an input"),
    ],
)
def test_a_change_in_a_folder_outside_the_project_is_named(outside, change, words):
    inputs = list(outside.jobs[0].inputs)
    change(outside.files, inputs)
    outside.jobs[0] = outside.jobs[0]._replace(inputs=tuple(inputs))
    assert words in outside.reasons("a")


def test_a_folder_outside_the_project_that_is_not_here_is_known_by_its_record(outside, tmp_path):
    tmp_path.rmdir()
    outside.jobs[0] = outside.jobs[0]._replace(inputs=())
    assert set(outside.states().values()) == {verdicts.MATCHES}


def test_a_false_record_of_a_constant_is_named_with_all_that_was_made_from_it(chain):
    """Bytes and records that agree with each other, but not with what data are by definition."""
    canonical = {"results/s/a": chain.files["results/s/a"], "results/s/unknown": "0"}
    assert all(v.matches for v in chain.judge(constants=canonical))
    chain.files["results/s/a"] = chain.records["a"]["outputs"]["results/s/a"] = "forged"
    chain.records["b"]["inputs"]["results/s/a"] = "forged"
    assert all(v.matches for v in chain.judge())  # a control: records alone cannot know
    a, b, c, other = chain.judge(constants=canonical)
    assert a.reasons == ("its record is of another results/s/a than the canonical one",)
    assert b.derived and c.derived and other.matches


def test_who_has_no_records_is_told_where_to_get_them(chain, capsys):
    chain.files["results/s/a"] = "damaged"
    verdicts.report(chain.judge(), [])
    assert "make pull" not in capsys.readouterr().out
    chain.records.clear()
    verdicts.report(chain.judge(), [])
    said = capsys.readouterr().out
    assert "4 jobs have no record here: fetch records with 'make pull'." in said
    assert "make reproduce" in said
