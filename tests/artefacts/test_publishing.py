"""Three people with clones of their own: an author publishes, a reader draws, a reviewer checks."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from artefacts import publish
from pipeline import dvc_yaml, files, yaml_files
from workflow_tools import SMOKE, Checkout, once

SCALE = "workflow/scales/smoke.yaml"
MODEL = "results/smoke/vae/models/replace/run01/gen02.safetensors"
TRAINING = re.compile(r"train|chain|pretrain|_real|classifier|evaluate|lm_text$|estimation$")


def git(folder, *options):
    """Run git under a made-up name; returns its output."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@localhost"]
    return subprocess.run(
        ["git", *who, *options], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def command(checkout, name, *options):
    """Run one of the project's commands for the smoke scale."""
    return checkout.command(name, "--scale", "smoke", *options)


def succeed(done):
    """What a command printed, which must have succeeded."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refusal(done):
    """The one line of error with which a command has ended."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.strip()]
    assert line.startswith("ERROR: ")
    return line


def dvc(checkout, *options):
    """Run DVC, whose stages find this Python; returns what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return succeed(checkout.call(sys.executable, "-m", "dvc", *options, env={"PATH": path}))


def versioned(checkout, scale="smoke"):
    """Make the checkout a repository that versions a scale instead of the laptop's."""
    succeed(checkout.command("dvc", "--scales", scale))
    (checkout.folder / "dvc.lock").unlink(missing_ok=True)
    shutil.rmtree(checkout.folder / "published", ignore_errors=True)
    checkout.replace(".gitignore", "/results/smoke/\n", "")
    git(checkout.folder, "init", "-q", "-b", "main")


@pytest.fixture(scope="session")
def author(finished, tmp_path_factory, worker_id):
    """Two commits: what figures need, in the repository; everything, in a store next to it."""

    def make(folder):
        made = Checkout(folder / "project")
        shutil.copytree(finished.folder, made.folder)
        versioned(made)
        with open(made.folder / ".dvc/config", "a", encoding="utf-8") as config:
            config.write("['remote \"store\"']\n    url = ../../store\n    verify = true\n")
        succeed(command(made, "publish"))
        git(made.folder, "add", "-A")
        git(made.folder, "commit", "-qm", "What figures need")
        printed = succeed(command(made, "publish", "--what", "all", "--remote", "store"))
        (folder / "printed.txt").write_text(printed)
        git(made.folder, "commit", "-qam", "Everything")

    return Checkout(once(tmp_path_factory, worker_id, "author", make) / "project")


def clone_of(author, folder, commit="HEAD"):
    """Clone the author's repository at a commit; the store is next to the clone, too."""
    folder.mkdir(parents=True)
    git(folder, "clone", "-q", author.folder, folder / "project")
    git(folder / "project", "reset", "-q", "--hard", commit)
    (folder / "store").symlink_to(author.folder.parent / "store")
    return Checkout(folder / "project")


@pytest.fixture
def clone(author, tmp_path):
    """A fresh clone of the author's repository."""
    return clone_of(author, tmp_path / "clone")


@pytest.fixture
def pulled(author, tmp_path, tmp_path_factory, worker_id):
    """Factory of clones with artefacts, of which each kind is pulled once a session."""

    def copy(name, commit, *options):
        def make(folder):
            printed = succeed(command(clone_of(author, folder, commit), "pull", *options))
            (folder / "printed.txt").write_text(printed)

        place = once(tmp_path_factory, worker_id, name, make)
        shutil.copytree(place, tmp_path / name, symlinks=True)
        return Checkout(tmp_path / name / "project")

    return copy


@pytest.fixture
def reader(pulled):
    """A clone with what tables and figures are made from."""
    return pulled("reader", "HEAD~1")


@pytest.fixture
def reviewer(pulled):
    """A clone with all artefacts."""
    return pulled("reviewer", "HEAD", "--remote", "store")


def is_remade(path):
    """Whether no remote holds a file."""
    return re.sub(r"^results/\w+/", "", str(path)).startswith(dvc_yaml.REMADE)


def printed_when_made(checkout):
    """What the last command printed that made a shared checkout."""
    return (checkout.folder.parent / "printed.txt").read_text()


def test_the_author_records_what_the_run_made(author):
    tracked = git(author.folder, "ls-files").split()
    assert {"dvc.lock", "results/smoke/tables/claims.md"} <= set(tracked)
    assert not [p for p in tracked if re.match(r"results/smoke/(vae|lm|gaussian|records)/", p)]
    assert sum((author.folder / p).stat().st_size for p in tracked if "published" in p) < 5e6
    assert dvc(author, "status").strip().endswith("up to date.")
    assert git(author.folder, "status", "--short") == ""
    assert "damaged" not in printed_when_made(author)


def test_with_the_tools_own_commands_alone(author, tmp_path):
    """``dvc pull``, then ``snakemake``: all that is named arrives, and nothing is trained."""
    reader = clone_of(author, tmp_path / "reader", "HEAD~1")
    dvc(reader, "pull")
    done = reader.snakemake("-n", "--cores", "1", *SMOKE)
    (counted,) = set(re.findall(r"^total +(\d+)$", succeed(done), re.M))
    assert counted == "2"  # the page, which no remote holds, and the target that asks for it
    reader.run(*SMOKE, "--cores", "1")
    for command in (("status",), ("repro", "--dry"), ("checkout",), ("dag", "--dot")):
        printed = dvc(reader, *command)
        assert not re.search(r"Running|deleted|modified|not in cache", printed), command
    assert git(reader.folder, "status", "--short") == ""
    assert reader.planned() == {}


def test_a_change_of_one_family_plans_this_family_and_what_shows_it(reader):
    reader.replace(SCALE, "train: {epochs: 1,", "train: {epochs: 2,")
    planned = set(reader.planned())
    assert {"vae_train", "vae_generations", "claims", "headline"} <= planned
    others = [rule for rule in planned if rule.startswith(("discrete", "gaussian", "gmm", "lm"))]
    assert not others


def test_a_reader_draws_without_training(reader, author):
    printed = printed_when_made(reader)
    assert " 0 do not" in printed
    assert "still to run: report ×1" in printed
    assert reader.planned() == {"report": 1}  # which is not in git
    results = reader.folder / "results/smoke"
    heavy = [path for path in results.glob("*/*") if path.name in ("models", "samples", "metrics")]
    for folder in (results / "figures", *heavy):  # figures are drawn from the rest
        shutil.rmtree(folder)
    assert not list((reader.folder / "data").rglob("*ubyte"))
    left = [path for path in results.rglob("*/shown/**/*") if path.is_file()]
    assert sum(path.stat().st_size for path in left) < 500_000
    planned = reader.planned()
    assert "vae_samples" in planned
    assert not [rule for rule in planned if TRAINING.search(rule)]
    assert "nothing was trained" in succeed(command(reader, "render", "--cores", "2"))
    assert git(reader.folder, "status", "--short") == ""  # every figure has the bytes in git
    page = "results/smoke/report.html"
    assert (reader.folder / page).read_bytes() == (author.folder / page).read_bytes()
    plan = reader.plan()
    assert (plan["waiting"], plan["differing"]) == ({}, {})
    assert "nothing to draw" in succeed(command(reader, "render"))


def test_a_reader_draws_one_figure_alone(reader):
    figures = reader.folder / "results/smoke/figures"
    for name in ("kde_variance.png", "tail_cutting.png"):
        (figures / name).unlink()
    printed = succeed(command(reader, "figure", "--name", "kde_variance"))
    assert "1 job drew, nothing was trained" in printed
    assert (figures / "kde_variance.png").exists()
    changed = git(reader.folder, "status", "--short").split()
    assert changed == ["D", "results/smoke/figures/tail_cutting.png"]
    line = refusal(command(reader, "figure", "--name", "kde_varance"))
    assert "'kde_varance' is not a figure" in line
    assert "choose one of kde_variance" in line


def test_a_changed_figure_is_drawn_again_and_nothing_else(reader):
    figure = "scripts/jobs/report/feedback_loop_figure.py"
    reader.replace(figure, "ylim=(-1.25, 3.3)", "ylim=(-1.25, 3.4)")
    assert set(reader.planned()) == {"feedback_loop"}


def test_a_reader_makes_tables_and_verifies_a_generation(reader):
    shutil.rmtree(reader.folder / "results/smoke/tables")
    assert not [rule for rule in reader.planned() if TRAINING.search(rule)]
    git(reader.folder, "checkout", "-q", ".")
    printed = succeed(command(reader, "verify", "--deep", "vae/run00/gen02"))
    assert "computed again: 2 of 2 artefacts have the same bytes" in printed
    assert re.search(r"^drawn again: (\d+) of \1 artefacts have the same bytes$", printed, re.M)
    assert "0 outputs that are here differ from what it names" in printed
    assert "must name one job" in refusal(command(reader, "verify", "--deep", "vae/run01"))
    assert "fits 0" in refusal(command(reader, "verify", "--deep", "vae/run09/gen02"))


def test_a_reader_learns_what_is_missing_before_anything_is_computed(reader):
    reader.replace(SCALE, "train: {epochs: 1,", "train: {epochs: 2,")
    for wanted in (["render"], ["figure", "--name", "vae_samples"]):
        line = refusal(command(reader, *wanted))
        assert re.search(r"ERROR: \d+ jobs would have to compute first", line)
    assert not list(reader.folder.glob(".snakemake/locks/*"))
    line = refusal(command(reader, "verify", "--deep", "gaussian/metrics/history_pool"))
    assert (
        "make it by 'make reproduce SCALE=smoke TARGET=results/smoke/gaussian/models/pool" in line
    )


@pytest.mark.parametrize("links", ["hardlink", "symlink"])
def test_no_job_writes_through_a_link_into_the_cache(clone, links):
    dvc(clone, "config", "--local", "cache.type", links)
    succeed(command(clone, "pull", "--what", "gaussian/metrics", "--remote", "store"))
    path = clone.folder / "results/smoke/gaussian/metrics/estimation.npz"
    name = str(path.relative_to(clone.folder))
    assert clone.planned(name) == {}
    assert path.is_symlink() == (links == "symlink")
    assert (path.stat().st_nlink > 1) == (links == "hardlink")
    clone.replace("config.yaml", "  mean: 0.0 ", "  mean: 1.0 ")
    assert "settings.mean was 0.0, now 1.0" in clone.plan()["differing"][name]
    before = files.sha256(path)
    clone.run(*SMOKE, "--cores", "1", "--", name)
    assert files.sha256(path) != before
    for stored in (clone.folder / ".dvc/cache/files/md5").glob("??/*"):
        digest = hashlib.md5(stored.read_bytes()).hexdigest()
        assert digest == (stored.parent.name + stored.name).removesuffix(".dir")


def test_all_that_was_published_can_be_pulled_and_continued(reviewer, author):
    """A clone with everything runs two more generations, and only these."""
    printed = printed_when_made(reviewer)
    assert " 0 do not" in printed
    assert "still to run: report ×1" in printed
    for path in author.folder.glob("results/smoke/*/*/**/*"):
        if path.is_file() and not is_remade(path.relative_to(author.folder)):
            copy = reviewer.folder / path.relative_to(author.folder)
            assert files.sha256(copy) == files.sha256(path)
            assert not copy.is_symlink() and copy.stat().st_nlink == 1
    reviewer.replace(SCALE, "generation: 2\n  images", "generation: 4\n  images")
    planned = reviewer.planned()
    assert planned["vae_train"] == 4
    assert "vae_train_real" not in planned


def test_two_revisions_are_compared_by_their_headline_numbers(reviewer):
    """A wider truth, committed: every σ of the Gaussian chains differs, no perplexity does."""
    numbers = "results/smoke/tables/gaussian.json"
    reviewer.replace("config.yaml", "  std: 1.0                         # ", "  std: 2.0  # ")
    reviewer.run(*SMOKE, "--cores", "2", "--", numbers)
    git(reviewer.folder, "commit", "-aqm", "Wider")
    differing = json.loads(dvc(reviewer, "metrics", "diff", "--json", "HEAD~1"))
    assert list(differing) == [numbers]
    assert set(differing[numbers]) == {"first", "last", "kept"}
    sigma = differing[numbers]["first"]
    assert sigma["new"] / sigma["old"] == pytest.approx(2, rel=1e-3)  # four digits are written
    shown = dvc(reviewer, "plots", "diff", "HEAD~1", "--json", "--out", "plots")
    for plot in ("sigma of Gaussian chains", "perplexity of real text"):
        assert plot in shown


def test_parts_are_pulled_alone(clone):
    succeed(command(clone, "pull", "--what", "lm/metrics", "--remote", "store"))
    assert (clone.folder / "results/smoke/lm/metrics").is_dir()
    assert not (clone.folder / "results/smoke/lm/models").exists()
    assert not (clone.folder / "results/smoke/vae").exists()
    line = refusal(command(clone, "pull", "--what", "nothing"))
    assert "nothing is not a published part of scale smoke: choose from all, " in line
    assert ", kde, kde/metrics, " in line
    printed = succeed(command(clone, "pull", "--family", "kde", "discrete", "--remote", "store"))
    assert (clone.folder / "results/smoke/kde").is_dir()
    assert not (clone.folder / "results/smoke/vae").exists()
    assert "nothing is left to run" in printed  # of these families
    line = refusal(command(clone, "pull", "--family", "kde", "--what", "vae"))
    assert "FAMILY=kde and WHAT=vae exclude each other: drop one." in line


def stages(checkout):
    """Stages of a checkout that dvc.yaml has, all of which dvc.lock records."""
    named, recorded = (
        set(yaml_files.read_yaml(checkout.folder / name)["stages"])
        for name in ("dvc.yaml", "dvc.lock")
    )
    assert named == recorded
    return {name for name in named if not name.startswith("data-")}


def test_a_scale_is_published_family_by_family_next_to_another(new_checkout, tmp_path):
    """Each family alone, then the whole scale, once its configuration lists no others."""
    author, other, partly = new_checkout("families"), ("--scale", "other"), ("--scale", "partly")
    scales = author.folder / "workflow/scales"
    (scales / "other.yaml").write_text("scale: other\nextends: smoke\nfamilies: [kde]\n")
    (scales / "partly.yaml").write_text("scale: partly\nextends: smoke\n")
    versioned(author, "other")
    succeed(author.command("reproduce", *other, "--cores", "2"))
    succeed(author.command("publish", *other))
    whole = {f"other-{name}" for name in ("kde", "tables", "figures", "report")}
    assert stages(author) == whole

    two = ("--family", "discrete", "kde")
    succeed(author.command("reproduce", *partly, "--cores", "2", *two))
    made = {name.split("/")[2] for name in author.hashes("results/partly")}
    assert made == {"discrete", "kde", "tables", "figures", "records"}
    assert not (author.folder / "results/partly/tables/claims.md").exists()
    line = refusal(author.command("publish", *partly, "--family", "gmm"))
    assert 'FAMILY="gmm"\', then publish.' in line
    assert stages(author) == whole
    succeed(author.command("publish", *partly, *two))
    own = {f"partly-{name}" for name in ("discrete", "kde", "tables", "figures")}
    assert stages(author) == whole | own
    succeed(author.command("dvc", "--check"))
    git(author.folder, "add", "-A")
    git(author.folder, "commit", "-qm", "Two scales, of one two families")

    reader = clone_of(author, tmp_path / "reader")
    dvc(reader, "pull")
    chosen = {"scale": "partly", "config": ["families=[discrete, kde]"]}
    assert reader.plan("families", **chosen)["waiting"] == {}
    assert reader.plan(scale="other")["waiting"] == {"report": 1}  # published as before
    for folder in ("tables", "figures"):
        shutil.rmtree(reader.folder / "results/partly" / folder)
    waiting = reader.plan("families", **chosen)["waiting"]
    assert waiting and not [rule for rule in waiting if TRAINING.search(rule)]
    git(reader.folder, "checkout", "-q", ".")
    printed = succeed(reader.command("verify", *partly, "--family", "kde"))
    assert "drawn again: 3 of 3 artefacts have the same bytes" in printed
    assert "results/partly/discrete" not in printed and "unknown" not in printed

    (scales / "partly.yaml").write_text(
        "scale: partly\nextends: smoke\nfamilies: [discrete, kde]\n"
    )
    line = refusal(author.command("publish", *partly, "--family", "gmm"))
    assert "gmm is not among the families of scale partly, which are discrete, kde: add" in line
    succeed(author.command("reproduce", *partly, "--cores", "2"))
    succeed(author.command("publish", *partly))
    assert stages(author) == whole | own | {"partly-report"}
    claims = (author.folder / "results/partly/tables/claims.md").read_text()
    assert "Claims on what was not run are left out: " in claims


def test_artefacts_of_other_settings_are_named_and_made_again(reviewer):
    reviewer.replace(SCALE, "train: {epochs: 1,", "train: {epochs: 2,")
    done = command(reviewer, "pull", "--what", "all", "--remote", "store")
    assert done.returncode == 1
    assert re.search(rf"^differs  {MODEL}: settings.epochs was 1, now 2", done.stdout, re.M)
    assert "run 'make reproduce'; or check out the revision" in done.stdout
    assert not re.search(r"^differs  results/smoke/(lm|gaussian|gmm|discrete)", done.stdout, re.M)
    planned = reviewer.planned()
    assert planned["vae_train"] == 4
    assert not [rule for rule in planned if rule.startswith(("gaussian", "gmm", "lm"))]


def test_the_reviewer_gets_a_verdict_on_every_artefact(reviewer, author):
    """Also on flipped bits, a foreign figure, and a false record, which has the right hash of a
    wrong model: only computing it again shows this."""
    flipped = reviewer.folder / MODEL.replace("run01", "run00")
    data = bytearray(flipped.read_bytes())
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    flipped = str(flipped.relative_to(reviewer.folder))
    figure = "results/smoke/figures/feedback_loop.png"
    shutil.copy(reviewer.folder / "results/smoke/figures/lm_tail.png", reviewer.folder / figure)
    differs = "its bytes differ from its record"
    assert reviewer.plan()["differing"] == {flipped: differs, figure: differs}

    name = MODEL.replace("run01", "run00").replace("gen02", "gen01")
    shutil.copy(reviewer.folder / name, reviewer.folder / MODEL)
    record = reviewer.folder / "results/smoke/records/vae/models/replace/run01/gen02.json"
    content = files.read_json(record)
    content["outputs"][MODEL] = files.sha256(reviewer.folder / MODEL)
    files.write_json(record, content)
    done = command(reviewer, "verify", "--deep", "vae/run01/gen02")
    assert done.returncode == 1
    for path in (flipped, figure):
        assert f"differs  {path}: {differs}" in done.stdout
    known = set(re.findall(r"^(?:matches|differs)  ([^\s:]+)", done.stdout, re.M))
    made = {
        path
        for record in author.folder.glob("results/smoke/records/**/*.json")
        for path in files.read_json(record)["outputs"]
    }
    assert {path for path in made if not is_remade(path)} <= known
    assert not re.search(
        r"^differs  results/smoke/(lm|gaussian|gmm|discrete|kde)", done.stdout, re.M
    )
    assert f"matches  {MODEL}" in done.stdout
    assert re.search(r"^drawn again: (\d+) of \1 artefacts have the same bytes$", done.stdout, re.M)
    assert f"not drawn again: {figure}: it does not match" in done.stdout
    assert f"differs  {MODEL}: computed again, it has other bytes" in done.stdout
    assert "computed again: 1 of 2 artefacts have the same bytes" in done.stdout
    assert "\ndiffers  results/smoke/records/vae: not what dvc.lock names" in done.stdout

    done = command(reviewer, "pull", "--what", "all", "--remote", "store", "--force", "1")
    assert done.returncode == 1  # figures are in git, not in the remote
    assert re.findall(r"^differs  (\S+):", done.stdout, re.M) == [figure]
    succeed(command(reviewer, "render", "--cores", "2"))
    assert git(reviewer.folder, "status", "--short") == ""


def test_only_a_finished_run_without_other_files_is_published(copied):
    versioned(copied)
    stray = copied.folder / MODEL.replace("gen02", "gen09")
    shutil.copy(copied.folder / MODEL, stray)
    name = str(stray.relative_to(copied.folder))
    assert f"no job of this configuration makes {name}" in refusal(command(copied, "publish"))
    printed = succeed(command(copied, "gc"))
    assert name in printed
    assert "nothing was removed" in printed
    assert stray.exists()
    succeed(command(copied, "gc", "--confirm"))
    assert not stray.exists()
    assert copied.planned(*publish.TARGETS) == {}  # nothing keeps this from being published
    folder = copied.folder / "results/smoke/lm/models/preserve10/run00"
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["gen00.safetensors", "gen02.safetensors"]  # the judge, and the last

    (copied.folder / MODEL).unlink()
    (copied.folder / "results/smoke/vae/metrics/replace/run01.npz").unlink()
    line = refusal(command(copied, "publish"))
    assert re.search(r"the run of scale smoke is not finished, \d+ jobs are left", line)
    assert not (copied.folder / "dvc.lock").exists()


def test_dvc_repro_makes_the_same_from_nothing_and_follows_changed_settings(clone):
    """Two families of a clone; then, of results that are kept between runs, those that changed."""
    lock = (clone.folder / "dvc.lock").read_bytes()
    dvc(clone, "repro", "smoke-discrete", "smoke-gaussian")
    assert (clone.folder / "results/smoke/gaussian/metrics/estimation.npz").is_file()
    assert (clone.folder / "dvc.lock").read_bytes() == lock

    path = clone.folder / "results/smoke/discrete/metrics/uniform.npz"
    before = files.sha256(path)
    clone.replace(SCALE, "  states: 50\n", "  states: 60\n")
    assert "dvc.yaml is out of date" in refusal(clone.command("dvc", "--check"))
    succeed(clone.command("dvc"))
    dvc(clone, "repro", "smoke-discrete")
    assert files.sha256(path) != before
    record = files.read_json(clone.folder / "results/smoke/records/discrete/metrics/uniform.json")
    assert record["parameters"]["settings"]["states"] == 60
