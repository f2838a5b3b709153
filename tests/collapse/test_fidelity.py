"""What the paper leaves open: each switch exists, and the scale as_released sets all of them."""

from pathlib import Path

import pandas as pd
import pytest
from collapse.claims import fidelity
from collapse.errors import UserError
from pipeline import configuration, reference, yaml_files

ROOT = Path(__file__).resolve().parents[2]
CHOICES = reference.choices()
KEYS = {key: value for choice in CHOICES.values() for key, value in choice["keys"].items()}


@pytest.fixture(scope="module")
def released(new_checkout):
    """The configuration of the scale as_released, and the number of its jobs by rule."""
    jobs = new_checkout("released").plan(scale="as_released")["waiting"]
    return configuration.load({"scale": "as_released"}), jobs


def test_as_released_has_every_value_of_the_released_code_and_papers_sizes(released):
    config, jobs = released
    for key, value in KEYS.items():
        assert value is None or configuration.value(config, key) == value, key
    paper = yaml_files.read_yaml(ROOT / "workflow" / "scales" / "paper.yaml")
    for key in ("lm.model", "lm.runs", "vae.images", "gmm.chains", "vae.train"):
        found, wanted = configuration.value(config, key), configuration.value(paper, key)
        assert found == wanted or found.items() > wanted.items(), key
    assert jobs["lm_train"] + jobs["lm_train_pruned"] == 2 * 5 * 9  # settings, runs, generations
    assert jobs["vae_train"] == 5 * 20


def test_as_released_holds_only_what_differs_from_paper():
    def leaves(node, path=()):
        for key, value in node.items():
            if isinstance(value, dict):
                yield from leaves(value, (*path, key))
            else:
                yield ".".join((*path, key))

    scale = yaml_files.read_yaml(ROOT / "workflow" / "scales" / "as_released.yaml")
    needed = {"scale", "extends", "lm.settings", "figures.lm_repetition.settings"}
    assert set(leaves(scale)) - needed <= set(KEYS)


def test_every_switch_is_a_key_of_the_default_configuration(config):
    for key in KEYS:
        configuration.value(config, key)
    for key in ("gaussian.dof", "gaussian.mean.std"):
        with pytest.raises(UserError, match=f"{key} is no key of the configuration"):
            configuration.value(config, key)


def test_agreement():
    assert fidelity.agreement([0], [0]) == "yes"
    assert fidelity.agreement([0, 1], [0]) == "among others"
    assert fidelity.agreement([1], [0]) == "no"
    assert fidelity.agreement("finite", "streaming") == "no"
    assert fidelity.agreement("pretrained", None) == ""


def test_the_effect_is_read_in_the_named_rows():
    table = pd.DataFrame(
        {"ddof": [0, 0, 0, 1], "size": [5, 5, 9, 5], "generation": [1, 2, 3, 2], "x": [1, 2, 3, 4]}
    )
    where = {"size": "min", "generation": "max"}
    text = fidelity.effect(table, column="x", name="error", where=where, across="ddof")
    assert text == "error, size 5, generation 2: 2 (divide by M), 4 (divide by M − 1)"


def test_the_table_says_what_this_run_does(finished):
    table = pd.read_csv(finished.folder / "results/smoke/tables/fidelity.csv").set_index("switch")
    assert set(KEYS) < set(table.index)
    assert table.loc["vae.samples", "in this run"] == "finite"
    assert table.loc["vae.samples", "agrees"] == "no"
    assert table.loc["gaussian.ddof", "agrees"] == "among others"
    assert "generation 20" in table.loc["gaussian.ddof", "measured"]
