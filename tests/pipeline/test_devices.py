"""Which of several GPUs a job takes: real processes with simulated GPUs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from collapse.errors import UserError
from pipeline import devices

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
JOB = """
import sys
from types import SimpleNamespace
import torch
from pipeline import devices
cards = [SimpleNamespace(uuid=f"card-{name}") for name in sys.argv[1].split(",")]
torch.cuda.is_available = lambda: True
torch.cuda.device_count = lambda: len(cards)
torch.cuda.get_device_properties = cards.__getitem__
torch.cuda.set_device = lambda number: print("current", number)
print(cards[devices.prepare("auto").index].uuid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path):
    """Start jobs that see some GPUs; each holds the one that it prints until it ends."""
    jobs = []

    def begin(cards="a,b,c"):
        environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "XDG_RUNTIME_DIR": str(tmp_path)}
        jobs.append(subprocess.Popen(
            [sys.executable, "-c", JOB, cards],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ))  # fmt: skip
        current, card = jobs[-1].stdout.readline(), jobs[-1].stdout.readline().strip()
        assert cards.split(",")[int(current.split()[1])] == card.removeprefix("card-")
        return jobs[-1], card

    yield begin
    for job in jobs:
        job.kill()
        job.communicate()


def test_jobs_use_different_gpus_and_then_share_them_evenly(start):
    assert [start()[1] for _ in range(5)] == ["card-a", "card-b", "card-c", "card-a", "card-b"]


def test_a_killed_job_releases_its_gpu(start):
    start()
    job, card = start()
    job.kill()
    job.wait()
    assert start()[1] == card == "card-b"


def test_a_gpu_is_known_by_its_uuid_not_by_its_number(start):
    """As under CUDA_VISIBLE_DEVICES, where each process counts from 0."""
    start("b,c")
    assert start("b")[1] == "card-b"
    assert start("a,b,c")[1] == "card-a"
    assert start("b,c")[1] == "card-c"


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / f"model-collapse-gpus-{os.getuid()}"


def test_the_folder_of_locks_is_private(base):
    assert devices.private_folder() == base
    assert base.stat().st_mode & 0o777 == 0o700
    assert devices.private_folder() == base


@pytest.mark.parametrize("kind", ["open", "link", "file", "foreign"])
def test_a_folder_that_others_could_change_is_refused(base, tmp_path, monkeypatch, kind):
    if kind == "open":
        base.mkdir()
        base.chmod(0o770)
    elif kind == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        base.symlink_to(tmp_path / "elsewhere")
    elif kind == "file":
        base.touch(mode=0o600)
    else:
        base.mkdir(mode=0o700)
        other = os.getuid() + 1  # who runs this job
        base.rename(base.with_name(f"model-collapse-gpus-{other}"))
        monkeypatch.setattr(devices.os, "getuid", lambda: other)
    with pytest.raises(UserError, match="must be a folder that only you can open"):
        devices.private_folder()


def test_a_lock_that_is_a_link_is_not_followed(base, tmp_path, monkeypatch):
    (tmp_path / "precious").write_text("content")
    devices.private_folder()
    (base / "gpu-0.lock").symlink_to(tmp_path / "precious")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda _: type("Properties", (), {"uuid": "gpu"})
    )
    with pytest.raises(OSError, match="symbolic links"):
        devices.take_gpu()
    assert (tmp_path / "precious").read_text() == "content"


def test_without_a_writable_runtime_folder_temporary_files_are_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
    monkeypatch.setattr(devices.tempfile, "gettempdir", lambda: str(tmp_path))
    assert devices.private_folder().parent == tmp_path


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_missing_gpu_is_reported():
    with pytest.raises(UserError, match="no GPU"):
        devices.prepare("cuda")
    assert devices.prepare("auto") == torch.device("cpu")
