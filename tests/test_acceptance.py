"""Snakemake takes pulled artefacts exactly if they belong to this code and configuration."""

import os
import random
import shutil
import sys

import pytest
from collapse import files
from test_workflow import CHANGES, SMOKE, VAE_RULES

SAMPLES = "results/smoke/vae/samples/replace/run00/gen01.npz"


def shuffle_times(folder, seed=1):
    """Modification times as a download in parallel leaves them: in no order."""
    chance = random.Random(seed)
    for path in sorted(path for path in (folder / "results").rglob("*") if path.is_file()):
        moment = 1.7e9 + chance.random()
        os.utime(path, (moment, moment))


def accept(checkout):
    """Judge and tell Snakemake; the finished process."""
    return checkout.call(sys.executable, "scripts/accept.py", "smoke")


def differing(checkout):
    """Paths that are named as not matching, with the reason."""
    lines = accept(checkout).stdout.splitlines()
    named = [line.removeprefix("differs  ") for line in lines if line.startswith("differs")]
    return dict(line.split(": ", 1) for line in named)


def rules_of(checkout, paths):
    """The rules that made these results, after their records; without the report, as `planned`."""
    made = {}
    for path in checkout.folder.glob("results/smoke/records/**/*.json"):
        record = files.read_json(path)
        made |= dict.fromkeys(record["outputs"], record["rule"])
    return {made[path] for path in paths} - {"report"}


@pytest.fixture
def arrived(copied):
    """The finished run's artefacts as after a clone and a pull: no memory, times in no order."""
    copied.forget()
    shuffle_times(copied.folder)
    return copied


def test_without_acceptance_snakemake_would_run_jobs_in_vain(arrived):
    """The negative control of all that follows."""
    assert len(arrived.planned()) > 5


def test_what_belongs_to_this_code_and_configuration_is_taken(arrived):
    done = accept(arrived)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 do not; 0 are not here" in done.stdout
    assert "nothing is left to be run" in done.stdout
    assert arrived.planned() == {}
    for path in (arrived.folder / "scripts").rglob("*.py"):
        path.touch()  # as a checkout of another revision and back does
    assert arrived.planned() == {}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_number_is_named_where_it_matters_only(arrived, change):
    old, new, expected = CHANGES[change]
    arrived.replace("workflow/scales/smoke.yaml", old, new)
    named = differing(arrived)
    here = expected - {"gmm_real"}  # a changed truth is another file
    if change in ("vae-generations", "gaussian-runs", "gmm-generations"):
        # nothing that was trained is wrong, there is only more to train
        assert rules_of(arrived, named) <= expected
        assert not {"vae_train", "gaussian_chain", "gmm_chain"} & rules_of(arrived, named)
    else:
        assert here <= rules_of(arrived, named) | {"gmm_real"}
        assert rules_of(arrived, named) <= expected
    assert set(arrived.planned()) == expected
    arrived.replace("workflow/scales/smoke.yaml", new, old)
    assert differing(arrived) == {}
    assert arrived.planned() == {}


def test_two_swapped_numbers_are_seen(arrived):
    arrived.replace("config.yaml", "learning_rate: 1.0e-3 ", "learning_rate: 1.0e-5 ")
    arrived.replace("config.yaml", "weight_decay: 1.0e-5 ", "weight_decay: 1.0e-3 ")
    named = differing(arrived)
    assert rules_of(arrived, named) == VAE_RULES - {"vae_generations_table"}
    assert "settings.learning_rate was 0.001 and is 1e-05" in named[SAMPLES]
    assert set(arrived.planned()) == VAE_RULES


def test_an_edited_library_function_is_seen_though_it_is_older_than_what_arrived(arrived):
    edited = arrived.folder / "scripts/collapse/theory.py"
    arrived.replace("scripts/collapse/theory.py", "return 1.5 * np.as", "return 1.50 * np.as")
    os.utime(edited, (1e9, 1e9))
    named = differing(arrived)
    assert "results/smoke/tables/gaussian_theory.csv" in named
    assert (
        "scripts/collapse/theory.py has changed"
        in named["results/smoke/tables/gaussian_theory.csv"]
    )
    assert rules_of(arrived, named) == set(arrived.planned())
    assert not [path for path in named if "/vae/" in path or "/lm/" in path]


def test_a_changed_seed_rule_is_seen_though_no_settings_tell(arrived):
    """Seeds are parameters that no settings record holds: records do."""
    arrived.replace("workflow/rules/vae.smk", 'seed_of("vae", "classifier")', 'seed_of("vae", "c")')
    named = differing(arrived)
    assert "seed was " in named["results/smoke/vae/models/digit_classifier.safetensors"]
    assert "digit_classifier" in arrived.planned()


def test_a_swapped_file_is_named_alone_and_made_again(arrived):
    shutil.copy(arrived.folder / SAMPLES.replace("run00", "run01"), arrived.folder / SAMPLES)
    assert differing(arrived) == {SAMPLES: "its bytes are not those that its job made"}
    planned = arrived.planned()
    assert planned["vae_train"] >= 1
    assert not [rule for rule in planned if rule.startswith(("gaussian", "gmm", "lm"))]
    expected = files.read_json(
        arrived.folder / "results/smoke/records/vae/models/replace/run00/gen01.json"
    )["outputs"][SAMPLES]
    arrived.run(*SMOKE, "--cores", "2", "--", SAMPLES)
    assert files.sha256(arrived.folder / SAMPLES) == expected


def test_checkpoints_that_are_not_here_are_not_missed(arrived):
    for family in ("vae", "lm", "gaussian", "gmm"):
        shutil.rmtree(arrived.folder / "results/smoke" / family / "models")
    done = accept(arrived)
    assert done.returncode == 0
    assert "nothing is left to be run" in done.stdout
    assert arrived.planned() == {}


def test_results_without_a_record_are_not_taken(arrived):
    shutil.rmtree(arrived.folder / "results/smoke/records/vae")
    named = differing(arrived)
    assert named[SAMPLES] == "it has no record"
    assert set(arrived.planned()) >= {"vae_train", "vae_train_real", "vae_evaluate"}


def test_a_killed_job_that_wrote_half_is_not_taken(arrived):
    path = arrived.folder / SAMPLES
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert list(differing(arrived)) == [SAMPLES]


def test_a_run_that_was_interrupted_goes_on_in_another_place(arrived, finished):
    """Half of the results, carried there as files: the other half is run, to the same bytes."""
    results = arrived.folder / "results/smoke"
    unfinished = (
        "vae/*/replace/**/gen02.*",
        "vae/metrics/replace/*.npz",
        "lm/**/gen02.*",
        "lm/metrics/*/*/perplexity.npz",
        "*.html",
    )
    for path in [path for pattern in unfinished for path in results.glob(pattern)]:
        path.unlink()
    for part in ("figures", "tables", "gmm/shown"):
        shutil.rmtree(results / part)
    assert " 0 do not" in accept(arrived).stdout
    planned = arrived.planned()
    assert planned["vae_train"] == 2
    assert planned["lm_train"] == 2
    assert not {"vae_train_real", "lm_train_real", "gaussian_chain", "gmm_chain"} & set(planned)
    arrived.run(*SMOKE, "--cores", "2")
    assert arrived.hashes("results/smoke") == finished.hashes("results/smoke")
