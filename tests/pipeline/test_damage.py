"""Files that are damaged in one place: harmless, or named in one line by whoever reads them."""

import gzip
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cluster import resume
from collapse.claims import profile
from collapse.claims import records as claim_records
from collapse.errors import UserError
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pipeline import (
    checksums,
    command,
    configuration,
    costs,
    faults,
    fidelity,
    files,
    graph,
    hashes,
    lock,
    logs,
    records,
    reference,
    shapes,
    verdicts,
    weights,
    yaml_files,
)
from report import contents, page
from sources import corpora, mnist

ROOT = Path(__file__).resolve().parents[2]
DONE = "done: vae_train: 12.25 s, 11.50 s CPU of which 2.75 s to start up, peak 512 MiB\n"


def corrupted(data, kind, place, value):
    """`data` with one corruption: a bit, a byte, or everything from some byte."""
    at = place % len(data)
    if kind == "flip":
        return data[:at] + bytes([data[at] ^ 1 << value % 8]) + data[at + 1 :]
    if kind == "repeat":  # the line, as after a careless merge
        lines = data.splitlines(keepends=True)
        line = place % len(lines)
        return b"".join([*lines[: line + 1], *lines[line:]])
    middle = {"cut": b"", "drop": data[at + 1 :], "insert": bytes([value]) + data[at:]}
    return data[:at] + middle[kind]


CORRUPTION = (
    st.sampled_from(["flip", "repeat", "cut", "drop", "insert"]),
    st.integers(0, 2**24),
    st.integers(0, 255),
)


def corruptions(n=100, also=("cut", 0, 0)):
    """Decorate a test: call it with `n` corruptions, the same in every run, and with another."""

    def decorated(test):
        fixed = settings(
            max_examples=n,
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        )
        return fixed(given(*CORRUPTION)(example(*also)(test)))

    return decorated


def is_one_line(line, name):
    return name in line and len(line.splitlines()) == 1 and "pickle" not in line


def damage(path, original, kind, place, value):
    path.write_bytes(corrupted(original, kind, place, value))


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder in which one job has made one file of every kind; the paths of all files."""
    monkeypatch.chdir(tmp_path)
    place = Path("results/toy/family")
    place.mkdir(parents=True)
    rng = np.random.default_rng(1)
    made = {
        name: place / name
        for name in ("a.npz", "a.json", "a.csv", "a.md", "a.png", "a.safetensors", "tokenizer.json")
    }
    files.write_arrays(made["a.npz"], losses=rng.normal(size=(5, 4)), blocks=np.arange(30))
    files.write_json(made["a.json"], {"loss_per_epoch": [2.5, 1.25], "text": "größer"})
    table = pd.DataFrame({"generation": range(5), "mean": rng.normal(size=5)})
    files.write_table(made["a.csv"], table)
    files.write_text(made["a.md"], "**A title.** What the figure shows: σ² by generation.\n")
    shutil.copyfile(ROOT / "results/laptop/figures/tail_cutting.png", made["a.png"])
    _write_model(made["a.safetensors"], made["tokenizer.json"])
    paths = list(map(str, made.values()))
    records.begin(
        SimpleNamespace(
            rule="some", log=["logs/toy/family/a.log"], input=[], output=paths, params={"code": {}}
        )
    )()
    return made


def _write_model(weights_path, tokenizer_path):
    import tokenizers
    import torch

    torch.manual_seed(1)
    weights.save(weights_path, torch.nn.Linear(2, 3))
    vocabulary = {"a": 0, "b": 1, "<unk>": 2}
    tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, "<unk>")).save(str(tokenizer_path))


def _load_weights(path):
    import torch

    return weights.load(path, torch.nn.Linear(2, 3))


READERS = {
    "a.npz": files.read_arrays,
    "a.json": files.read_json,
    "a.csv": pd.read_csv,
    "a.md": lambda path: page.figure("a", {**DRAWN, "caption": path}, ENTRY),
    "a.png": lambda path: page.figure(
        "a", {**DRAWN, "png": path, "caption": Path(path).with_suffix(".md")}, ENTRY
    ),
    "a.safetensors": _load_weights,
    "tokenizer.json": weights.load_tokenizer,
}
ENTRY = {"alt": "a figure", "arxiv": "1"}
PLACE = ROOT / "results/laptop/figures"
DRAWN = {"png": PLACE / "gmm_l2.png", "pdf": PLACE / "gmm_l2.pdf", "tables": []}


def test_files_that_are_whole_are_read(results):
    for name, path in results.items():
        READERS[name](path)
    assert records.damaged(results.values()) == []


@pytest.mark.parametrize("name", READERS)
def test_a_job_names_a_damaged_input(results, name):
    path, original = results[name], results[name].read_bytes()

    @corruptions(200 if name == "a.npz" else 60)
    def check(kind, place, value):
        damage(path, original, kind, place, value)
        changed = path.read_bytes() != original
        # a reader that notices nothing is harmless: the record tells
        assert records.damaged([path]) == ([str(path)] if changed else [])
        try:
            READERS[name](str(path))
        except UserError as error:
            assert changed and is_one_line(faults.without_advice(str(error)), name)
        except Exception as error:
            assert changed
            assert faults.explained(error, [path]).startswith(f"{path} is damaged")
            # where no record knows the file, the reader's own frame does
            assert is_one_line(faults.explained(error, []), name)

    check()


def test_an_error_that_no_file_has_caused_names_none(results):
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        assert faults.explained(error, results.values()) == "ZeroDivisionError: division by zero"


def test_a_damaged_record_never_lets_results_match(results):
    path = Path("results/toy/records/family/a.json")
    original, outputs = path.read_bytes(), tuple(map(str, results.values()))
    job = graph.Job("some", (), outputs, {"code": {}}, str(path), False)
    digest = hashes.HashCache(None)
    known = {output: digest.sha256(output) for output in outputs}
    whole = json.loads(original)

    @corruptions(200)
    def check(kind, place, value):
        damage(path, original, kind, place, value)
        (verdict,) = verdicts.judge([job], digest=known.get)
        if verdict.matches:
            found = records.read(path)
            for key in ("parameters", "inputs", "outputs"):
                assert found[key] == whole[key]
        else:
            assert len(verdicts.stale_lines([verdict])) == 2
            assert len(verdicts.why(verdict).splitlines()) == 1

    check()


def test_a_damaged_cache_of_hashes_gives_no_wrong_hash(tmp_path, monkeypatch):
    monkeypatch.setattr(hashes, "SETTLED", -1)
    kept, cache = tmp_path / "kept", tmp_path / "hashes.json"
    kept.write_text("content")
    os.utime(kept, (1e9, 1e9))
    first = hashes.HashCache(cache)
    known = first.sha256(kept)
    first.save()
    original = cache.read_bytes()

    @corruptions(200)
    def check(kind, place, value):
        damage(cache, original, kind, place, value)
        assert hashes.HashCache(cache).sha256(kept) == known

    check()


def _sums(path):
    found = checksums.read(path)
    assert all(len(digest) == 64 for digest in found.values())
    assert all(Path(name).is_relative_to(path.parent) for name in found)


def _measured(path):
    measured, config = costs.measured(), configuration.load()
    costs.rates(measured["runs"], costs.with_blocks(config, measured["blocks"]))


def _claims(path):
    claim_records.validate(reference.claims(path), str(path), reference.gates(path))


def _profile(path):
    profile.validate(reference.profile(path), str(path))


GATES = reference.gates()


def _later_claims(path):
    claim_records.validate(reference.claims(path), str(path), GATES)


PROJECT_FILES = {
    "data/SHA256SUMS": _sums,
    "reference/measured_costs.json": _measured,
    "reference/claims.yaml": _claims,
    "reference/claims_later.yaml": _later_claims,
    "reference/collapse_profile.yaml": _profile,
    "reference/fidelity.yaml": lambda path: fidelity.read(configuration.load()),
    "reference/published_values.csv": reference.published,
    "workflow/report/contents.yaml": lambda path: contents.read(["gmm_l2"], ["claims"]),
    "dvc.yaml": yaml_files.read_yaml,
}


@pytest.mark.parametrize("name", PROJECT_FILES)
def test_a_damaged_file_of_the_project_is_named(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipeline.paths.ROOT", tmp_path)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "config.yaml").write_bytes((ROOT / "config.yaml").read_bytes())
    if name.startswith("data"):
        path.write_text("".join(f"{hashes.digest(n)}  {n}\n" for n in ("raw/a", "raw/b.txt")))
    else:
        shutil.copyfile(ROOT / name, path)
    original = path.read_bytes()
    PROJECT_FILES[name](path)

    @corruptions(40)
    def check(kind, place, value):
        damage(path, original, kind, place, value)
        try:
            PROJECT_FILES[name](path)
        except UserError as error:
            assert is_one_line(str(error), path.name), error

    check()


def test_a_damaged_configuration_is_named(tmp_path):
    path, original = tmp_path / "config.yaml", (ROOT / "config.yaml").read_bytes()
    keys = configuration.read_yaml(ROOT / "config.yaml")

    @corruptions()
    def check(kind, place, value):
        damage(path, original, kind, place, value)
        try:
            configuration.load(directory=tmp_path)
        except configuration.ConfigurationError as error:
            for line in error.lines:
                assert len(line) < 500 and len(line.splitlines()) == 1
                named = ("config.yaml", "configuration", *keys)
                assert any(word in line for word in named), line

    check()


def test_a_damaged_log_tells_nothing_or_a_time(tmp_path):
    path = tmp_path / "a.log"

    @corruptions(also=("insert", DONE.index("."), ord(".")))
    def check(kind, place, value):
        damage(path, DONE.encode(), kind, place, value)
        found = logs.finished(path)
        assert found is None or min(found[1:]) >= 0

    check()


@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("train.gz", gzip.compress(b"\0" * 999)[:-9], mnist._decompressed),
        ("train.gz", gzip.compress(bytes(range(256)) * 9)[:20] + b"\xff" * 90, mnist._decompressed),
        ("wiki.txt", b"caf\xe9\n", corpora.read_lines),
        ("wiki.txt", b"\xff\xfea\0", corpora.read_lines),
    ],
    ids=["shortened gzip", "damaged gzip", "Latin-1", "UTF-16"],
)
def test_a_file_of_the_user_is_named(tmp_path, name, content, read):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Exception) as caught:
        read(path)
    assert is_one_line(faults.explained(caught.value, []), name)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([1], "it does not fit (input should be a valid dictionary"),
        ({"blocks": {}}, "runs does not fit (field required"),
        ({"blocks": {"a": "5"}, "runs": {}}, "blocks.a does not fit (input should be a valid int"),
        ({"blocks": {}, "runs": {"x": []}}, "runs.x does not fit (input should be a valid dict"),
    ],
)
def test_json_of_another_shape_is_named(value, reason):
    with pytest.raises(UserError) as caught:
        shapes.checked(value, costs.Measured, "costs.json")
    assert str(caught.value).startswith(f"costs.json: {reason}")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"\xff", b'{"half": '])
def test_a_command_names_the_file_that_it_cannot_read(tmp_path, capsys, monkeypatch, content):
    monkeypatch.setattr(command, "ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "notes.json"
    path.write_bytes(content)
    assert command.call(lambda: json.loads(path.read_text("utf-8")), alone=False) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ERROR: ") and "restore it" in line


def test_what_a_killed_run_leaves_may_be_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "OWNER", Path("owner"))
    for path in (resume.HOST, resume.EXECUTOR, "owner"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"\xff 77\n")
    assert resume.submits(tmp_path)
    assert "77" in lock._owner(tmp_path)
    with pytest.raises(UserError, match=r"a run in this folder started on .* \(process 77\)"):
        resume.check_host(tmp_path)
