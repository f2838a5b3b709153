"""The whole pipeline at smoke scale: the same bytes however it is run, and no job in vain."""

import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import timings
from collapse import configuration, files, mixture
from workflow_tools import SMOKE

FIGURES = [
    "discrete_absorption",
    "feedback_loop",
    "gaussian_estimation",
    "gaussian_growing",
    "gaussian_pool",
    "gaussian_pool_subsample",
    "gaussian_replace",
    "gaussian_wasserstein",
    "gmm_l2",
    "gmm_samples",
    "kde_variance",
    "lm_histograms",
    "lm_histograms_3d",
    "lm_perplexity",
    "lm_repetition",
    "lm_tail",
    "tail_cutting",
    "vae_collapse",
    "vae_latent_density",
    "vae_latent_moments",
    "vae_samples",
]
CLOUD = "replace/one_blob/size60/batch00.npz"
N_VAE_RUNS = 2
N_CHAINS = 3 * 2 * 2  # regimes × ddof × sizes
VAE_RULES = {
    *("vae_train", "vae_train_real", "vae_evaluate", "vae_generations"),
    *("vae_grid", "vae_samples", "vae_latent_density", "vae_moments", "claims"),
    "headline",
}
FIRST = {"vae_train_real", "vae_grid", "vae_samples"}
GAUSSIAN_TABLES = {
    "headline",
    *("gaussian_errors", "gaussian_theory", "gaussian_regime", "gaussian_wasserstein"),
    "fidelity",  # which shows what ddof changes
}
DISCRETE_RULES = {"discrete_chain", "discrete_absorption_table", "discrete_absorption", "claims"}
GROWING_RULES = {"gaussian_growing_table", "gaussian_growing", "claims"}
GAUSSIAN_RULES = GAUSSIAN_TABLES | {"gaussian_real", "gaussian_chain", "claims"}
GMM_RULES = {
    *("gmm_chain", "gmm_draw", "gmm_generations", "gmm_l2", "gmm_samples"),
    *("fidelity", "claims", "headline"),
}


def test_every_figure_has_png_pdf_and_caption(finished):
    folder = finished.folder / "results" / "smoke" / "figures"
    expected = {f"{name}.{ending}" for name in FIGURES for ending in ("png", "pdf", "md")}
    assert {path.name for path in folder.iterdir()} == expected
    for path in folder.iterdir():
        start = {".png": b"\x89PNG", ".pdf": b"%PDF", ".md": b"**"}[path.suffix]
        assert path.read_bytes().startswith(start)
        assert b"CreationDate" not in path.read_bytes()


# what every file's job takes
INPUTS = """
import json, sys
sys.path.insert(0, "scripts")
from artefacts import plan
with plan.planned("smoke") as planned:
    print(json.dumps({path: job.inputs for job in planned.jobs for path in job.outputs}))
"""


def is_shown(path):
    """Whether a figure may read a file: light, or no result at all."""
    return re.fullmatch(r"results/smoke/(tables|settings|\w+/shown)/.+|(?!results/|data/).+", path)


def test_figures_are_drawn_from_tables_and_from_what_is_named_shown(finished):
    drawn = [f"results/smoke/figures/{name}.png" for name in FIGURES]
    listed = finished.call(sys.executable, "-c", INPUTS)
    assert listed.returncode == 0, listed.stderr
    inputs = json.loads(listed.stdout)
    taken = {path for figure in drawn for path in inputs[figure]}
    assert [path for path in taken if not is_shown(path)] == []
    assert {"gmm", "vae"} == {path.split("/")[2] for path in taken if "/shown/" in path}
    # what the rules behind them take would be told apart
    assert not all(map(is_shown, inputs["results/smoke/gmm/shown/" + CLOUD]))


def test_figures_are_drawn_again_where_models_samples_metrics_and_data_are_not(copied, finished):
    results = copied.folder / "results/smoke"
    heavy = [path for path in results.glob("*/*") if path.name in ("models", "samples", "metrics")]
    for folder in (copied.folder / "data", results / "figures", *heavy):
        shutil.rmtree(folder)
    left = [path for path in results.rglob("*/shown/**/*") if path.is_file()]
    assert sum(path.stat().st_size for path in left) < 500_000
    drawn = [f"results/smoke/figures/{name}.png" for name in FIGURES]
    done = copied.run(*SMOKE, "--cores", "2", "--", *drawn)
    assert f"{len(FIGURES)} of {len(FIGURES)} steps (100%) done" in done.stdout + done.stderr
    assert copied.hashes("results/smoke/figures") == finished.hashes("results/smoke/figures")


def test_timings_of_all_rules_are_printed(finished):
    done = finished.call(sys.executable, "scripts/timings.py")
    assert done.returncode == 0
    for rule in VAE_RULES | GAUSSIAN_RULES:
        assert f" {rule} " in done.stdout
    assert "start_up_share" in done.stdout


def test_no_job_takes_more_memory_than_is_asked_for_it_on_a_cluster(finished, config):
    measured = timings.by_rule(timings.jobs(finished.folder / "logs")).loc["smoke"]
    megabytes = measured["peak_mib"] * 2**20 / 1e6
    profile = configuration.read_yaml(finished.folder / "workflow/profiles/slurm/config.yaml")
    asked = dict.fromkeys(measured.index, profile["default-resources"]["mem_mb"])
    asked |= {name: job["mem_mb"] for name, job in config["jobs"].items() if name != "grouped"}
    asked |= {f"{name}_real": asked[name] for name in ("vae_train", "lm_train")}
    assert {rule for rule in measured.index if megabytes[rule] >= asked[rule]} == set()


def test_every_job_left_a_log_that_says_it_is_done(finished):
    logs = list((finished.folder / "logs").rglob("*.log"))
    assert len(logs) > 40
    assert all("done: " in log.read_text() for log in logs)
    log = finished.folder / "logs/smoke/vae/models/replace/run01/gen02.log"
    assert "epoch 1: loss" in log.read_text()


def test_killed_and_resumed_elsewhere_on_one_core_gives_the_same_bytes(finished, new_checkout):
    other = new_checkout("killed")
    command = [sys.executable, "scripts/reproduce.py", "smoke", "--cores", "1"]
    process = subprocess.Popen(
        command, cwd=other.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    trained = other.folder / "results/smoke/vae/models/real/run00/gen00.safetensors"
    deadline = time.monotonic() + 300
    while not trained.exists() and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert other.hashes("results/smoke") != finished.hashes("results/smoke")
    again = other.call(*command)
    assert again.returncode == 0, again.stderr
    assert "going on where it stopped" in again.stdout
    assert again.stdout.splitlines()[-1].endswith("on one page: results/smoke/report.html.")
    assert other.hashes("results/smoke") == finished.hashes("results/smoke")


def test_a_second_run_is_refused_while_one_goes_on(copied):
    locks = copied.folder / ".snakemake" / "locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.input.lock").touch()
    stand_in = copied.folder / "snakemake"
    stand_in.write_text("import time; time.sleep(60)")
    running = subprocess.Popen([sys.executable, stand_in], cwd=copied.folder)
    try:
        done = copied.call(sys.executable, "scripts/reproduce.py", "smoke")
    finally:
        running.kill()
        running.wait()
    assert done.returncode == 1
    assert f"already runs in this folder (process {running.pid})" in done.stderr


def test_the_limiter_that_local_runs_do_without_is_where_it_was():
    """A hook of the Snakefile takes it off by its name."""
    from snakemake.scheduling import job_scheduler

    assert "self.job_rate_limiter = " in inspect.getsource(job_scheduler.JobScheduler.__init__)
    limits = inspect.getmembers(job_scheduler.JobRateLimiter)
    assert {"max_jobs", "timespan"} <= {name for name, _ in limits}


def test_nothing_is_left_to_do(copied):
    assert copied.planned() == {}


def test_a_clone_without_memory_but_with_the_results_has_nothing_to_do(copied):
    copied.forget()
    assert copied.planned() == {}


def test_an_edited_library_function_reruns_its_dependants_only(copied):
    copied.replace("scripts/collapse/theory.py", "return 1.5 * np.as", "return 1.50 * np.as")
    assert copied.planned() == {
        **{"gaussian_theory": 1, "gaussian_wasserstein": 1},
        **{"discrete_absorption_table": 1, "discrete_absorption": 1},
        **{"tail_cutting_table": 1, "tail_cutting": 1},
        **{"gaussian_growing_table": 1, "gaussian_growing": 1},
        **{"gmm_generations": 1, "gmm_l2": 1, "fidelity": 1, "claims": 1, "headline": 1},
    }


def test_a_library_file_that_is_only_touched_reruns_nothing(copied):
    (copied.folder / "scripts/collapse/theory.py").touch()
    assert copied.planned() == {}


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
        {"kde_generations", "kde_variance"},
    ),
    "figure": ("rows: 5", "rows: 4", {"vae_grid", "vae_samples"}),
}


@pytest.mark.parametrize("remembered", [True, False], ids=["with-memory", "without-memory"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_number_reruns_what_depends_on_it_only(copied, change, remembered):
    """Without Snakemake's memory, as after a clone, the records beside the results must tell."""
    old, new, expected = CHANGES[change]
    if not remembered:
        copied.forget()
    copied.replace("workflow/scales/smoke.yaml", old, new)
    assert set(copied.planned()) == expected


@pytest.mark.parametrize("remembered", [True, False], ids=["with-memory", "without-memory"])
def test_two_swapped_numbers_are_seen(copied, remembered):
    """Snakemake compares parameters as a set of values without names."""
    if not remembered:
        copied.forget()
    copied.replace("config.yaml", "learning_rate: 1.0e-3 ", "learning_rate: 1.0e-5 ")
    copied.replace("config.yaml", "weight_decay: 1.0e-5 ", "weight_decay: 1.0e-3 ")
    assert set(copied.planned()) == VAE_RULES


def test_where_mnist_comes_from_does_not_matter(copied):
    copied.replace("config.yaml", "    source: auto ", "    source: package ")
    assert copied.planned() == {}


def test_touched_adapters_rerun_nothing_and_edited_ones_their_rule(copied):
    (copied.folder / "scripts/vae_train.py").touch()
    (copied.folder / "scripts/figures/feedback_loop.py").touch()
    assert copied.planned() == {}
    copied.replace("scripts/figures/feedback_loop.py", "ylim=(0, 3.6)", "ylim=(0, 3.7)")
    assert copied.planned() == {"feedback_loop": 1}


def test_pooled_and_streaming_generations_run_too(copied):
    smoke = "workflow/scales/smoke.yaml"
    copied.replace(smoke, "vae:\n", "vae:\n  regimes: [replace, pool_subsample]\n")
    pooled = "results/smoke/vae/models/pool_subsample/run00/gen02.safetensors"
    copied.run(*SMOKE, "--cores", "2", "--", pooled)
    assert (copied.folder / pooled).is_file()
    copied.replace(smoke, "regimes: [replace, pool_subsample]\n", "samples: streaming\n")
    streamed = "results/smoke/vae/models/replace/run00/gen01.safetensors"
    before = (copied.folder / streamed).read_bytes()
    copied.run(*SMOKE, "--cores", "2", "--", streamed)
    assert (copied.folder / streamed).read_bytes() != before


def test_two_more_generations_train_two_more_generations_only(copied):
    copied.replace(
        "workflow/scales/smoke.yaml", "generation: 2\n  images", "generation: 4\n  images"
    )
    planned = copied.planned()
    assert planned["vae_train"] == 2 * N_VAE_RUNS
    assert "vae_train_real" not in planned
    assert "digit_classifier" not in planned
    assert not [rule for rule in planned if rule.startswith("gaussian")]


def test_more_generations_of_the_cheap_family_run_one_more_block(copied):
    copied.replace("workflow/scales/smoke.yaml", "last_generation: 20", "last_generation: 22")
    planned = copied.planned()
    assert planned["gaussian_chain"] == N_CHAINS
    assert "gaussian_real" not in planned
    assert not (VAE_RULES - {"claims", "headline"}) & set(planned)


def test_more_generations_of_mixtures_run_one_more_block(copied):
    copied.replace("workflow/scales/smoke.yaml", "last_generation: 4}", "last_generation: 6}")
    planned = copied.planned()
    assert planned["gmm_chain"] == 2  # one a truth; the blocks before stay
    assert "gmm_real" not in planned


def test_the_drawn_points_are_those_that_the_next_generation_fitted(copied):
    """The seed of the chain, taken in another rule: moments of samples(1) are those of model(2)."""
    copied.replace("workflow/scales/smoke.yaml", "generations: [0, 1, 4], s", "generations: [1], s")
    drawn = f"results/smoke/gmm/shown/{CLOUD}"
    copied.run(*SMOKE, "--cores", "1", "--", drawn)
    samples = files.read_arrays(copied.folder / drawn)["samples"][0]
    folder = copied.folder / "results/smoke/gmm/models" / CLOUD.removesuffix(".npz")
    models = files.read_arrays(folder / "gen0004.npz")
    mean, covariance = mixture.total_moments(mixture.Mixtures(**models).at(0, 2))
    np.testing.assert_allclose(mean, samples.mean(axis=0), rtol=1e-9)
    regularisation = 1e-6 * np.eye(2)
    np.testing.assert_allclose(covariance, np.cov(samples.T, ddof=0) + regularisation, rtol=1e-9)


def test_a_comment_in_the_configuration_reruns_nothing(copied):
    copied.replace("config.yaml", "# root of every random number", "# whatever")
    assert copied.planned() == {}


def test_a_deleted_intermediate_generation_is_made_again_only_if_needed(copied):
    model = "results/smoke/vae/models/replace/run00/gen01.safetensors"
    block = "results/smoke/gaussian/models/pool/ddof0/size20/batch00/gen0010.npz"
    for name in (model, block):
        (copied.folder / name).unlink()
    assert copied.planned() == {}
    assert copied.planned(model) == {"vae_train": 1}


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("config.yaml", "seed: 20230527", "seed: many", "seed is 'many'"),
        ("config.yaml", "seed: 20230527", "sead: 1", "did you mean 'seed'"),
        ("workflow/scales/smoke.yaml", "images: 300", "images: 0", "vae.images is 0"),
    ],
)
def test_a_mistake_in_a_file_stops_before_any_job(copied, file, old, new, words):
    copied.replace(file, old, new)
    done = copied.snakemake(*SMOKE, "--cores", "1")
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in text
    assert [line for line in text.splitlines() if line.startswith("ERROR:") and words in line]


def test_an_unknown_scale_lists_the_known_ones(finished):
    done = finished.call(sys.executable, "scripts/reproduce.py", "huge", "--cores", "1")
    assert done.returncode == 1
    assert "choose one of laptop, as_released, paper, probe, smoke" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (finished.folder / "results/huge").exists()


def test_planning_the_paper_scale_lists_every_generation(new_checkout):
    done = new_checkout("plan").run("-n", "--config", "scale=paper")
    rows = dict(re.findall(r"^(vae_train\w*) +(\d+)$", done.stdout, re.M))
    # 20 generations × 5 runs, beside generation 0; the models of the last are kept
    assert rows == {"vae_train": "5", "vae_train_pruned": "95", "vae_train_real": "5"}


def test_a_full_disk_is_one_sentence_and_the_next_run_works(new_checkout, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no permission to mount a small file system here")
    try:
        small = new_checkout("small")
        shutil.copytree(small.folder, disk, dirs_exist_ok=True)
        small.folder = disk
        target = "results/smoke/vae/samples/real/data.npz"
        command = ["scripts/reproduce.py", "smoke", "--cores", "1", target]
        done = small.call(sys.executable, *command)
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert not list((disk / "data").rglob("*ubyte"))
        subprocess.run(["mount", "-o", "remount,size=300m", disk], check=True)
        done = small.call(sys.executable, *command)
        assert done.returncode == 0, done.stderr
        assert (disk / target).is_file()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        done = small.call(sys.executable, *command)
        assert done.returncode == 1
        assert "Read-only file system" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        subprocess.run(["umount", disk], check=True)
