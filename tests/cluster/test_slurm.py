"""The smoke scale on a real Slurm, undisturbed and with the faults that happen on a cluster."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cluster import resume
from pipeline import files
from workflow_tools import SMOKE, Checkout, copy_tree, once

HOOK = Path(__file__).parent / "hook/sitecustomize.py"
VAE = "results/smoke/vae/metrics/replace/run00.npz"
DISCRETE = "results/smoke/discrete/metrics/uniform.npz"
# of each kind of chain, and of each way in which its jobs are sent
FAMILIES = (
    DISCRETE,
    "results/smoke/tables/gaussian_errors_replace.csv",
    "results/smoke/tables/gmm_generations.csv",
    "results/smoke/tables/kde_generations.csv",
    VAE,
    "results/smoke/lm/metrics/preserve10/run00/losses.npz",
)
pytestmark = pytest.mark.skipif(
    os.environ["SLURM_CONF"] == os.devnull,  # see conftest
    reason="no Slurm is running here: 'make test-cluster' starts one",
)


class Cluster(Checkout):
    """A checkout whose jobs go to Slurm, and may be disturbed."""

    def __init__(self, folder):
        super().__init__(folder)
        self.faults = self.folder.with_name("faults")
        self.faults.mkdir()
        # jobs look for modules in scripts/ alone, whatever the caller's PYTHONPATH is
        shutil.copy(HOOK, self.folder / "scripts")
        self.said = self.folder.with_name("said")
        self.runs = []

    def next(self, script, what):
        """Make something happen to the next job of a script, once: exit, or sleep and seconds."""
        (self.faults / script.replace("/", "-")).write_text(what)

    def started(self, script):
        """Numbers of the Slurm jobs in which jobs of a script have started."""
        path = self.faults / "started"
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        return [line.split()[1] for line in lines if line.split()[0] == script]

    def begin(self, *targets, profile="slurm"):
        """Start a run through the profile; returns the process."""
        command = [sys.executable, "scripts/cli.py", "reproduce", "--scale", "smoke"]
        command += ["--profile", profile, "--target", *targets]
        command = ["env", "--default-signal=INT", *command]  # as in a terminal
        environment = {**os.environ, "FAULTS": str(self.faults)}
        with open(self.said, "a") as file:
            self.runs.append(subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=file, stderr=file,
                start_new_session=True,
            ))  # fmt: skip
        return self.runs[-1]

    def end(self, process, timeout=900):
        """Wait for a run, which must succeed."""
        assert process.wait(timeout=timeout) == 0, self.said.read_text()[-3000:]

    def until(self, holds, timeout=120):
        """Wait until something holds; returns what it gives."""
        end = time.monotonic() + timeout
        while not (found := holds()):
            assert time.monotonic() < end, self.said.read_text()[-3000:]
            time.sleep(0.2)
        return found

    def await_job(self, script):
        """Wait until a job of a script has started; returns its Slurm job's number."""
        return self.until(lambda: self.started(script))[0]


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """A checkout in which what these tests ask for was made on two cores of this machine."""

    def make(folder):
        Checkout(copy_tree(folder)).run(*SMOKE, "--cores", "2", "--", *FAMILIES)

    return Checkout(once(tmp_path_factory, worker_id, "one-machine", make))


@pytest.fixture
def cluster(new_checkout, request):
    """A new checkout; a test that disturbs all of Slurm waits until no other is at work."""
    alone = request.node.get_closest_marker("alone")
    with open(Path(os.environ["SLURM_CONF"]).with_name("tests.lock"), "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        made = Cluster(new_checkout("cluster").folder)
        yield made
        for run in made.runs:
            if run.poll() is None:  # of a test that failed
                os.killpg(run.pid, signal.SIGKILL)
        if left := resume.unfinished(made.folder):
            slurm("scancel", *left)


def slurm(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def same(cluster, finished, *targets):
    """Whether files have the same bytes as those of a run on this machine alone."""
    return all(
        files.sha256(cluster.folder / p) == files.sha256(finished.folder / p) for p in targets
    )


def test_every_family_gives_the_same_bytes_as_one_machine(cluster, finished):
    cluster.end(cluster.begin(*FAMILIES))
    expected, found = (
        made.hashes("results/smoke") | made.hashes("data") for made in (finished, cluster)
    )
    assert found == expected
    assert set(FAMILIES) <= found.keys()
    # a run's generations share a job; data and tables have none
    trained = cluster.started("vae/train.py")
    assert len(trained) == 3 and len(set(trained)) == 1
    assert set(cluster.started("data/mnist.py")) == {"None"}
    assert set(cluster.started("gmm/generations_table.py")) == {"None"}


def test_the_other_engine_gives_the_same_bytes(cluster, finished):
    cluster.end(cluster.begin(DISCRETE, VAE, profile="cluster-generic"))
    assert same(cluster, finished, DISCRETE, VAE)
    assert "None" not in cluster.started("vae/train.py")


@pytest.mark.parametrize(
    ("profile", "also"),
    [
        ("slurm", """, gpu_model: "'a100'\""""),
        ("slurm", """, gpu: 0, gres: "'gpu:1'\""""),
        ("cluster-generic", ""),
    ],
)
def test_training_asks_for_a_gpu_where_the_site_s_file_says(cluster, profile, also):
    """With its lines and what they name; all of a run in one job but its evaluation."""
    profiles = cluster.folder / "profiles"
    text = (profiles / "slurm/config.yaml").read_text()
    lines = re.findall("^# (set-resources:.*|  [vl].*)", text, flags=re.M)
    assert also.removeprefix(", ") in text
    gpus = "\n".join(lines).replace("\"'gpu'\"}", f"\"'gpu'\"{also}}}")
    with open(profiles / profile / "config.yaml", "a") as file:
        file.write(f"\n{gpus}\n")
    cluster.replace("config.yaml", "\ndevice: cpu ", "\ndevice: auto ")
    cluster.end(cluster.begin(VAE, profile=profile))
    asked = {}
    for script in ("vae/train.py", "vae/evaluate.py", "vae/digit_classifier.py"):
        for job in cluster.started(script):
            shown = slurm("scontrol", "show", "job", job)
            asked[script, job] = "gres:gpu" in shown, re.search(r"Partition=(\w+)", shown)[1]
    trained = {job for script, job in asked if script == "vae/train.py"}
    assert len(trained) == 1 and len(cluster.started("vae/train.py")) == 3
    for (script, _), what in asked.items():
        assert what == ((True, "gpu") if script == "vae/train.py" else (False, "main"))


def test_a_job_that_fails_once_is_tried_again(cluster, finished):
    cluster.next("discrete/chain.py", "exit")
    cluster.end(cluster.begin(DISCRETE))
    first, second = cluster.started("discrete/chain.py")
    assert first != second
    assert same(cluster, finished, DISCRETE)


def test_a_job_that_an_administrator_cancels_is_tried_again(cluster, finished):
    cluster.next("discrete/chain.py", "sleep 120")
    run = cluster.begin(DISCRETE)
    slurm("scancel", cluster.await_job("discrete/chain.py"))
    cluster.end(run)
    assert len(cluster.started("discrete/chain.py")) == 2
    assert same(cluster, finished, DISCRETE)


def test_a_job_that_runs_out_of_time_gets_twice_as_much(cluster, finished):
    cluster.replace("config.yaml", "discrete_chain: {mem_mb: 500, runtime: 10}",
                    "discrete_chain: {mem_mb: 500, runtime: 1}")  # fmt: skip
    cluster.next("discrete/chain.py", "sleep 300")
    cluster.end(cluster.begin(DISCRETE))
    first, second = cluster.started("discrete/chain.py")
    limits = slurm("squeue", "--me", "-h", "--states=all", "-o", "%T %l", "-j", f"{first},{second}")
    assert sorted(limits.splitlines()) == ["COMPLETED 2:00", "TIMEOUT 1:00"]
    assert same(cluster, finished, DISCRETE)


def processes_of(node, job):
    """Process numbers of a node: its daemon, and all of the job that it runs."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().decode().split("\0")
            environment = (path / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        daemon = words[0].endswith("slurmd") and node in words
        step = words[0].startswith(f"slurmstepd: [{job}.")
        if daemon or step or f"SLURMD_NODENAME={node}" in environment:
            found.add(int(path.name))
    return found


def test_a_node_that_dies_takes_no_result_with_it(cluster, finished):
    cluster.replace("profiles/slurm/config.yaml", "  slurm_partition: \"'main'\" ",
                    "  slurm_partition: \"'frail'\" ")  # fmt: skip
    cluster.next("discrete/chain.py", "sleep 600")
    run = cluster.begin(DISCRETE)
    job = cluster.await_job("discrete/chain.py")
    assert slurm("squeue", "-h", "-j", job, "-o", "%N").strip() == "node3"
    for process in processes_of("node3", job):
        os.kill(process, signal.SIGKILL)
    try:
        cluster.end(run, timeout=900)
    finally:
        slurm("slurmd", "-N", "node3")
    assert len(cluster.started("discrete/chain.py")) == 2
    assert same(cluster, finished, DISCRETE)


def test_after_a_killed_snakemake_nothing_is_written_twice_and_nothing_lost(cluster, finished):
    """One job has finished, one continues to run without Snakemake, some have not begun."""
    cluster.next("discrete/chain.py", "sleep 25")
    run = cluster.begin(DISCRETE, VAE)
    cluster.await_job("discrete/chain.py")
    cluster.await_job("vae/digit_classifier.py")
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    again = cluster.begin(DISCRETE, VAE)
    cluster.end(again)
    said = cluster.said.read_text()
    assert "an earlier run was interrupted; resuming it" in said
    assert "waiting for jobs of the interrupted run that still run" in said
    assert len(cluster.started("discrete/chain.py")) == 1
    assert len(cluster.started("vae/digit_classifier.py")) == 1
    assert same(cluster, finished, DISCRETE, VAE)


def test_ctrl_c_cancels_what_runs_and_leaves_nothing_that_hinders_the_next(cluster, finished):
    cluster.next("discrete/chain.py", "sleep 600")
    run = cluster.begin(DISCRETE)
    job = cluster.await_job("discrete/chain.py")
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    assert run.wait(timeout=60) == 1
    assert "stopped; run the same command to resume" in cluster.said.read_text()
    state = ("squeue", "-h", "--states=all", "-o", "%T", "-j", job)
    cluster.until(lambda: slurm(*state).strip() == "CANCELLED")
    cluster.end(cluster.begin(DISCRETE))
    assert len(cluster.started("discrete/chain.py")) == 2
    assert "an earlier run was interrupted" not in cluster.said.read_text()
    assert same(cluster, finished, DISCRETE)


def test_a_file_that_appears_late_is_waited_for(cluster, finished):
    cluster.next("late", DISCRETE)
    run = cluster.begin(DISCRETE)
    cluster.until(lambda: "for missing files" in cluster.said.read_text())
    time.sleep(5)
    assert run.poll() is None
    (cluster.folder / f"{DISCRETE}.late").rename(cluster.folder / DISCRETE)
    cluster.end(run)
    assert len(cluster.started("discrete/chain.py")) == 1
    assert same(cluster, finished, DISCRETE)


def test_a_second_run_in_the_same_folder_is_refused(cluster):
    cluster.next("discrete/chain.py", "sleep 15")
    run = cluster.begin(DISCRETE)
    cluster.await_job("discrete/chain.py")
    done = cluster.command("reproduce", "--scale", "smoke", "--cores", "1")
    assert done.returncode == 1
    assert f"another command works in this folder (process {run.pid}). Wait" in done.stderr
    cluster.end(run)


@pytest.mark.alone
def test_the_controller_may_be_away_for_a_while(cluster, finished):
    cluster.next("discrete/chain.py", "sleep 75")
    run = cluster.begin(DISCRETE, VAE)
    cluster.await_job("discrete/chain.py")
    time.sleep(10)  # until the controller has saved that the job runs
    controller = Path(os.environ["SLURM_CONF"]).parent / "run/slurmctld.pid"
    os.kill(int(controller.read_text()), signal.SIGKILL)
    time.sleep(45)
    slurm("slurmctld")
    cluster.end(run)
    assert len(cluster.started("discrete/chain.py")) == 1
    assert same(cluster, finished, DISCRETE, VAE)
