"""Releases: the same commit gives the same bytes, and what is in an archive is enough to draw."""

import gzip
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml
from artefacts import crate, metadata, release
from collapse.errors import UserError
from pipeline import files, paths, plan, verdicts
from toy_artefacts import Project

ROOT = Path(__file__).resolve().parents[2]
TIME = 1_800_000_000
FACTS = ("pyproject.toml", "CHANGELOG.md", "CITATION.cff", "codemeta.json", ".zenodo.json")


# the version, its date and the descriptions of the project


def test_descriptions_agree_with_the_version_its_date_and_the_citation():
    assert metadata.outdated() == []
    assert metadata.main(["--check"]) == 0
    for path in ("CITATION.cff", "codemeta.json", ".zenodo.json"):
        assert metadata.version() in (ROOT / path).read_text(encoding="utf-8")
    sections = re.findall(r"^## \[?(\d[^\] ]*)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert sections[0] == metadata.version()


@pytest.fixture
def copied_facts(tmp_path, monkeypatch):
    """The files that describe the project, in a folder of their own."""
    for name in FACTS:
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return tmp_path


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_control_another_version_or_author_is_noticed_and_written(copied_facts, capsys):
    version = metadata.version()
    replace(copied_facts / "pyproject.toml", f'version = "{version}"', 'version = "9.9.9"')
    assert metadata.main(["--check"]) == 1
    assert "CHANGELOG.md has no section '## 9.9.9 - YYYY-MM-DD'" in capsys.readouterr().out
    replace(
        copied_facts / "CHANGELOG.md", f"## [{version}] - ", "## [9.9.9] - 2031-02-03\n\nold - "
    )
    assert metadata.outdated() == ["CITATION.cff", "codemeta.json", ".zenodo.json"]
    assert metadata.main([]) == 0
    assert metadata.outdated() == []
    found = yaml.safe_load((copied_facts / "CITATION.cff").read_text(encoding="utf-8"))
    assert (found["version"], str(found["date-released"])) == ("9.9.9", "2031-02-03")
    replace(copied_facts / "CITATION.cff", "name: The model collapse", "name: Other model collapse")
    assert metadata.outdated() == ["codemeta.json", ".zenodo.json"]


def test_both_papers_are_cited_everywhere():
    dois = {"10.1038/s41586-024-07566-y", "arXiv:2305.17493"}
    about = metadata.citation()
    assert {metadata.identifier(paper) for paper in about["references"]} == dois
    related = metadata.zenodo(about)["related_identifiers"]
    assert {entry["identifier"] for entry in related} == dois
    papers = metadata.codemeta(about)["referencePublication"]
    assert [len(paper["author"]) for paper in papers] == [6, 6]


# the archive


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A small git repository, which is the working directory."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, text in {"README.md": "read\n", "b/run": "#!/bin/sh\n", "b.txt": "b\n"}.items():
        files.write_text(name, text)
    Path("b/run").chmod(0o755)
    commit("first")
    return folder


def commit(message):
    who = ("-c", "user.name=toy", "-c", "user.email=toy@localhost")
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", message]):
        subprocess.run(["git", *command], check=True)


def packed(folder):
    """The path of an archive of the last commit, made in a folder."""
    tree = folder / "project-1.0"
    release.export(tree)
    release.checksums.write(tree / "SHA256SUMS", [p for p in tree.rglob("*") if p.is_file()])
    release.write(folder / "made.tar.gz", tree, TIME, release.executables())
    return folder / "made.tar.gz"


def test_the_same_commit_gives_the_same_bytes(repository, tmp_path):
    first = packed(tmp_path / "one").read_bytes()
    old = os.umask(0o077)
    try:
        os.utime("b.txt", (1, 1))
        second = packed(tmp_path / "two").read_bytes()
    finally:
        os.umask(old)
    assert first == second
    files.write_text("b.txt", "c\n")
    assert packed(tmp_path / "three").read_bytes() == first  # not committed
    commit("second")
    assert packed(tmp_path / "four").read_bytes() != first


def test_an_archive_holds_no_clock_no_user_and_no_order_of_a_disk(repository, tmp_path):
    path = packed(tmp_path / "one")
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    names = [member.name.removeprefix("project-1.0/") for member in members]
    assert names == ["README.md", "SHA256SUMS", "b.txt", "b/run"]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(TIME, 0, 0, "", "")}
    assert [oct(member.mode) for member in members] == ["0o644", "0o644", "0o644", "0o755"]
    header = path.read_bytes()[:8]
    assert header[3] == 0  # flags of gzip: no name
    assert header[4:8] == b"\0\0\0\0"  # no time


def test_an_archive_s_sums_are_those_of_sha256sum(repository, tmp_path):
    path = packed(tmp_path / "one")
    assert release.check(path) == 4
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=tmp_path / "project-1.0", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"read\n", b"read!"), (b"project-1.0/b.txt\0", b"project-1.0/c.txt\0")],
    ids=["other bytes", "other name"],
)
def test_control_a_damaged_archive_is_refused(repository, tmp_path, old, new):
    path = packed(tmp_path / "one")
    content = gzip.decompress(path.read_bytes())
    damaged = content.replace(old, new, 1)
    if b"project" in old:  # tar's own sum of a header counts the name's letters
        place = damaged.index(new)
        block = bytearray(damaged[place : place + 512])
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        damaged = damaged[:place] + bytes(block) + damaged[place + 512 :]
    path.write_bytes(gzip.compress(damaged))
    with pytest.raises(UserError, match=r"damaged: (README.md|b.txt) is not what SHA256SUMS"):
        release.check(path)


def test_changes_that_are_not_committed_are_refused(repository):
    release.check_committed()
    files.write_text("new.txt", "not in git\n")
    release.check_committed()
    files.write_text("b.txt", "changed\n")
    with pytest.raises(UserError, match=r"1 changed files .* \(the first is b.txt\)"):
        release.check_committed()


def test_a_release_needs_a_git_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"git status failed .*: make releases in a git"):
        release.check_committed()


def test_figures_that_come_out_different_are_refused(tmp_path):
    tree, copy = tmp_path / "tree", tmp_path / "copy"
    for name in ("a.png", "b.png"):
        for folder in (tree, copy):
            files.write_text(folder / f"results/laptop/figures/{name}", name)
    release.compare(tree, copy, "laptop")
    files.write_text(copy / "results/laptop/figures/b.png", "other")
    with pytest.raises(UserError, match=r"1 of 2 figures .* \(the first is b.png\)"):
        release.compare(tree, copy, "laptop")
    (copy / "results/laptop/figures/a.png").unlink()
    with pytest.raises(UserError, match=r"2 of 2 figures .* \(the first is a.png\)"):
        release.compare(tree, copy, "laptop")


@pytest.mark.parametrize("plain", [True, False])
def test_an_archive_without_git_pulls_by_its_own_setting(published, tmp_path, monkeypatch, plain):
    """As GitHub offers one: `git archive` writes the setting into .dvc/config."""
    author = published.copy(tmp_path / "author")
    monkeypatch.chdir(author.folder)
    unpacked = Project(tmp_path / "unpacked/project")
    release.export(unpacked.folder)
    if plain:
        unpacked.dvc("pull", "--quiet")
    else:
        assert "files match" in unpacked.succeed("pull", "smoke")
    arrived = unpacked.artefacts()
    assert "results/smoke/vae/shown/grid.npz" in arrived
    assert arrived.items() <= author.artefacts().items()


def test_a_copy_without_git_is_told_how_to_pull(published, tmp_path):
    copy = published.copy(tmp_path / "copy")
    shutil.rmtree(copy.folder / ".git")
    reason = copy.fail("pull", "smoke")
    assert "is not a git repository" in reason
    assert "'.venv/bin/dvc config --local core.no_scm true'" in reason
    copy.dvc("config", "--local", "core.no_scm", "true")
    assert "git" not in copy.fail("pull", "smoke", "all", "nowhere")


# descriptions of runs


def record(inputs, outputs):
    return {
        "rule": "any",
        "parameters": {},
        "inputs": dict.fromkeys(inputs, "1" * 64),
        "outputs": dict.fromkeys(outputs, "2" * 64),
        "versions": {"python": "3.11.7", "numpy": "2.4.6"},
    }


FIGURES = ["results/toy/figures/f.png", "results/toy/figures/f.pdf"]
DATA = ["data/text/a/train.txt", "data/text/a/SHA256SUMS"]
RECORDS = [
    record([], DATA[:1]),
    record(DATA, ["results/toy/lm/models/gen00.safetensors"]),
    record(["results/toy/lm/models/gen00.safetensors"], ["results/toy/tables/t.csv"]),
    record(
        ["results/toy/tables/t.csv"], ["results/toy/figures/f.png", "results/toy/figures/f.pdf"]
    ),
    record(["results/toy/figures/f.png"], ["results/toy/report.html"]),
]


def described(folder, **options):
    """The description of a folder in which a run of `RECORDS` has ended, written to it."""
    made = [path for one in RECORDS for path in one["outputs"]]
    for path in ("Snakefile", "README.md", "config.yaml", *made):
        files.write_text(folder / path, path)
    (folder / DATA[0]).unlink()
    value = crate.describe(
        {"toy": RECORDS}, metadata.citation(), lambda path: (folder / path).is_file(), **options
    )
    files.write_json(folder / crate.FILE, value)
    return {entity["@id"]: entity for entity in value["@graph"]}


def references(value):
    """Every identifier that an entity's properties refer to."""
    if isinstance(value, dict):
        yield from [value["@id"]] if set(value) == {"@id"} else ()
        yield from (found for inner in value.values() for found in references(inner))
    elif isinstance(value, list):
        yield from (found for inner in value for found in references(inner))


def test_a_run_is_described_by_what_it_read_and_what_it_shows(tmp_path):
    found = described(tmp_path)
    action = found["#run-toy"]
    assert [entry["@id"] for entry in action["object"]] == ["config.yaml", f"#{DATA[0]}"]
    assert [entry["@id"] for entry in action["result"]] == [
        "results/toy/figures/f.pdf",
        "results/toy/figures/f.png",
        "results/toy/report.html",
        "results/toy/tables/t.csv",
    ]
    assert action["instrument"] == found["./"]["mainEntity"] == {"@id": "Snakefile"}
    assert "5 jobs; numpy 2.4.6, python 3.11.7" in action["description"]
    assert found[f"#{DATA[0]}"]["sha256"] == "1" * 64
    assert "agent" not in action
    assert described(tmp_path, published=True)["#run-toy"]["agent"]["@id"] in found


def test_a_description_refers_to_nothing_that_it_does_not_describe(tmp_path):
    outside = ("http://schema.org/", "https://doi.org/10.1093", "https://snakemake.", crate.CRATE)
    for published in (False, True):
        found = described(tmp_path, published=published)
        used = set(references([list(entity.values()) for entity in found.values()]))
        assert {name for name in used - set(found) if not name.startswith(outside)} == set()


def test_the_library_for_ro_crates_reads_the_description(tmp_path):
    """It has a workflow, the profiles' required properties, and files that exist."""
    reader = pytest.importorskip("rocrate.rocrate")
    described(tmp_path, published=True)
    found = reader.ROCrate(tmp_path)
    assert found.mainEntity.id == "Snakefile"
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} == set(found.mainEntity.type)
    assert found.mainEntity["programmingLanguage"]["name"] == "Snakemake"
    names = {profile["name"] for profile in found.root_dataset["conformsTo"]}
    assert names == {"Process Run Crate", "Workflow Run Crate", "Workflow RO-Crate"}
    action = found.root_dataset["mentions"]
    assert action.type == "CreateAction" and action["instrument"] == found.mainEntity
    for key in ("name", "description", "datePublished", "license"):
        assert found.root_dataset[key]
    parts = [part for part in found.data_entities if part.type != "Dataset"]
    assert len(parts) == 7
    assert all((tmp_path / part.id).is_file() for part in parts)


def test_a_run_that_is_not_finished_is_not_described(tmp_path, monkeypatch):
    class Planned(plan.Plan):
        waiting = ("one", "two")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "planned", lambda scale: Planned([], [], {}))
    with pytest.raises(UserError, match="scale toy is not finished, 2 jobs are left"):
        crate.run("toy")
    assert not Path(crate.FILE).exists()
    judged = [verdicts.Verdict(None, (), {}, one) for one in RECORDS]
    Planned.waiting = ()
    monkeypatch.setattr(plan, "planned", lambda scale: Planned([], judged, {}))
    crate.run("toy")
    assert json.loads(Path(crate.FILE).read_text())["@graph"][0]["@id"] == crate.FILE


# Snakemake's workflow catalogue


def test_the_catalogue_finds_what_it_looks_for():
    """A folder workflow needs a Snakefile, and the page shows config/README.md."""
    settings = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())
    assert set(settings) == {"usage"}
    assert settings["usage"]["report"] is True
    assert (ROOT / "config/README.md").read_text().startswith("# Configuration\n")
    readme = (ROOT / "README.md").read_text().lower()
    assert "snakemake" in readme and "workflow" in readme


def planned_jobs(checkout, *options):
    """Numbers of jobs by rule, as plain Snakemake plans them."""
    done = checkout.run("-n", "--quiet", "rules", "--config", "scale=smoke", *options)
    found = re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.M)
    return {rule: int(number) for rule, number in found}


def test_the_catalogue_s_snakefile_plans_the_default_target(new_checkout):
    checkout = new_checkout("catalogue")
    usual = planned_jobs(checkout)
    other = planned_jobs(checkout, "--snakefile", "workflow/Snakefile")
    assert usual["report"] == 1
    assert (usual.pop("all"), other.pop("everything")) == (1, 1)
    assert other == usual
