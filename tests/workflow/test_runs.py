"""The whole pipeline at smoke scale: the same bytes however it is run, and no job in vain."""

import inspect
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from collapse.mixture import mixture
from pipeline import configuration, files, logs, yaml_files
from pipeline.layout import Layout
from workflow_tools import SMOKE

FIGURES = Layout(configuration.load({"scale": "smoke"})).figure_names()
TABLES = ("discrete_absorption", "tail_cutting", "gaussian_theory", "gaussian_growing")
CHAINS = [
    *(f"results/smoke/tables/{name}.csv" for name in (*TABLES, "gmm_generations")),
    "results/smoke/tables/kde_generations.csv",
    "results/smoke/vae/metrics/replace/run00.npz",
]
CLOUD = "replace/one_blob/size60/batch00.npz"


def test_every_figure_has_png_pdf_and_caption(finished):
    folder = finished.folder / "results" / "smoke" / "figures"
    expected = {f"{name}.{ending}" for name in FIGURES for ending in ("png", "pdf", "md")}
    assert {path.name for path in folder.iterdir()} == expected
    for path in folder.iterdir():
        start = {".png": b"\x89PNG", ".pdf": b"%PDF", ".md": b"**"}[path.suffix]
        assert path.read_bytes().startswith(start)
        assert b"CreationDate" not in path.read_bytes()


def is_shown(path):
    """Whether a figure may read a file: light, or no result at all."""
    return re.fullmatch(r"results/smoke/(tables|\w+/shown)/.+|(?!results/|data/).+", path)


def test_figures_are_drawn_from_tables_and_from_what_is_named_shown(finished):
    drawn = [f"results/smoke/figures/{name}.png" for name in FIGURES]
    jobs = finished.plan()["jobs"]
    inputs = {path: job_inputs for _, job_inputs, outputs, _ in jobs for path in outputs}
    taken = {path for figure in drawn for path in inputs[figure]}
    assert [path for path in taken if not is_shown(path)] == []
    assert {"gmm", "human_data", "vae"} == {
        path.split("/")[2] for path in taken if "/shown/" in path
    }
    # what the rules behind them take would be refused
    assert not all(map(is_shown, inputs["results/smoke/gmm/shown/" + CLOUD]))


def test_timings_of_all_rules_are_printed(finished):
    done = finished.command("timings")
    assert done.returncode == 0
    for rule in ("vae_train", "vae_samples", "gaussian_chain", "claims"):
        assert f" {rule} " in done.stdout
    assert "start_up_share" in done.stdout


def test_no_job_takes_more_memory_than_is_asked_for_it_on_a_cluster(finished, config):
    measured = logs.by_rule(logs.jobs(finished.folder / "logs")).loc["smoke"]
    megabytes = measured["peak_mib"] * 2**20 / 1e6
    profile = yaml_files.read_yaml(finished.folder / "profiles/slurm/config.yaml")
    asked = dict.fromkeys(measured.index, profile["default-resources"]["mem_mb"])
    asked |= {name: job["mem_mb"] for name, job in config["jobs"].items() if name != "grouped"}
    asked |= {f"{name}_real": asked[name] for name in ("vae_train", "lm_train")}
    asked |= {"lm_generate": asked["lm_train"], "lm_ngram": asked["lm_text"]}
    assert {rule for rule in measured.index if megabytes[rule] >= asked[rule]} == set()


def test_every_job_left_a_log_that_says_it_is_done(finished):
    logs = list((finished.folder / "logs").rglob("*.log"))
    assert len(logs) > 40
    assert all("done: " in log.read_text() for log in logs)
    log = finished.folder / "logs/smoke/vae/models/replace/run01/gen02.log"
    assert "epoch 1: loss" in log.read_text()


def test_killed_and_resumed_elsewhere_on_one_core_gives_the_same_bytes(finished, new_checkout):
    """A chain of each family but the language model, whose chains other tests make again, as they
    do other runs, all tables and all figures."""
    other = new_checkout("killed")
    command = [sys.executable, "scripts/cli.py", "reproduce", "--scale", "smoke", "--cores", "1"]
    command += ["--target", *CHAINS]
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
    assert not all((other.folder / path).exists() for path in CHAINS)
    again = other.call(*command)
    assert again.returncode == 0, again.stderr
    assert "resuming" in again.stdout
    assert again.stdout.splitlines()[-1] == f"Up to date: {', '.join(CHAINS)}."
    found, expected = other.hashes("results/smoke"), finished.hashes("results/smoke")
    assert found == {path: expected[path] for path in found}
    assert set(CHAINS) <= found.keys()


def test_a_second_run_is_refused_while_one_goes_on(copied):
    locks = copied.folder / ".snakemake" / "locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.input.lock").touch()
    stand_in = copied.folder / "snakemake"
    stand_in.write_text("import time; time.sleep(60)")
    running = subprocess.Popen([sys.executable, stand_in], cwd=copied.folder)
    try:
        done = copied.command("reproduce", "--scale", "smoke")
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


def test_a_mistake_in_a_file_stops_before_any_job(copied):
    """One of those that tests/pipeline/test_configuration.py lists."""
    copied.replace("workflow/scales/smoke.yaml", "images: 300", "images: 0")
    done = copied.snakemake(*SMOKE, "--cores", "1")
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in text
    (line,) = [line for line in text.splitlines() if line.startswith("ERROR:")]
    assert "must be at least 2, got 0" in line


def test_an_unknown_scale_lists_the_known_ones(finished):
    done = finished.snakemake("--config", "scale=huge", "--cores", "1")
    assert done.returncode == 1
    assert (
        "choose one of laptop, as_released, paper, pretrained, probe, smoke"
        in done.stdout + done.stderr
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert not (finished.folder / "results/huge").exists()


def test_planning_the_paper_scale_lists_every_generation(paper_plan):
    planned = paper_plan["waiting"]
    # 20 generations × 5 runs, in addition to generation 0
    rows = {rule: n for rule, n in planned.items() if rule.startswith("vae_train")}
    assert rows == {"vae_train": 100, "vae_train_real": 5}


def test_a_full_disk_is_one_line_and_the_next_run_works(new_checkout, tmp_path):
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
        target = "results/smoke/vae/models/real/run00/gen00.safetensors"
        command = ["reproduce", "--scale", "smoke", "--cores", "1", "--target", target]
        done = small.command(*command)
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert not list((disk / "data").rglob("*ubyte"))
        subprocess.run(["mount", "-o", "remount,size=300m", disk], check=True)
        done = small.command(*command)
        assert done.returncode == 0, done.stderr
        assert (disk / target).is_file()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        done = small.command(*command)
        assert done.returncode == 1
        assert "Read-only file system" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        subprocess.run(["umount", disk], check=True)
