"""Elapsed and remaining time by family on a terminal, and plain lines elsewhere."""

import os
import pty
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from pipeline import live, paths

MISTAKE = "ERROR: lm.rate must be positive, got -1."
TOY = f"""
import logging, subprocess
from types import SimpleNamespace as Fake
from pipeline import progress
from snakemake import logging as snakemake

names = {{1: "vae_train", 2: "lm_train"}}
jobs = [Fake(jobid=n, rule=Fake(name=name), wildcards={{}}) for n, name in names.items()]
workflow = Fake(
    dag=Fake(jobs=jobs), local_exec=True, output_settings=Fake(quiet=None), cores=1,
)
progress.expected_times = lambda workflow: {{1: ("vae", 60.0), 2: ("lm", 7200.0)}}
log, handler = snakemake.logger, snakemake.ColorizingTextHandler()
handler.setFormatter(snakemake.DefaultFormatter())
log.setLevel("INFO")
log.addHandler(handler)
progress.install(workflow)

def event(name, **values):
    log.info("", extra={{"event": snakemake.LogEvent[name], **values}})

event("JOB_STARTED", jobs=[1, 2])
subprocess.run(["sh", "-c", "echo '{MISTAKE}' >&2"])
event("JOB_FINISHED", job_id=1)
event("PROGRESS", done=1, total=2)
for handler in list(log.handlers):
    handler.close()
print("closed", file=__import__("sys").stderr)
"""


def on_a_terminal(command, **settings):
    """Run a command with a terminal as its standard error; returns exit status and output."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL, **settings)
    os.close(theirs)
    output = b""
    while True:
        try:
            output += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    return process.wait(), output.decode()


def environment(**changes):
    return {**os.environ, "PYTHONPATH": str(paths.SCRIPTS), "TERM": "xterm", **changes}


def lines_of(output):
    """Lines without colours; what a code moves the cursor to begins a line."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    return [line.strip() for line in re.sub(r"\x1b\[[0-9;?]*[A-Zhl]", "\n", plain).splitlines()]


def test_a_terminal_shows_elapsed_and_remaining_time_by_family_and_every_line():
    status, output = on_a_terminal([sys.executable, "-c", TOY], env=environment())
    assert status == 0, output
    lines = lines_of(output)
    assert MISTAKE in lines
    assert {"started   vae train", "started   lm train", "finished  vae train"} <= set(lines)
    assert "1 of 2 steps (50%) done" not in lines
    *_, header, vae, lm, total, closed = [line for line in lines if line]
    assert header.split() == ["family", "jobs", "elapsed", "remaining"]
    assert re.fullmatch(r"vae +1 of 1 +0:00:\d\d +0:00:00", vae)
    assert re.fullmatch(r"lm +0 of 1 +0:00:\d\d +\d:\d\d:\d\d", lm)
    assert re.fullmatch(r"total +1 of 2 +0:00:\d\d +\d:\d\d:\d\d", total)
    assert closed == "closed"  # standard error is the terminal again


def test_a_pipe_and_a_terminal_without_colours_get_plain_lines():
    command = [sys.executable, "-c", TOY]
    piped = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    _, plain = on_a_terminal(command, env=environment(NO_COLOR="1"))
    assert piped.stderr == plain.replace("\r\n", "\n")
    assert "\x1b" not in plain
    assert piped.stderr.splitlines() == [
        *("started   vae train", "started   lm train", MISTAKE, "finished  vae train"),
        *("1 of 2 steps (50%) done", "closed"),
    ]


@pytest.mark.parametrize(
    ("changes", "quiet", "wanted"),
    [
        ({}, (), True),
        ({"NO_COLOR": "1"}, (), False),
        ({"TERM": "dumb"}, (), False),
        ({}, ("PROGRESS",), False),
        ({}, ("RULES",), True),
    ],
)
def test_who_gets_a_table(monkeypatch, changes, quiet, wanted):
    monkeypatch.setattr(os, "isatty", lambda descriptor: descriptor == 2)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in ({"TERM": "xterm"} | changes).items():
        monkeypatch.setenv(name, value)
    assert live.is_wanted([SimpleNamespace(name=name) for name in quiet]) is wanted
    monkeypatch.setattr(os, "isatty", lambda descriptor: False)
    assert not live.is_wanted(())


def test_remaining_time_is_scaled_by_what_the_finished_jobs_of_the_family_took():
    jobs = {1: ("vae", 10), 2: ("vae", 10), 3: ("vae", 20), 4: ("lm", 100)}
    vae, lm, total = live.rows(jobs, {2: 15.0}, {1: 30.0}, 2, 25.0)
    assert vae == ("vae", 1, 3, (30 + 10) / 2, (30 - 10 + 60) / 2)  # three times as slow
    assert lm == ("lm", 0, 1, 0, 300 / 2)  # as slow as all others
    assert total == ("total", 1, 4, 20, 190)


def test_before_any_job_has_finished_time_is_as_estimated_and_never_negative():
    jobs = {1: ("kde", 10), 2: ("tables and figures", 5)}
    kde, tables, _ = live.rows(jobs, {1: 0.0}, {}, 1, 12.0)
    assert kde == ("kde", 0, 1, 12, 0)
    assert tables[4] == 5


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("results/laptop/vae/models/replace/run00/gen00.safetensors", "vae"),
        ("results/laptop/tables/claims.csv", "tables and figures"),
        ("results/laptop/report.html", "tables and figures"),
        ("data/mnist/SHA256SUMS", "data"),
    ],
)
def test_the_family_of_a_job_is_that_of_what_it_makes(path, family):
    assert live.family_of(path) == family


def test_an_unknown_model_has_jobs_that_count_equally(config):
    config["lm"]["model"] = "somebody/model"
    assert live.expected([None, None], config) == [1.0, 1.0]


def test_a_failing_job_is_readable_above_the_table_of_a_run(new_checkout):
    checkout = new_checkout("live")
    adapter = "scripts/jobs/discrete/tail_cutting.py"
    checkout.replace(adapter, "with job(snakemake):\n", "with job(snakemake):\n    1 / 0\n")
    command = [sys.executable, "scripts/cli.py", "reproduce", "--scale", "smoke", "--cores", "1"]
    status, output = on_a_terminal(
        [*command, "--target", "results/smoke/tables/tail_cutting.csv"],
        cwd=checkout.folder,
        env=environment(),
    )
    assert status == 1
    lines = lines_of(output)
    log = "logs/smoke/discrete/metrics/tail_cutting.log"
    assert f"ERROR: ZeroDivisionError: division by zero (traceback in {log})." in lines
    assert any(re.fullmatch(r"discrete +0 of 1 +0:00:00 +\d:\d\d:\d\d", line) for line in lines)
    shown = [line for line in lines if line]
    assert shown[-2].startswith("total")
    assert shown[-1].startswith("ERROR: the run did not finish.")
