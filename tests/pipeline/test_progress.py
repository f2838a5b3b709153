"""Descriptions of jobs on the terminal."""

import logging
from types import SimpleNamespace

from pipeline import progress


def test_a_job_is_described_by_its_rule_and_place():
    place = {"scale": "laptop", "regime": "replace", "run": "02", "generation": "05"}
    assert progress.describe("vae_train", place) == "vae train, replace, run 2, generation 5"
    assert progress.describe("mnist_sums", {}) == "mnist sums"


def test_events_of_jobs_are_described_and_others_left_to_snakemake():
    plain = logging.Formatter("plain: %(message)s")
    formatter = progress.Formatter(plain, {3: "vae train", 4: "claims"})

    def line(message, **extra):
        record = logging.makeLogRecord({"msg": message, **extra})
        return formatter.format(record)

    started, finished = SimpleNamespace(name="JOB_STARTED"), SimpleNamespace(name="JOB_FINISHED")
    assert line("x", event=started, jobs=[3, 4]) == "started   vae train\nstarted   claims"
    assert line("x", event=finished, job_id=4) == "finished  claims"
    assert line("x", event=finished, job_id=9) == "finished  9"
    assert line("Select jobs to execute...") == ""
    assert line("2 of 3 steps") == "plain: 2 of 3 steps"
