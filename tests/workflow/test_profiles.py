"""Profiles and what jobs ask for, without a cluster: tests/cluster has one."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROFILES = sorted(path.parent.name for path in ROOT.glob("workflow/profiles/*/config.yaml"))
LOCAL = """
import sys
sys.path.insert(0, "scripts")
from pipeline import plan
with plan.planned("paper") as planned:
    rules = {job.rule for job in planned.jobs}
    here = planned._workflow._localrules
    print(*(rules & here), "lm_import")
    print(*(rules - here))
"""


@pytest.fixture(scope="module")
def checkout(new_checkout):
    return new_checkout("profiles")


def jobs(checkout, *options):
    """Resources of a job of each rule that a dry run lists."""
    done = checkout.run("-n", *options)
    found = re.findall(r"^ *rule (\w+):\n(?: +.*\n)*? +resources: (.*)$", done.stdout, re.M)
    return {
        rule: dict(part.split("=", 1) for part in text.split(", ") if "=" in part)
        for rule, text in found
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_snakemake_reads_every_profile(checkout, profile):
    planned = jobs(checkout, "--profile", f"workflow/profiles/{profile}", "--config", "scale=smoke")
    assert {"vae_train", "lm_train", "gaussian_chain", "claims"} <= set(planned)


def test_light_rules_and_those_that_want_a_network_run_where_snakemake_does(checkout):
    done = checkout.call(sys.executable, "-c", LOCAL)
    here, elsewhere = (set(line.split()) for line in done.stdout.splitlines()[-2:])
    assert {"mnist", "text_corpus", "lm_import", "mnist_sums", "claims", "report"} <= here
    trained = {rule for rule in here | elsewhere if re.search("train|chain|evaluate|classif", rule)}
    assert trained and trained <= elsewhere
    assert elsewhere - trained <= {"gaussian_estimation", "vae_real", "lm_real", "lm_text"}


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_gpu_is_asked_for_where_one_is_used(checkout, device):
    planned = jobs(checkout, "--config", "scale=smoke", f"device={device}")
    asking = {rule for rule, resources in planned.items() if resources.get("gpu") == "1"}
    training = {"vae_train", "vae_train_real", "lm_train", "lm_train_real", "lm_pretrain"}
    assert asking == (training | {"lm_evaluate"} if device != "cpu" else set())


def test_a_profile_that_is_not_there_is_told(checkout):
    options = ("--profile", "workflow/profiles/cloud")
    done = checkout.call(sys.executable, "scripts/reproduce.py", "smoke", *options)
    assert done.returncode == 1
    assert done.stderr == (
        "ERROR: PROFILE=cloud has no workflow/profiles/cloud/config.yaml: choose one of "
        f"{', '.join(PROFILES)}, or make that file.\n"
    )
