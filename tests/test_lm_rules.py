"""The language model's rules: what is planned, what is shared, what an edit reruns."""

import contextlib
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from collapse.lm import language_model
from pipeline import devices, files, weights, yaml_files
from workflow_tools import SMOKE

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
LM = "results/smoke/lm"
PERPLEXITY = "results/smoke/tables/lm_perplexity.csv"


@pytest.fixture(scope="module")
def fresh(new_checkout):
    """A checkout in which nothing has run."""
    return new_checkout("fresh")


def jobs(checkout, scale, *targets, config=()):
    """Jobs of a dry run at a scale, by rule."""
    done = checkout.run("-n", "--config", f"scale={scale}", *config, "--", *targets)
    rows = (line.split() for line in done.stdout.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def test_the_laptop_scale_plans_every_generation_of_every_setting(fresh):
    planned = jobs(fresh, "laptop", "results/laptop/tables/lm_perplexity.csv")
    lm = yaml_files.read_yaml(fresh.folder / "config.yaml")["lm"]
    assert planned["lm_train"] == len(lm["settings"]) * lm["runs"] * lm["last_generation"] == 81
    assert planned["lm_train_real"] == 9  # the settings differ in epochs or in penalty
    assert planned["lm_evaluate"] == 9
    assert planned["lm_pretrain"] == 1
    assert "lm_import" not in planned


def test_the_paper_scale_takes_its_model_from_elsewhere(fresh):
    planned = jobs(fresh, "paper", "results/paper/tables/lm_perplexity.csv")
    assert planned["lm_train"] == 5 * 5  # settings, runs: the last generation, whose model is kept
    assert planned["lm_train_pruned"] == 5 * 5 * 8  # settings, runs, generations
    assert planned["lm_import"] == 1
    assert "lm_pretrain" not in planned


def test_settings_that_agree_on_generation_0_share_it(new_checkout):
    checkout = new_checkout("sharing")
    checkout.replace(
        "workflow/scales/smoke.yaml", "[preserve10]\n  def", "[preserve10, other]\n  def"
    )
    checkout.replace(
        "workflow/scales/smoke.yaml",
        "    preserve10: {epochs: 1}\n",
        "    preserve10: {epochs: 1}\n"
        "    other: {regime: replace, epochs: 1, repetition_penalty: 1.0}\n",
    )
    planned = jobs(checkout, "smoke", PERPLEXITY)
    assert planned["lm_train_real"] == 2  # one a run
    assert planned["lm_train"] == 2 * 2 * 2


def test_generation_0_can_be_what_each_generation_starts_from(new_checkout):
    checkout = new_checkout("starts")
    checkout.replace("config.yaml", "base: pretrained ", "base: generation0 ")
    target = f"{LM}/models/preserve10/run00/gen02.safetensors"
    done = checkout.run("-n", "--config", "scale=smoke", "--", target)
    rule = next(part for part in done.stdout.split("rule ") if "generation=02" in part)
    assert f"{LM}/models/preserve10/run00/gen00.safetensors" in rule
    assert f"{LM}/models/pretrained/model.safetensors" not in rule


@pytest.mark.parametrize("remembered", [True, False], ids=["with-memory", "without-memory"])
def test_two_more_generations_train_two_more_generations_only(copied, remembered):
    if not remembered:
        copied.forget()
    text = (copied.folder / "workflow/scales/smoke.yaml").read_text()
    start = text.index("lm:\n")
    changed = text[start:].replace("last_generation: 2", "last_generation: 4", 1)
    (copied.folder / "workflow/scales/smoke.yaml").write_text(text[:start] + changed)
    planned = copied.planned()
    assert planned["lm_train"] == 2 * 2
    assert (planned["lm_evaluate"], planned["lm_text"]) == (2, 2)
    assert not {"lm_train_real", "lm_pretrain", "lm_real", "vae_train"} & set(planned)


def test_edits_of_evaluation_train_nothing(copied):
    copied.replace("scripts/collapse/text_statistics.py", "share=0.1", "share=0.2")
    expected = {"lm_text", "lm_text_table", "lm_repetition", "lm_tail", "claims"}
    assert set(copied.planned()) == expected


def test_a_changed_rate_trains_every_generation_and_pretrains_nothing(copied):
    copied.replace(
        "workflow/scales/smoke.yaml", "  train: {batch_size: 4}", "  train: {batch_size: 5}"
    )
    planned = copied.planned()
    assert planned["lm_train"] == 4
    assert planned["lm_train_real"] == 2
    assert not {"lm_pretrain", "lm_real", "vae_train", "gaussian_chain"} & set(planned)


def test_each_epoch_is_in_the_log(finished):
    log = finished.folder / "logs/smoke/lm/models/preserve10/run01/gen02.log"
    assert "epoch 1: training_perplexity" in log.read_text()


def test_tables_hold_every_model_setting_and_run(finished):
    import pandas as pd

    table = pd.read_csv(finished.folder / PERPLEXITY)
    assert len(table) == 2 * (1 + 3)
    assert {"mean", "sd", "low", "high", "run00", "run01"} <= set(table.columns)
    assert list(table["model"][:3]) == ["zero-shot", "real", "generation 1"]
    zero_shot = table[table["model"] == "zero-shot"]
    assert (zero_shot["sd"] == 0).all()
    assert not table["run00"].equals(table["run01"])


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("models/preserve10/run00/gen00.safetensors", "metrics/preserve10/run00/perplexity.npz"),
        ("models/pretrained/model.safetensors", "samples/preserve10/run00/gen00.npz"),
    ],
)
def test_a_checkpoint_cut_off_in_the_middle_is_named_and_the_remedy_works(
    copied, finished, name, target
):
    path = copied.folder / LM / name
    path.write_bytes(path.read_bytes()[:-1000])
    done = copied.snakemake(*SMOKE, "--cores", "1", "--", f"{LM}/{target}")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in said
    assert f"ERROR: {LM}/{name} does not hold this model's weights" in said
    assert "delete the file and run again" in said
    path.unlink()
    copied.run(*SMOKE, "--cores", "2", "--", f"{LM}/{target}")
    assert copied.hashes(LM) == finished.hashes(LM)


def test_a_rate_that_diverges_is_one_sentence_with_step_and_rate(copied):
    copied.replace(
        "workflow/scales/smoke.yaml",
        "  train: {batch_size: 4}",
        "  train: {batch_size: 4, learning_rate: 1.0e+30}",
    )
    done = copied.snakemake(
        *SMOKE, "--cores", "1", "--", f"{LM}/models/preserve10/run00/gen00.safetensors"
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in said
    assert re.search(r"ERROR: the loss is nan at step 1 with learning rate \S+: lower", said)


@pytest.mark.parametrize("prompts", ["original", "previous"])
def test_a_generation_continues_the_prompts_that_are_asked_for(prompts, tmp_path, monkeypatch):
    """The adapter with models that do nothing; those at smoke scale write one token, whatever they
    are to continue."""
    real, written = np.full((4, 2), 1), np.full((4, 2), 2)
    files.write_arrays(tmp_path / "real.npz", blocks=real, validation=real, test=real)
    files.write_arrays(tmp_path / "written.npz", blocks=written)
    name = SimpleNamespace
    params = name(settings={"device": "cpu"}, regime={}, prompts=prompts, seed=1, mix_seed=1)
    given = name(
        real=tmp_path / "real.npz",
        sources=[tmp_path / "written.npz"],
        config=tmp_path / "config.json",
        start="",
    )
    files.write_json(given.config, {})
    output = name(model="", samples=tmp_path / "out.npz", metrics=tmp_path / "out.json")
    job = name(params=params, input=given, output=output, wildcards={"generation": "01"})
    monkeypatch.setattr("pipeline.job.job", lambda adapter: contextlib.nullcontext())
    monkeypatch.setattr(devices, "prepare", lambda device: device)
    doubles = {"fine_tune": [], "token_losses": np.log([[2.0, 8.0]])}
    doubles |= dict.fromkeys(("from_configuration", "place"))
    for function, value in doubles.items():
        monkeypatch.setattr(language_model, function, lambda *_, value=value, **__: value)
    for function in ("load", "save"):
        monkeypatch.setattr(weights, function, lambda *_: None)
    monkeypatch.setattr(language_model, "continue_blocks", lambda model, blocks, settings: blocks)
    runpy.run_path(str(SCRIPTS / "jobs" / "lm" / "train.py"), init_globals={"snakemake": job})
    continued = files.read_arrays(output.samples)["blocks"]
    assert (continued == (real if prompts == "original" else written)).all()
    assert files.read_json(output.metrics)["test"] == pytest.approx({"token": 4, "sequence": 4})


CHAIN = {"lm_train", "lm_evaluate", "lm_text"}
NOT_SEEN_IN_PATHS = {
    "corpus": ("  corpus: state_of_the_union ", "  corpus: wikipedia_leads ", CHAIN | {"lm_real"}),
    "base": ("base: pretrained ", "base: generation0 ", CHAIN),
    "prompts": ("prompts: original ", "prompts: previous ", CHAIN),
    "regime": ("preserve10: {regime: preserve10,", "preserve10: {regime: replace,", CHAIN),
    "pretraining": ("    corpus: wiki", "    corpus: state_of_the_union # wiki", {"lm_pretrain"}),
}


@pytest.mark.parametrize("remembered", [True, False], ids=["with-memory", "without-memory"])
@pytest.mark.parametrize("change", NOT_SEEN_IN_PATHS)
def test_what_no_path_shows_is_in_a_record(copied, change, remembered):
    old, new, expected = NOT_SEEN_IN_PATHS[change]
    if not remembered:
        copied.forget()
    copied.replace("config.yaml", old, new)
    planned = set(copied.planned())
    assert expected <= planned
    assert ("lm_train_real" in planned) == (change in ("corpus", "pretraining"))
