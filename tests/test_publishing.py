"""Three people on clean clones: the author publishes, a reader draws, a reviewer verifies."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from pipeline import files
from workflow_tools import SMOKE, Checkout

DRAWING = "scripts/collapse/plotting.py"
SAMPLES = "results/smoke/vae/samples/replace/run01/gen02.npz"
RENDER = {"report"}  # not in git, so that a reader's first run makes it
TRAINING = re.compile(r"train|chain|pretrain|_real|classifier|evaluate|lm_text$|estimation$")


def git(folder, *options):
    """Run git as somebody; returns its output."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@localhost"]
    return subprocess.run(
        ["git", *who, *options], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def command(checkout, name, *options):
    """One of the project's commands for the smoke scale."""
    return checkout.call(sys.executable, f"scripts/{name}.py", "smoke", *options)


def succeed(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sentence(done):
    """The one sentence of a command that failed."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.strip()]
    assert line.startswith("ERROR: ")
    return line


def versioned(checkout):
    """Make the checkout a repository that versions the smoke scale instead of the laptop's."""
    checkout.replace("dvc.yaml", "scales: [laptop] ", "scales: [smoke] ")
    text = (checkout.folder / "dvc.yaml").read_text()
    for laptops, own in (
        ("stage.py laptop", "stage.py smoke"),
        ("results/laptop/", "results/smoke/"),
        ("ddof0_size100", "ddof0_size20"),
    ):
        text = text.replace(laptops, own)
    (checkout.folder / "dvc.yaml").write_text(text)
    (checkout.folder / "dvc.lock").unlink(missing_ok=True)
    shutil.rmtree(checkout.folder / "published", ignore_errors=True)
    ignored = checkout.folder / ".gitignore"
    ignored.write_text(ignored.read_text().replace("/results/smoke/\n", ""))
    git(checkout.folder, "init", "-q", "-b", "main")


@pytest.fixture(scope="session")
def author(finished, tmp_path_factory, worker_id):
    """A finished run, published: figures in the repository, everything in a store beside it."""
    here = tmp_path_factory.getbasetemp()
    place = (here if worker_id == "master" else here.parent) / "author"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            made = Checkout(place.with_name("author-being-made") / "project")
            shutil.rmtree(made.folder, ignore_errors=True)  # of a test that failed here
            shutil.copytree(finished.folder, made.folder)
            versioned(made)
            text = (made.folder / ".dvc/config").read_text()
            store = "['remote \"store\"']\n    url = ../../store\n    verify = true\n"
            (made.folder / ".dvc/config").write_text(text + store)
            succeed(command(made, "publish"))
            succeed(command(made, "publish", "all", "store"))
            git(made.folder, "add", "-A")
            git(made.folder, "commit", "-qm", "A run")
            made.folder.parent.rename(place)
    return Checkout(place / "project")


@pytest.fixture
def clone(author, tmp_path):
    """Factory of fresh clones of the author's repository; the store lies beside it, too."""

    def make(name="clone"):
        folder = tmp_path / name / "project"
        folder.parent.mkdir()
        git(tmp_path, "clone", "-q", author.folder, folder)
        (folder.parent / "store").symlink_to(author.folder.parent / "store")
        return Checkout(folder)

    return make


def test_the_author_records_what_the_run_made(author):
    tracked = git(author.folder, "ls-files").split()
    assert {"dvc.lock", "results/smoke/tables/claims.md"} <= set(tracked)
    assert not [p for p in tracked if re.match(r"results/smoke/(vae|lm|gaussian|records)/", p)]
    assert sum((author.folder / p).stat().st_size for p in tracked if "published" in p) < 5e6
    assert (
        succeed(author.call(sys.executable, "-m", "dvc", "status")).strip().endswith("up to date.")
    )
    assert git(author.folder, "status", "--short") == ""


def test_publishing_again_changes_nothing(author):
    lock = (author.folder / "dvc.lock").read_bytes()
    said = succeed(command(author, "publish"))
    assert "damaged" not in said
    assert (author.folder / "dvc.lock").read_bytes() == lock


def test_a_reader_draws_without_training(clone, author):
    reader = clone()
    said = succeed(command(reader, "pull"))
    assert " 0 do not" in said
    assert "still to be run: report ×1" in said
    assert not (reader.folder / "results/smoke/vae/models").exists()
    planned = reader.planned()
    assert set(planned) == RENDER
    shutil.rmtree(reader.folder / "results/smoke/figures")
    planned = reader.planned()
    assert not [rule for rule in planned if TRAINING.search(rule)]
    assert "nothing was trained" in succeed(command(reader, "render", "2"))
    assert git(reader.folder, "status", "--short") == ""  # every figure has the bytes in git
    page = "results/smoke/report.html"
    assert (reader.folder / page).read_bytes() == (author.folder / page).read_bytes()
    assert "nothing is left to be run" in succeed(command(reader, "accept"))
    assert reader.planned() == {}
    assert "nothing to draw" in succeed(command(reader, "render"))


def test_a_changed_figure_is_drawn_again_and_nothing_else(clone):
    reader = clone()
    succeed(command(reader, "pull"))
    reader.replace("scripts/figures/feedback_loop.py", "ylim=(0, 3.6)", "ylim=(0, 3.7)")
    assert set(reader.planned()) == {"feedback_loop"}


def test_a_reader_is_told_before_anything_would_be_computed(clone):
    """A table that has to be made again needs what was not pulled."""
    reader = clone()
    succeed(command(reader, "pull"))
    (reader.folder / "results/smoke/tables/claims.csv").unlink()
    said = sentence(command(reader, "render"))
    assert re.search(r"ERROR: \d+ jobs would have to compute first", said)
    assert "WHAT=discrete,gaussian,gmm,lm REMOTE=...' brings what is missing" in said
    assert not (reader.folder / "results/smoke/vae/samples").exists()


@pytest.mark.parametrize("links", ["copy", "hardlink", "symlink"])
def test_no_job_writes_through_a_link_into_the_cache(clone, links):
    other = clone()
    succeed(other.call(sys.executable, "-m", "dvc", "config", "--local", "cache.type", links))
    succeed(command(other, "pull", "all", "store"))
    assert other.planned() == {}
    path = other.folder / "results/smoke/gaussian/samples/real/size20/batch00.npz"
    assert path.is_symlink() == (links == "symlink")
    assert (path.stat().st_nlink > 1) == (links == "hardlink")
    other.replace("config.yaml", "  mean: 0.0 ", "  mean: 1.0 ")
    said = command(other, "accept").stdout
    assert "settings.mean was 0.0 and is 1.0" in said
    before = files.sha256(path)
    other.run(*SMOKE, "--cores", "1", "--", str(path.relative_to(other.folder)))
    assert files.sha256(path) != before
    for stored in (other.folder / ".dvc/cache/files/md5").glob("??/*"):
        digest = hashlib.md5(stored.read_bytes()).hexdigest()
        assert digest == (stored.parent.name + stored.name).removesuffix(".dir")


def test_all_that_was_published_can_be_pulled_and_continued(clone, author):
    """A clone with everything runs two more generations, and only these."""
    other = clone()
    said = succeed(command(other, "pull", "all", "store"))
    assert " 0 do not; 0 are not here" in said
    assert "nothing is left to be run" in said
    for path in author.folder.glob("results/smoke/*/*/**/*"):
        if path.is_file():
            copy = other.folder / path.relative_to(author.folder)
            assert files.sha256(copy) == files.sha256(path)
    other.replace(
        "workflow/scales/smoke.yaml", "generation: 2\n  images", "generation: 4\n  images"
    )
    planned = other.planned()
    assert planned["vae_train"] == 4
    assert "vae_train_real" not in planned


def test_two_revisions_are_compared_by_their_headline_numbers(clone):
    """A wider truth, committed: every σ of the Gaussian chains differs, no perplexity does."""
    other, table = clone(), "results/smoke/tables/headline"
    succeed(command(other, "pull", "all", "store"))
    other.replace("config.yaml", "  std: 1.0                         # ", "  std: 2.0  # ")
    other.run(*SMOKE, "--cores", "2", "--", f"{table}.json")
    git(other.folder, "commit", "-aqm", "Wider")
    dvc = [sys.executable, "-m", "dvc"]
    told = json.loads(succeed(other.call(*dvc, "metrics", "diff", "--json", "HEAD~1")))
    changed = {name.rsplit(".", 1)[0] for name in told[f"{table}.json"]}
    written = files.read_json(other.folder / f"{table}.json")
    assert changed == {name for name in written if name.startswith("gaussian_")}
    sigma = told[f"{table}.json"]["gaussian_replace_ddof0_size20_std.first"]
    assert sigma["new"] / sigma["old"] == pytest.approx(2, rel=1e-5)  # six digits are written
    succeed(other.call(*dvc, "plots", "diff", "HEAD~1", "--json", "--out", "plots"))
    shown = succeed(other.call(*dvc, "plots", "diff", "HEAD~1", "--json"))
    for plot in ("sigma of Gaussian chains", "perplexity of real text"):
        assert plot in shown


def test_parts_are_pulled_alone(clone):
    other = clone()
    succeed(command(other, "pull", "lm/metrics", "store"))
    assert (other.folder / "results/smoke/lm/metrics").is_dir()
    assert not (other.folder / "results/smoke/lm/models").exists()
    assert not (other.folder / "results/smoke/vae").exists()
    assert "WHAT=nothing is no part of scale smoke" in sentence(command(other, "pull", "nothing"))


def test_artefacts_of_other_settings_are_named_and_not_taken(clone):
    other = clone()
    other.replace("workflow/scales/smoke.yaml", "train: {epochs: 1,", "train: {epochs: 2,")
    done = command(other, "pull", "all", "store")
    assert done.returncode == 1
    assert re.search(rf"^differs  {SAMPLES}: settings.epochs was 1 and is 2", done.stdout, re.M)
    assert "compute it again with 'make reproduce', or check out the revision" in done.stdout
    assert not re.search(r"^differs  results/smoke/(lm|gaussian|gmm|discrete)", done.stdout, re.M)
    planned = other.planned()
    assert planned["vae_train"] == 4
    assert not [rule for rule in planned if rule.startswith(("gaussian", "gmm", "lm"))]


def test_the_reviewer_gets_a_verdict_on_every_artefact(clone, author):
    reviewer = clone()
    succeed(command(reviewer, "pull", "all", "store"))
    said = succeed(command(reviewer, "verify", "vae/run01/gen02"))
    known = {line.split()[1] for line in said.splitlines() if line.startswith("matches  ")}
    made = {
        path
        for record in author.folder.glob("results/smoke/records/**/*.json")
        for path in files.read_json(record)["outputs"]
    }
    assert made <= known
    assert re.search(r"^drawn again: (\d+) of \1 artefacts have the same bytes$", said, re.M)
    assert "computed again: 3 of 3 artefacts have the same bytes" in said
    assert "0 outputs that are here differ from what it names" in said


def test_the_reviewer_sees_a_flipped_bit_and_a_figure_that_is_not_the_codes(clone):
    reviewer = clone()
    succeed(command(reviewer, "pull", "all", "store"))
    path = reviewer.folder / SAMPLES
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)
    figure = "results/smoke/figures/feedback_loop.png"
    shutil.copy(reviewer.folder / "results/smoke/figures/lm_tail.png", reviewer.folder / figure)
    done = command(reviewer, "verify")
    assert done.returncode == 1
    for changed in (SAMPLES, figure):
        assert f"differs  {changed}: its bytes are not those that its job made" in done.stdout
    assert "2 do not" in done.stdout
    done = command(reviewer, "pull", "all", "store", "1")
    assert done.returncode == 1  # figures are git's, not the remote's
    differing = re.findall(r"^differs  (\S+):", done.stdout, re.M)
    assert differing == [figure]
    succeed(command(reviewer, "render", "2"))
    assert git(reviewer.folder, "status", "--short") == ""


def test_a_record_that_lies_is_found_out_by_computing_again(clone):
    """Samples of another run with a record to match: right in all hashes, but not reproducible."""
    reviewer = clone()
    succeed(command(reviewer, "pull", "all", "store"))
    path, other = reviewer.folder / SAMPLES, reviewer.folder / SAMPLES.replace("run01", "run00")
    shutil.copy(other, path)
    record = reviewer.folder / "results/smoke/records/vae/models/replace/run01/gen02.json"
    told = files.read_json(record)
    told["outputs"][SAMPLES] = files.sha256(path)
    files.write_json(record, told)
    done = command(reviewer, "verify", "vae/run01/gen02")
    assert done.returncode == 1
    assert f"differs  {SAMPLES}: computed again, it has other bytes" in done.stdout
    assert re.search(
        r"^differs  results/smoke/records/vae: it is not what dvc.lock", done.stdout, re.M
    )


def test_computing_again_needs_the_predecessor_and_one_job(clone):
    reviewer = clone()
    succeed(command(reviewer, "pull"))
    said = sentence(command(reviewer, "verify", "vae/run01/gen02"))
    assert "which is not here: 'make pull WHAT=vae'" in said
    assert "must name one job" in sentence(command(reviewer, "verify", "vae/run01"))
    assert "fits 0" in sentence(command(reviewer, "verify", "vae/run09/gen02"))


def test_an_unfinished_run_is_not_published(copied):
    versioned(copied)
    (copied.folder / SAMPLES).unlink()
    (copied.folder / "results/smoke/vae/metrics/replace/run01.npz").unlink()
    said = sentence_after_table(command(copied, "publish"))
    assert "is not finished" in said
    assert not (copied.folder / "dvc.lock").exists()


def sentence_after_table(done):
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_files_of_no_job_are_not_published_and_can_be_freed(copied):
    versioned(copied)
    stray = copied.folder / SAMPLES.replace("gen02", "gen09")
    shutil.copy(copied.folder / SAMPLES, stray)
    assert "is made by no job of this configuration" in sentence(command(copied, "publish"))
    said = succeed(command(copied, "cleanup"))
    assert str(stray.relative_to(copied.folder)) in said
    assert "nothing was removed" in said
    assert stray.exists()
    succeed(command(copied, "cleanup", "1"))
    assert not stray.exists()
    assert copied.planned() == {}
    models = sorted(
        p.name for p in (copied.folder / "results/smoke/vae/models/replace").rglob("*t*s")
    )
    assert models == ["gen02.safetensors", "gen02.safetensors"]  # the last of both runs


def test_dvc_repro_does_the_same_from_nothing(clone):
    """Of a clone with nothing but git, one family: computed, recorded, and the same bytes."""
    other = clone()
    lock = (other.folder / "dvc.lock").read_bytes()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "discrete@smoke", "gaussian@smoke"],
        cwd=other.folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (other.folder / "results/smoke/gaussian/metrics/estimation.npz").is_file()
    assert (other.folder / "dvc.lock").read_bytes() == lock


def test_dvc_adopts_nothing_that_other_settings_made(clone):
    """With artefacts kept between runs, DVC alone would write the new settings over old results."""
    other = clone()
    succeed(command(other, "pull", "all", "store"))
    other.replace("workflow/scales/smoke.yaml", "  states: 50\n", "  states: 60\n")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    path = other.folder / "results/smoke/discrete/metrics/uniform.npz"
    before = files.sha256(path)
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "discrete@smoke"],
        cwd=other.folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert files.sha256(path) != before
    record = files.read_json(other.folder / "results/smoke/records/discrete/metrics/uniform.json")
    assert record["parameters"]["settings"]["states"] == 60
