"""What is refused when the workflow starts, before any job runs."""

import sys
from types import SimpleNamespace

import pytest
from collapse.errors import UserError
from pipeline import start


def workflow(cores=1, nodes=None, *, remote=False):
    """A workflow of Snakemake as far as it is looked at."""
    settings = SimpleNamespace(cores=cores, nodes=nodes)
    return SimpleNamespace(resource_settings=settings, remote_exec=remote)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cores": 0}, "--cores must be at least 1, got 0"),  # by option, profile or --jobs
        ({"cores": -2}, "--cores must be at least 1, got -2"),
        ({"cores": None, "nodes": 0, "remote": True}, "--jobs must be at least 1, got 0"),
    ],
)
def test_runs_in_which_no_job_would_ever_start_are_refused(given, expected):
    with pytest.raises(UserError, match=expected):
        start.check_place(workflow(**given))


def test_control_other_numbers_of_cores_are_accepted():
    start.check_place(workflow(2))
    start.check_place(workflow(None))  # as of commands that run nothing
    start.check_place(workflow(2, 0))  # jobs of a cluster count on a cluster only
    start.check_place(workflow(None, 500, remote=True))


def test_a_python_that_snakemake_starts_no_script_with_is_refused_whatever_started_it(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/my files/.venv/bin/python")
    with pytest.raises(UserError, match="a folder whose path contains ' '"):
        start.check_place(workflow())
