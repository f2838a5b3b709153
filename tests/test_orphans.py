"""Jobs outlive their Snakemake, or are lost to it: with a squeue that says what it is told."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from artefacts import orphans
from collapse.errors import UserError

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Commands squeue and scancel first on PATH: of a file, and of what is pending in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / orphans.EXECUTOR).write_text("slurm\n")
    (tmp_path / "queue").write_text("")
    for name, body in (
        ("squeue", f"cat {tmp_path}/queue"),
        ("scancel", f"echo $* >> {tmp_path}/cancelled; sed -i /PENDING/d {tmp_path}/queue"),
    ):
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
def stuck():
    """A process that does nothing, for long."""
    with subprocess.Popen(SLEEP) as process:
        yield process
        process.kill()


def silent_log(folder):
    path = Path(folder, ".snakemake/log/run.log")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("waiting")
    os.utime(path, (1, 1))


@pytest.mark.parametrize("last", [None, "local"])
def test_where_nothing_was_sent_out_nobody_is_asked(slurm, last):
    (slurm / "bin/squeue").write_text("#!/bin/sh\nexit 1\n")
    (slurm / orphans.EXECUTOR).unlink()
    if last:
        (slurm / orphans.EXECUTOR).write_text(f"{last}\n")
    assert orphans.unfinished(slurm) == {}


def test_without_slurm_s_commands_nobody_knows_what_is_left(slurm, monkeypatch):
    monkeypatch.setenv("PATH", str(slurm))
    with pytest.raises(UserError, match="sent its jobs out by slurm, and no squeue tells which"):
        orphans.unfinished(slurm)


def test_only_jobs_of_this_folder_count(slurm):
    """Whatever else a site's squeue says."""
    lines = f"7 RUNNING {slurm}\n8 RUNNING {slurm}/elsewhere\n\n9 RUNNING \nMaintenance today\n"
    (slurm / "queue").write_text(lines)
    assert orphans.unfinished(slurm) == {"7": "RUNNING"}


def test_a_scheduler_that_does_not_answer_is_told(slurm):
    (slurm / "bin/squeue").write_text("#!/bin/sh\necho no contact >&2; exit 1\n")
    with pytest.raises(UserError, match=r"squeue does not tell .* \(no contact\): wait"):
        orphans.unfinished(slurm)


def test_what_waits_is_cancelled_and_what_runs_is_waited_for(slurm, capsys):
    (slurm / "queue").write_text(f"7 RUNNING {slurm}\n8 PENDING {slurm}\n")
    ended = threading.Timer(0.5, lambda: (slurm / "queue").write_text(""))
    ended.start()
    orphans.settle(slurm, every=0.01)
    assert (slurm / "queue").read_text() == ""
    assert (slurm / "cancelled").read_text().split("\n")[0] == "--state=PENDING 8"
    assert capsys.readouterr().out.count("are waited for: 7 ('scancel 7' gives") == 1


def test_a_snakemake_that_waits_for_nothing_is_stopped(slurm, stuck):
    silent_log(slurm)
    assert orphans.watched(stuck, slurm, every=0.05, patience=1) is None
    assert stuck.poll() is not None


def test_one_whose_jobs_are_in_the_queue_or_whose_log_grows_is_not(slurm, capsys):
    """The same silence, and a job; the same queue, and news."""
    silent_log(slurm)
    (slurm / "queue").write_text(f"7 RUNNING {slurm}\n")
    with subprocess.Popen([*SLEEP[:2], "import time; time.sleep(1)"]) as process:
        assert orphans.watched(process, slurm, every=0.1, patience=1) == 0
    assert "in Slurm: {'7': 'RUNNING'}" in capsys.readouterr().out
    (slurm / "queue").write_text("")
    os.utime(slurm / ".snakemake/log/run.log")
    with subprocess.Popen([*SLEEP[:2], "import time; time.sleep(1)"]) as process:
        assert orphans.watched(process, slurm, every=0.1, patience=100) == 0


def test_one_that_works_itself_is_not(slurm):
    """A local job, which may be silent for long."""
    silent_log(slurm)
    body = "import subprocess; subprocess.run(['sleep', '2'])"
    with subprocess.Popen([sys.executable, "-c", body]) as process:
        assert orphans.watched(process, slurm, every=0.2, patience=0.5) == 0


def test_one_that_has_sent_nothing_to_slurm_is_not(slurm):
    silent_log(slurm)
    (slurm / orphans.EXECUTOR).write_text("local\n")
    with subprocess.Popen([*SLEEP[:2], "import time; time.sleep(1)"]) as process:
        assert orphans.watched(process, slurm, every=0.1, patience=0.2) == 0


def test_the_log_of_an_earlier_run_is_no_silence(slurm):
    """As long as the patience has not passed since this one began."""
    silent_log(slurm)
    with subprocess.Popen([*SLEEP[:2], "import time; time.sleep(1)"]) as process:
        assert orphans.watched(process, slurm, every=0.1, patience=60) == 0
