"""Profiles and what jobs ask for, without a cluster: tests/cluster has one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROFILES = sorted(path.parent.name for path in ROOT.glob("profiles/*/config.yaml"))
# appended to a Snakefile: which rules run where Snakemake runs
LOCAL = """
with open("local.txt", "w") as file:
    print(*sorted(workflow._localrules), file=file)
"""
# which rules ask for a GPU
GPUS = """
with open("gpus.txt", "w") as file:
    print(*[rule.name for rule in workflow.rules if "gpu" in rule.resources], file=file)
"""


@pytest.fixture(scope="module")
def checkout(new_checkout):
    return new_checkout("profiles")


def jobs(checkout, *options):
    """Resources of a job of each rule that a dry run lists."""
    done = checkout.run("-n", "--quiet", "host", *options)
    found = re.findall(
        r"^ *(?:local)?rule (\w+):\n(?: +.*\n)*? +resources: (.*)$", done.stdout, re.M
    )
    return {
        rule: dict(part.split("=", 1) for part in text.split(", ") if "=" in part)
        for rule, text in found
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_snakemake_reads_every_profile(checkout, profile):
    planned = jobs(checkout, "--profile", f"profiles/{profile}", "--config", "scale=smoke")
    assert {"vae_train", "lm_train", "gaussian_chain", "claims"} <= set(planned)


def test_the_profile_of_slurm_names_every_rule_that_asks_for_a_gpu(new_checkout):
    """In lines that a site takes out of comments."""
    other = new_checkout("gpus")
    path = other.folder / "Snakefile"
    path.write_text(path.read_text() + GPUS)
    other.plan(config=["device=auto"])
    asked = set((other.folder / "gpus.txt").read_text().split())
    text = (ROOT / "profiles/slurm/config.yaml").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^#   (\w+): [&*]gpu", text, re.M))
    assert "lm_generate" in asked


def test_light_rules_and_those_that_need_a_network_run_where_snakemake_does(
    new_checkout, paper_plan
):
    other = new_checkout("local")
    path = other.folder / "Snakefile"
    path.write_text(path.read_text() + LOCAL)
    other.plan()
    rules = {rule for rule, *_ in paper_plan["jobs"]}
    here = set((other.folder / "local.txt").read_text().split())
    assert {"mnist", "text_corpus", "lm_import", "mnist_sums", "claims", "report"} <= here
    heavy = re.compile("train|generate|evaluate|classifier|(discrete|gaussian|gmm)_chain$")
    trained = {rule for rule in rules if heavy.search(rule)}
    assert trained and not trained & here
    light = {"gaussian_estimation", "gaussian_history", "lm_real", "lm_text", "lm_ngram"}
    assert rules - here - trained <= light


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_gpu_is_asked_for_where_one_is_used(checkout, device):
    planned = jobs(checkout, "--config", "scale=smoke", f"device={device}")
    asking = {rule for rule, resources in planned.items() if resources.get("gpu") == "1"}
    training = {"vae_train", "vae_train_real", "lm_train", "lm_train_real", "lm_pretrain"}
    assert asking == (training | {"lm_generate", "lm_evaluate"} if device != "cpu" else set())
