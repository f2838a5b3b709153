"""Shared fixtures: a checked configuration, and one whole smoke run that many tests look at."""

import shutil
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from workflow_tools import SMOKE, Checkout, copy_tree

ROOT = Path(__file__).resolve().parents[1]


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
def finished(new_checkout, tmp_path_factory, worker_id):
    """A checkout in which the smoke scale has run to its end on two cores; all workers share it."""
    here = tmp_path_factory.getbasetemp()
    place = (here if worker_id == "master" else here.parent) / "finished"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            checkout = new_checkout("smoke")
            checkout.run(*SMOKE, "--cores", "2")
            checkout.folder.rename(place)
    return Checkout(place)


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished checkout, with its time stamps and Snakemake's memory, to change."""
    copy = tmp_path / "checkout"
    shutil.copytree(finished.folder, copy)
    yield Checkout(copy)
    shutil.rmtree(copy)


def pytest_report_header():
    return f"python: {sys.executable}"


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A toy project with its artefacts in its cache, its dvc.lock in git, nothing in a remote."""
    from toy_artefacts import Project

    project = Project.new(tmp_path_factory.mktemp("published") / "project")
    project.succeed("publish", "smoke")
    project.commit()
    return project
