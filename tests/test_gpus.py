"""Which of several GPUs a job takes: real processes, on cards that are played."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
JOB = """
import sys
from types import SimpleNamespace
import torch
from collapse import torch_tools
cards = [SimpleNamespace(uuid=f"card-{name}") for name in sys.argv[1].split(",")]
torch.cuda.is_available = lambda: True
torch.cuda.device_count = lambda: len(cards)
torch.cuda.get_device_properties = cards.__getitem__
torch.cuda.set_device = lambda number: print("current", number)
print(cards[torch_tools.prepare("auto").index].uuid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path):
    """Starts a job that sees some cards; it holds the one that it tells until it is ended."""
    jobs = []

    def begin(cards="a,b,c"):
        environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "TMPDIR": str(tmp_path)}
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


def test_each_job_has_a_card_of_its_own_and_then_they_share_evenly(start):
    assert [start()[1] for _ in range(5)] == ["card-a", "card-b", "card-c", "card-a", "card-b"]


def test_a_killed_job_leaves_its_card_to_the_next(start):
    start()
    job, card = start()
    job.kill()
    job.wait()
    assert start()[1] == card == "card-b"


def test_a_card_is_known_by_itself_not_by_its_number(start):
    """As under CUDA_VISIBLE_DEVICES, where each process counts from 0."""
    start("b,c")
    assert start("b")[1] == "card-b"
    assert start("a,b,c")[1] == "card-a"
    assert start("b,c")[1] == "card-c"
