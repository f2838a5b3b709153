"""Which jobs run again: exactly those whose records do not fit today's plan."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from pipeline import files, hashes
from workflow_tools import HASHES, identity

MODEL = "results/smoke/vae/models/replace/run00/gen01.safetensors"
SCALE = "workflow/scales/smoke.yaml"
N_VAE_RUNS = 2
N_CHAINS = 2 * 2  # regimes × ddof
JUDGED = {"claims", "claims_later", "collapse_profile"}
CONCLUSIONS = JUDGED | {"headline"}
VAE_RULES = CONCLUSIONS | {
    *("vae_train", "vae_train_real", "vae_evaluate", "vae_generations"),
    *("vae_grid", "vae_samples", "vae_latent_density", "vae_moments"),
}
FIRST = {"vae_train_real", "vae_grid", "vae_samples"}
GAUSSIAN_TABLES = {
    "gaussian_history",
    *("gaussian_errors", "gaussian_theory", "gaussian_wasserstein"),
    *("gaussian_steps", "gaussian_replace", "gaussian_regimes"),
    "fidelity",  # shows what ddof changes
    "headline",
}
GAUSSIAN_RULES = GAUSSIAN_TABLES | JUDGED | {"gaussian_real", "gaussian_chain"}
GROWING_RULES = JUDGED | {
    *("gaussian_growing_chains", "gaussian_growing_table", "gaussian_growing"),
}
DISCRETE_RULES = JUDGED | {
    *("discrete_chain", "discrete_absorption_table", "discrete_absorption"),
}
GMM_RULES = CONCLUSIONS | {
    *("gmm_chain", "gmm_draw", "gmm_generations", "gmm_l2", "gmm_samples", "fidelity"),
}
# what is edited in smoke.yaml; the rules whose jobs run again
CHANGES = {
    "epochs": ("train: {epochs: 1,", "train: {epochs: 2,", VAE_RULES),
    "learning-rate": ("batch_size: 50", "batch_size: 50, learning_rate: 2.0e-3", VAE_RULES),
    "gaussian-runs": ("  runs: 40\n", "  runs: 80\n", GAUSSIAN_RULES),
    "vae-generations": ("generation: 2\n  images", "generation: 3\n  images", VAE_RULES - FIRST),
    "ddof": ("  ddof: [0, 1]", "  ddof: [0]", GAUSSIAN_TABLES | GROWING_RULES),
    "states": ("  states: 50\n", "  states: 60\n", DISCRETE_RULES),
    "gmm-generations": ("last_generation: 4}", "last_generation: 5}", GMM_RULES),
    "gmm-truth": ("gmm:\n", "gmm:\n  truths: {one_blob: {std: 2}}\n", GMM_RULES | {"gmm_real"}),
    "gmm-tolerance": ("gmm:\n", "gmm:\n  fit: {tol: 0.1}\n", GMM_RULES),
    "kde": (
        "20], last_generation: 3",
        "20], last_generation: 4",
        {"kde_chains", "kde_generations", "kde_variance"},
    ),
    "figure": ("rows: 5", "rows: 4", {"vae_grid", "vae_samples"}),
}
MORE = {"gaussian-runs", "vae-generations", "gmm-generations"}  # nothing that exists is wrong
# editing a file of code: the rules whose jobs run again
EDITS = {
    "a function of a library": (
        "scripts/collapse/theory.py",
        "return 1.5 * np.as",
        "return 1.50000001 * np.as",
        JUDGED | {"gaussian_theory", "gaussian_wasserstein", "fidelity"},
    ),
    "a function that nothing uses": (
        "scripts/collapse/process/generations.py",
        "def _choose(",
        "def unused():\n    return 1\n\n\ndef _choose(",
        set(),
    ),
    "an adapter": (
        "scripts/jobs/report/feedback_loop_figure.py",
        "ylim=(-1.25, 3.3)",
        "ylim=(-1.25, 3.4)",
        {"feedback_loop"},
    ),
    "a caption": ("workflow/report/feedback_loop.md", "**", "**\n**", {"feedback_loop"}),
    "a seed's label": (
        "workflow/rules/vae.smk",
        'seed_of("vae", "classifier")',
        'seed_of("vae", "another")',
        CONCLUSIONS | {"digit_classifier", "vae_evaluate", "vae_generations", "vae_latent_density"}
        | {"vae_moments"},
    ),
}  # fmt: skip


def shuffle_times(folder, seed=1):
    """Modification times as a parallel download leaves them: in no order."""
    chance = random.Random(seed)
    for path in sorted(path for path in (folder / "results").rglob("*") if path.is_file()):
        moment = 1.7e9 + chance.random()
        os.utime(path, (moment, moment))


def edit(checkout, file, old, new):
    """Replace the first occurrence of a text in a file."""
    path = checkout.folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def rules_of(plan, paths):
    return {plan["rules"][path] for path in paths} - {"report"}


@pytest.fixture
def arrived(copied):
    """The finished run's results as after a clone and a pull: no memory, times in no order."""
    copied.forget()
    shuffle_times(copied.folder)
    return copied


def test_results_that_fit_are_up_to_date_wherever_they_came_from(arrived):
    shutil.rmtree(arrived.folder / ".snakemake")  # with the hashes
    plan = arrived.plan()
    assert (plan["waiting"], plan["differing"], plan["absent"]) == ({}, {}, 0)
    for path in (arrived.folder / "scripts").rglob("*.py"):
        path.touch()  # as after checking out another revision and back
    assert arrived.planned() == {}


def test_plain_snakemake_agrees_and_writes_nothing(arrived):
    before = arrived.hashes("results")
    done = arrived.run("-n", "--config", "scale=smoke")
    assert "Nothing to be done" in done.stdout + done.stderr
    assert arrived.hashes("results") == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_number_reruns_what_depends_on_it_only(arrived, change):
    old, new, expected = CHANGES[change]
    arrived.replace(SCALE, old, new)
    plan = arrived.plan()
    assert set(plan["waiting"]) == expected
    named = rules_of(plan, plan["differing"])
    assert named <= expected
    if change in MORE:
        assert not {"vae_train", "gaussian_chain", "gmm_chain"} & named
    else:
        assert expected <= named | {"gmm_real"}  # another truth's samples are another file


def test_a_number_that_is_changed_back_reruns_nothing(arrived):
    old, new, _ = CHANGES["epochs"]
    arrived.replace(SCALE, old, new)
    assert arrived.planned() != {}
    arrived.replace(SCALE, new, old)
    plan = arrived.plan()
    assert (plan["waiting"], plan["differing"]) == ({}, {})


def test_two_swapped_numbers_are_seen(arrived):
    arrived.replace("config.yaml", "learning_rate: 1.0e-3 ", "learning_rate: 1.0e-5 ")
    arrived.replace("config.yaml", "weight_decay: 1.0e-5 ", "weight_decay: 1.0e-3 ")
    plan = arrived.plan()
    assert set(plan["waiting"]) == VAE_RULES
    assert "settings.learning_rate was 0.001, now 1e-05" in plan["differing"][MODEL]


@pytest.mark.parametrize("edited", EDITS)
def test_edited_code_reruns_its_dependants_only_whatever_its_time_stamp(arrived, edited):
    file, old, new, expected = EDITS[edited]
    edit(arrived, file, old, new)
    os.utime(arrived.folder / file, (1e9, 1e9))
    plan = arrived.plan()
    assert set(plan["waiting"]) == expected
    assert rules_of(plan, plan["differing"]) == expected


def test_comments_docstrings_and_layout_rerun_nothing(arrived):
    for path in (arrived.folder / "scripts").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith('"""')
        path.write_text('"""Another docstring."""  # and a comment\n\n' + text.split('"""', 2)[2])
    edit(arrived, "config.yaml", "# root of", "# the root of")
    edit(arrived, "workflow/rules/gmm.smk", "rule gmm_real:\n", "rule gmm_real:\n    # real\n")
    assert arrived.planned() == {}


def test_where_mnist_comes_from_does_not_matter(arrived):
    arrived.replace("config.yaml", "    source: auto ", "    source: package ")
    assert arrived.planned() == {}


def _swap(folder):
    shutil.copy(folder / MODEL.replace("run00", "run01"), folder / MODEL)


def _flip(folder):
    path = folder / MODEL
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut(folder):
    path = folder / MODEL
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [_swap, _flip, _cut])
def test_a_damaged_file_is_named_alone_and_made_again(arrived, damage):
    """The modification time is put back, as a copy with ``cp -p`` would."""
    arrived.planned()  # so that the cache knows the right bytes
    status = (arrived.folder / MODEL).stat()
    damage(arrived.folder)
    os.utime(arrived.folder / MODEL, ns=(status.st_atime_ns, status.st_mtime_ns))
    plan = arrived.plan()
    assert plan["differing"] == {MODEL: "its bytes differ from its record"}
    assert plan["waiting"]["vae_train"] >= 1
    assert not [rule for rule in plan["waiting"] if rule.startswith(("gaussian", "gmm", "lm"))]


def test_what_does_not_match_is_named_and_made_again(arrived):
    record = arrived.folder / "results/smoke/records/vae/models/replace/run00/gen01.json"
    expected = files.read_json(record)["outputs"][MODEL]
    _swap(arrived.folder)
    for path in (arrived.folder / "results/smoke/vae").rglob("*.*"):
        os.utime(path, (4e9, 4e9))  # files dated in the future are no reason to stop
    done = arrived.run("--config", "scale=smoke", "--cores", "2", "--", MODEL)
    assert f"{MODEL}: its bytes differ from its record" in done.stderr
    assert files.sha256(arrived.folder / MODEL) == expected
    taken = files.read_json(arrived.folder / ".snakemake/inputs.json")  # jobs compare with these
    assert taken == {path: files.sha256(arrived.folder / path) for path in taken} != {}


def cut(path):
    """Leave the first half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_a_digit(path):
    path.write_text(path.read_text().replace("1", "2", 1))


def flip(path):
    """Change one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap(path):
    """Exchange with the file of another regime, as by ``mv``."""
    other = path.with_name(path.name + ".kept")
    path.rename(other)
    Path(str(path).replace("/replace/", "/pool/")).rename(path)
    other.rename(str(path).replace("/replace/", "/pool/"))


CHAIN = "gaussian/models/{}/ddof0/size20/batch00/gen0010.npz"
DAMAGE = {
    "data/mnist/MNIST/raw/train-images-idx3-ubyte": flip,
    "data/mnist/SHA256SUMS": change_a_digit,
    f"results/smoke/{CHAIN.format('replace')}": swap,
    "results/smoke/vae/models/replace/run00/gen02.safetensors": flip,
    "results/smoke/tables/gmm_generations.csv": cut,
    "results/smoke/tables/kde_generations.csv": change_a_digit,
    "results/smoke/figures/lm_tail.png": cut,
    "results/smoke/report.html": cut,
}


def test_all_damage_is_named_also_what_a_disk_has_hidden_from_the_cache(arrived):
    """Of data, chains, models, tables, figures and the page, with the times that they had."""
    folder = arrived.folder
    damaged = [*DAMAGE, f"results/smoke/{CHAIN.format('pool')}"]
    before = {path: ((folder / path).stat(), files.sha256(folder / path)) for path in damaged}
    for path, damage in DAMAGE.items():
        damage(folder / path)
    for path, (status, _) in before.items():
        os.utime(folder / path, ns=(status.st_atime_ns, status.st_mtime_ns))
    expected = dict.fromkeys(damaged, "its bytes differ from its record")
    plan = arrived.plan()
    assert plan["differing"] == expected
    made = {"mnist", "mnist_sums", "gmm_generations", "kde_generations", "lm_tail", "report"}
    assert made <= set(plan["waiting"]) | {"report"}

    cache = folder / HASHES
    entries = json.loads(cache.read_text().partition("\n")[2])
    for path, (_, digest) in before.items():
        entries[f"sha256:{path}"] = [identity(folder / path), digest]
    cache.write_text(hashes.dumped(entries))
    assert arrived.plan()["differing"] == {}  # a control: the cache cannot know
    assert arrived.plan(fresh=True)["differing"] == expected  # as 'make verify' looks
    assert arrived.plan()["differing"] == expected  # so that its advice works


def test_missing_checkpoints_are_not_missed(arrived):
    for family in ("vae", "lm", "gaussian", "gmm"):
        shutil.rmtree(arrived.folder / "results/smoke" / family / "models")
    assert arrived.planned() == {}


@pytest.mark.parametrize("content", [None, "[1]", "{", '{"rule": "vae_train"}'])
def test_results_without_a_whole_record_are_made_again(arrived, content):
    record = arrived.folder / "results/smoke/records/vae/models/replace/run00/gen01.json"
    record.unlink() if content is None else record.write_text(content)
    plan = arrived.plan()
    assert plan["differing"][MODEL] == "it has no record"
    assert plan["waiting"]["vae_train"] == 2  # and the generation after it


PRETRAINED, FIRST = (
    f"results/smoke/lm/models/{name}.safetensors"
    for name in ("pretrained/model", "preserve10/run01/gen00")
)


def test_an_interrupted_run_is_resumed_in_another_place(arrived, finished):
    """Carried there as files, two of which arrived cut: these and what is missing are made, and
    what follows from them, to the same bytes."""
    results = arrived.folder / "results/smoke"
    unfinished = (
        "vae/*/replace/**/gen02.*",
        "vae/metrics/replace/*.npz",
        "lm/**/gen02.*",
        "lm/metrics/*/*/losses.npz",
        "tables/*",
        "gmm/shown/**/*.*",
    )
    for path in [path for pattern in unfinished for path in results.glob(pattern)]:
        path.unlink()
    tables = [path for path in finished.hashes("results/smoke/tables") if path.endswith(".csv")]
    plan = arrived.plan()
    assert plan["differing"] == {}
    assert plan["waiting"]["vae_train"] == plan["waiting"]["lm_train"] == 2
    again = {"vae_train_real", "lm_train_real", "gaussian_chain", "gmm_chain"}
    assert not again & set(plan["waiting"])

    for path in (PRETRAINED, FIRST):
        (arrived.folder / path).write_bytes((arrived.folder / path).read_bytes()[:-1000])
    differs = "its bytes differ from its record"
    assert arrived.plan()["differing"] == {PRETRAINED: differs, FIRST: differs}
    shown = [path for path in finished.hashes("results/smoke/gmm/shown") if path.endswith(".npz")]
    # all that was trained from the pretrained model fits again; test_publishing.py draws figures
    for cut_off, targets in ((PRETRAINED, [PRETRAINED]), (FIRST, tables + shown)):
        done = arrived.run("--config", "scale=smoke", "--cores", "2", "--", *targets)
        assert f"{cut_off}: {differs}" in done.stderr
    assert arrived.hashes("results/smoke") == finished.hashes("results/smoke")


def test_a_deleted_intermediate_generation_is_made_again_only_if_needed(arrived):
    block = "results/smoke/gaussian/models/pool/ddof0/size20/batch00/gen0010.npz"
    for name in (MODEL, block):
        (arrived.folder / name).unlink()
    assert arrived.planned() == {}
    assert arrived.planned(MODEL) == {"vae_train": 1}
    # a forced job's dependants run again, as Snakemake's users expect
    forced = arrived.run("-n", "--config", "scale=smoke", "--forcerun", "vae_train").stdout
    assert "vae_evaluate" in forced
    assert "claims" in forced


def test_data_that_are_made_again_train_nothing_again(arrived):
    """More generations need MNIST, which is not here; what was trained on it stays as it is."""
    shutil.rmtree(arrived.folder / "data/mnist/MNIST")
    assert arrived.planned() == {}
    arrived.replace(SCALE, "generation: 2\n  images", "generation: 3\n  images")
    planned = arrived.planned()
    assert planned["vae_train"] == N_VAE_RUNS
    assert "mnist" in planned
    assert "vae_train_real" not in planned


def test_more_generations_run_more_generations_only(arrived):
    """Of networks a job each, of cheap families one more block."""
    arrived.replace(SCALE, "generation: 2\n  images", "generation: 4\n  images")
    arrived.replace(SCALE, "last_generation: 20", "last_generation: 22")
    arrived.replace(SCALE, "last_generation: 4}", "last_generation: 6}")
    planned = arrived.planned()
    assert planned["vae_train"] == 2 * N_VAE_RUNS
    assert planned["gaussian_chain"] == N_CHAINS
    assert planned["gmm_chain"] == 2  # one a truth
    assert not {"vae_train_real", "digit_classifier", "gaussian_real", "gmm_real"} & set(planned)


def test_code_that_is_edited_during_a_run_stops_its_jobs(copied):
    """The plan names the code as it was when the run started; here, another."""
    (copied.folder / "results/smoke/figures/lm_tail.png").unlink()
    hook = "\nonstart:\n    open('scripts/report/plotting.py', 'a').write('print()\\n')\n"
    path = copied.folder / "Snakefile"
    path.write_text(path.read_text() + hook)
    done = copied.snakemake("--config", "scale=smoke", "--cores", "1")
    assert done.returncode == 1
    said = "scripts/report/plotting.py was edited after this run started. Run the command again."
    assert f"ERROR: {said}" in done.stdout + done.stderr
    assert not (copied.folder / "results/smoke/figures/lm_tail.png").exists()
