"""keep_models: which checkpoints stay, and that nothing else depends on it."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from workflow_tools import SMOKE

VAE, LM = "results/smoke/vae", "results/smoke/lm"
OF_LM = f"{LM}/metrics/preserve10/run00"
RUN = (f"{VAE}/metrics/replace/run00.npz", f"{OF_LM}/losses.npz", f"{OF_LM}/text.npz")
JUDGED = {"vae_evaluate": 1, "lm_evaluate": 1, "lm_text": 1}
CHAINS = (f"{VAE}/models/replace", f"{LM}/models/preserve10")  # the latter has its generation 0
TRAINING = ("vae_train", "lm_train", "vae_train_pruned", "lm_train_pruned")


def keep(checkout, which):
    checkout.replace("config.yaml", "keep_models: all ", f"keep_models: {which} ")


def extend(checkout, last):
    """Set both families' last generation; at smoke scale it is 2."""
    path = checkout.folder / "workflow/scales/smoke.yaml"
    families = path.read_text().partition("\nvae:\n")
    assert families[2].count("last_generation: 2\n") == 2
    new = families[2].replace("last_generation: 2\n", f"last_generation: {last}\n")
    path.write_text("".join([*families[:2], new]))


def trained(planned):
    """Numbers of training jobs in a plan, in the order of TRAINING."""
    return tuple(planned.get(rule, 0) for rule in TRAINING)


def models(checkout):
    """Generations whose models exist, chain by chain, run by run."""
    found = [path for chain in CHAINS for path in (checkout.folder / chain).rglob("*.safetensors")]
    return sorted(f"{path.parts[-5]} {path.parts[-2]} {path.stem}" for path in found)


def of_every_run(*names):
    """What `models` lists if each run has these: family and generation."""
    return sorted(
        f"{family} run{run:02d} {generation}"
        for family, generation in map(str.split, names)
        for run in range(2)
    )


@pytest.fixture(scope="module")
def fresh(new_checkout):
    """A checkout in which nothing has run, with chains of twelve generations."""
    checkout = new_checkout("unpruned")
    extend(checkout, 12)
    return checkout


@pytest.mark.parametrize(
    ("which", "expected", "pruned"),
    [
        ("all", (24, 25, 0, 0), range(0)),
        ("last", (2, 2, 22, 23), range(1, 12)),
        ("none", (0, 0, 24, 25), range(1, 13)),
    ],
)
def test_every_generation_is_trained_by_one_of_two_rules(fresh, which, expected, pruned):
    plan = fresh.plan(config=[f"keep_models={which}"])
    assert trained(plan["waiting"]) == expected
    removed = [path for rule, _, made, _ in plan["jobs"] if "pruned" in rule for path in made]
    chains = [f"{chain}/run{run:02d}" for chain in CHAINS for run in range(2)]
    short = [f"{LM}/models/sampled/run00/gen01"] * (1 in pruned)  # a setting of one generation
    kept = [f"{chain}/gen{generation:02d}" for chain in chains for generation in pruned]
    assert {path for path in removed if path.endswith(".safetensors")} == {
        f"{name}.safetensors" for name in kept + short
    }


@pytest.mark.parametrize(
    ("which", "left", "extension"),
    [
        ("last", ("vae gen02", "lm gen00", "lm gen02"), (2, 2, 2, 2)),
        ("none", ("lm gen00",), (0, 0, 4, 4)),
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
    assert trained(planned) == extension  # two generations of each family's two runs
    assert not {"vae_train_real", "lm_train_real", "digit_classifier"} & set(planned)


def test_a_pruned_chain_is_killed_and_resumed_and_extended(copied, finished):
    keep(copied, "last")
    for path in RUN:
        (copied.folder / path).unlink()
    for kind in ("models", "samples", "metrics"):
        shutil.rmtree(copied.folder / f"{LM}/{kind}/preserve10", ignore_errors=True)
        shutil.rmtree(copied.folder / f"{VAE}/{kind}/replace", ignore_errors=True)
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
    assert "lm run00 gen01" not in models(copied)
    assert not (copied.folder / RUN[1]).exists()
    again = copied.call(*command)
    assert again.returncode == 0, again.stderr
    assert "an earlier run was interrupted; resuming it" in again.stdout
    assert models(copied) == ["lm run00 gen00", "lm run00 gen02", "vae run00 gen02"]
    found, expected = copied.hashes(), finished.hashes()
    kept = {path for path in expected if "run00" in path and "/models/" not in path}
    assert {path: found.get(path) for path in kept} == {path: expected[path] for path in kept}

    extend(copied, 4)
    one_run = {"vae_train": 1, "vae_train_pruned": 1, "lm_train": 1, "lm_train_pruned": 1}
    assert copied.planned(*RUN) == one_run | JUDGED
    done = copied.run(*SMOKE, "--cores", "1", "--", *RUN)
    assert "7 of 7 steps (100%) done" in done.stdout + done.stderr
    assert copied.planned(*RUN) == {}
    later = copied.hashes()
    records = [path.replace("smoke/", "smoke/records/").replace(".npz", ".json") for path in RUN]
    before = kept - {*RUN, *records}
    assert {path: later[path] for path in before} == {path: found[path] for path in before}
    ends = [f"{family} run00 gen{g}" for family in ("lm", "vae") for g in ("02", "04")]
    assert models(copied) == ["lm run00 gen00", *ends]  # a model that was kept stays
    copied.run(*SMOKE, "--cores", "1", "--delete-temp-output")  # until its removal is asked for
    assert models(copied) == ["lm run00 gen00", "lm run00 gen04", "vae run00 gen04"]
