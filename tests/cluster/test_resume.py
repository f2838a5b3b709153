"""Jobs that outlive their Snakemake, or that it has lost; with a squeue that prints a file."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cluster import resume, watchdog
from collapse.errors import UserError

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
UNTIL_ASKED = """
import os, sys, time
for _ in range(1200):
    if not os.path.exists(sys.argv[1]):
        time.sleep(0.05)
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A squeue that prints a file, and a scancel that removes pending jobs from it, on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / resume.EXECUTOR).write_text("slurm\n")
    (tmp_path / "queue").write_text("")
    for name, body in (
        ("squeue", f"touch {tmp_path}/asked; cat {tmp_path}/queue"),
        ("scancel", f"echo $* >> {tmp_path}/cancelled; sed -i /PENDING/d {tmp_path}/queue"),
    ):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
def stuck():
    """A process that does nothing for a minute."""
    with subprocess.Popen(SLEEP) as process:
        yield process
        process.kill()


def silent_log(folder):
    path = Path(folder, ".snakemake/log/run.log")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("waiting")
    os.utime(path, (1, 1))


@pytest.mark.parametrize("last", [None, "local"])
def test_slurm_is_not_asked_if_no_jobs_were_submitted(slurm, last):
    (slurm / "bin/squeue").write_text("#!/bin/sh\nexit 1\n")
    (slurm / resume.EXECUTOR).unlink()
    if last:
        (slurm / resume.EXECUTOR).write_text(f"{last}\n")
    assert resume.unfinished(slurm) == {}


def test_without_slurm_s_commands_unfinished_jobs_are_unknown(slurm, monkeypatch):
    monkeypatch.setenv("PATH", str(slurm))
    with pytest.raises(UserError, match="submitted its jobs by slurm, and squeue is not available"):
        resume.unfinished(slurm)


def test_only_jobs_of_this_folder_count(slurm):
    """A site's squeue may print other lines, too."""
    lines = f"7 RUNNING {slurm}\n8 RUNNING {slurm}/elsewhere\n\n9 RUNNING \nMaintenance today\n"
    (slurm / "queue").write_text(lines)
    assert resume.unfinished(slurm) == {"7": "RUNNING"}


def test_a_scheduler_that_does_not_answer_is_reported(slurm):
    (slurm / "bin/squeue").write_text("#!/bin/sh\necho no contact >&2; exit 1\n")
    with pytest.raises(UserError, match=r"squeue cannot list .* \(no contact\)\. Wait"):
        resume.unfinished(slurm)


def test_pending_jobs_are_cancelled_and_running_ones_are_waited_for(slurm, capsys):
    (slurm / "queue").write_text(f"7 RUNNING {slurm}\n8 PENDING {slurm}\n")
    ended = threading.Timer(0.5, lambda: (slurm / "queue").write_text(""))
    ended.start()
    resume.settle(slurm, every=0.01)
    assert (slurm / "queue").read_text() == ""
    assert (slurm / "cancelled").read_text().split("\n")[0] == "--state=PENDING 8"
    assert capsys.readouterr().out.count("still run: 7 (to cancel them: 'scancel 7')") == 1


def test_a_snakemake_that_waits_for_nothing_is_stopped(slurm, stuck):
    silent_log(slurm)
    assert watchdog.wait(stuck, slurm, every=0.05, patience=1) is None
    assert stuck.poll() is not None


def test_a_snakemake_with_jobs_in_the_queue_or_a_growing_log_is_not_stopped(slurm, capsys):
    """A silent log with a job; an empty queue with a log that grows."""
    silent_log(slurm)
    (slurm / "queue").write_text(f"7 RUNNING {slurm}\n")
    with subprocess.Popen([*SLEEP[:2], UNTIL_ASKED, slurm / "asked"]) as process:
        assert watchdog.wait(process, slurm, every=0.1, patience=0.2) == 0
    assert "in Slurm: {'7': 'RUNNING'}" in capsys.readouterr().out
    (slurm / "queue").write_text("")
    os.utime(slurm / ".snakemake/log/run.log")
    with subprocess.Popen([*SLEEP[:2], "import time; time.sleep(1)"]) as process:
        assert watchdog.wait(process, slurm, every=0.1, patience=100) == 0


def test_a_snakemake_with_a_local_job_is_not_stopped(slurm):
    """A local job may print nothing for a long time."""
    silent_log(slurm)
    with subprocess.Popen(["sh", "-c", "sleep 2; true"]) as process:
        assert watchdog.wait(process, slurm, every=0.2, patience=0.5) == 0


def test_a_snakemake_that_submitted_nothing_is_not_stopped(slurm):
    silent_log(slurm)
    (slurm / resume.EXECUTOR).write_text("local\n")
    with subprocess.Popen([*SLEEP[:2], "import time; time.sleep(1)"]) as process:
        assert watchdog.wait(process, slurm, every=0.1, patience=0.2) == 0


def test_the_log_of_an_earlier_run_does_not_count(slurm):
    """Silence is measured from the start of this run."""
    silent_log(slurm)
    with subprocess.Popen([*SLEEP[:2], "import time; time.sleep(1)"]) as process:
        assert watchdog.wait(process, slurm, every=0.1, patience=60) == 0


def test_a_run_that_started_on_another_machine_is_not_resumed(tmp_path):
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / resume.HOST).write_text("login-of-old 77\n")
    with pytest.raises(UserError, match=r"started on login-of-old \(process 77\)"):
        resume.check_host(tmp_path)
    (tmp_path / resume.HOST).write_text("cut\n")
    resume.check_host(tmp_path)
