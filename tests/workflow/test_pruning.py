"""keep_models: which checkpoints stay, and that nothing else depends on it."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from workflow_tools import SMOKE

LM = "results/smoke/lm"
OF_LM = f"{LM}/metrics/preserve10/run00"
RUN = (f"{OF_LM}/losses.npz", f"{OF_LM}/text.npz")
JUDGED = {"lm_evaluate": 1, "lm_text": 1}
CHAIN = f"{LM}/models/preserve10"  # which has its generation 0
TRAINING = ("lm_train", "lm_train_pruned")


def keep(checkout, which):
    checkout.replace("config.yaml", "keep_models: all ", f"keep_models: {which} ")


def extend(checkout, last):
    """Set the language model's last generation; at smoke scale it is 2."""
    old = "  runs: 2\n  last_generation: 2\n  blocks:"
    checkout.replace("workflow/scales/smoke.yaml", old, old.replace("on: 2", f"on: {last}"))


def trained(planned):
    """Numbers of training jobs in a plan, in the order of TRAINING."""
    return tuple(planned.get(rule, 0) for rule in TRAINING)


def models(checkout):
    """Generations whose models exist, run by run."""
    found = (checkout.folder / CHAIN).rglob("*.safetensors")
    return sorted(f"{path.parts[-2]} {path.stem}" for path in found)


def of_every_run(*generations):
    """What `models` lists if each run has these."""
    return [f"run{run:02d} {generation}" for run in range(2) for generation in generations]


@pytest.fixture(scope="module")
def fresh(new_checkout):
    """A checkout in which nothing has run, with chains of twelve generations."""
    checkout = new_checkout("unpruned")
    extend(checkout, 12)
    return checkout


@pytest.mark.parametrize(
    ("which", "expected", "pruned"),
    [
        ("all", (25, 0), range(0)),
        ("last", (3, 22), range(1, 12)),
        ("none", (0, 25), range(1, 13)),
    ],
)
def test_every_generation_is_trained_by_one_of_two_rules(fresh, which, expected, pruned):
    plan = fresh.plan(config=[f"keep_models={which}"])
    assert trained(plan["waiting"]) == expected
    removed = [path for rule, _, made, _ in plan["jobs"] if "pruned" in rule for path in made]
    # a setting of one generation, which is its last
    short = [f"{LM}/models/sampled/run00/gen01"] * (which == "none")
    long = [
        f"{CHAIN}/run{run:02d}/gen{generation:02d}" for run in range(2) for generation in pruned
    ]
    assert {path for path in removed if path.endswith(".safetensors")} == {
        f"{name}.safetensors" for name in long + short
    }
    assert plan["waiting"]["vae_train"] == 4  # the VAE's models always stay


@pytest.mark.parametrize(
    ("which", "left", "extension"),
    [
        ("last", ("gen00", "gen02"), (2, 2)),
        ("none", ("gen00",), (0, 4)),
    ],
)
def test_models_can_be_removed_later_and_nothing_is_trained_again(copied, which, left, extension):
    """With Snakemake's memory of the run that made them, and without."""
    keep(copied, which)
    assert copied.planned() == {}
    copied.forget()
    assert copied.planned() == {}
    copied.run(*SMOKE, "--cores", "1", "--delete-temp-output")
    assert models(copied) == of_every_run(*left)
    assert copied.planned() == {}
    for path in RUN:  # what judges the generations reads their samples and metrics only
        (copied.folder / path).unlink()
    assert copied.planned(*RUN) == JUDGED
    extend(copied, 4)
    planned = copied.planned()
    assert trained(planned) == extension  # two generations of two runs
    assert "lm_train_real" not in planned


def test_a_pruned_chain_is_killed_and_resumed_and_extended(copied, finished):
    keep(copied, "last")
    for path in RUN:
        (copied.folder / path).unlink()
    for kind in ("models", "samples", "metrics"):
        shutil.rmtree(copied.folder / f"{LM}/{kind}/preserve10", ignore_errors=True)
    command = [sys.executable, "scripts/cli.py", "reproduce", "--scale", "smoke", "--cores", "1"]
    command += ["--target", *RUN]
    under_way = copied.folder / "logs/smoke/lm/models/preserve10/run00/gen02.log"
    under_way.unlink()
    process = subprocess.Popen(
        command, cwd=copied.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while not under_way.exists() and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert "run00 gen01" not in models(copied)
    assert not (copied.folder / RUN[0]).exists()
    again = copied.call(*command)
    assert again.returncode == 0, again.stderr
    assert "an earlier run was interrupted; resuming it" in again.stdout
    assert models(copied) == ["run00 gen00", "run00 gen02"]
    found, expected = copied.hashes(), finished.hashes()
    kept = {path for path in expected if "run00" in path and "lm/models/" not in path}
    assert {path: found.get(path) for path in kept} == {path: expected[path] for path in kept}

    extend(copied, 4)
    assert copied.planned(*RUN) == {"lm_train": 1, "lm_train_pruned": 1} | JUDGED
    done = copied.run(*SMOKE, "--cores", "1", "--", *RUN)
    assert "4 of 4 steps (100%) done" in done.stdout + done.stderr
    assert copied.planned(*RUN) == {}
    later = copied.hashes()
    records = [path.replace("smoke/", "smoke/records/").replace(".npz", ".json") for path in RUN]
    before = kept - {*RUN, *records}
    assert {path: later[path] for path in before} == {path: found[path] for path in before}
    # a model that was kept stays
    assert models(copied) == ["run00 gen00", "run00 gen02", "run00 gen04"]
    copied.run(*SMOKE, "--cores", "1", "--delete-temp-output")  # until its removal is asked for
    assert models(copied) == ["run00 gen00", "run00 gen04"]
