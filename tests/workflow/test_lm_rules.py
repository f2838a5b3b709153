"""The language model's rules: what is planned, what is shared, what an edit reruns."""

import contextlib
import re
import runpy
from types import SimpleNamespace

import numpy as np
import pytest
from collapse.lm import language_model
from pipeline import devices, files, paths, weights, yaml_files
from workflow_tools import SMOKE

SCALE = "workflow/scales/smoke.yaml"
LM = "results/smoke/lm"
PERPLEXITY = "results/smoke/tables/lm_perplexity.csv"


@pytest.fixture(scope="module")
def fresh(new_checkout):
    """A checkout in which nothing has run."""
    return new_checkout("fresh")


def test_the_laptop_scale_plans_every_generation_of_every_setting(fresh):
    table = "results/laptop/tables/lm_perplexity.csv"
    planned = fresh.plan(table, scale="laptop")["waiting"]
    lm = yaml_files.read_yaml(fresh.folder / "config.yaml")["lm"]
    assert planned["lm_train"] == len(lm["settings"]) * lm["runs"] * lm["last_generation"] == 81
    assert planned["lm_train_real"] == 9  # the settings differ in epochs or in penalty
    assert planned["lm_evaluate"] == 9
    assert planned["lm_pretrain"] == 1
    assert "lm_import" not in planned


def test_the_paper_scale_takes_its_model_from_elsewhere(paper_plan):
    planned = paper_plan["waiting"]
    assert planned["lm_train"] == 5 * 5  # settings, runs: the last generation, whose model is kept
    assert planned["lm_train_pruned"] == 5 * 5 * 8  # settings, runs, generations
    assert planned["lm_import"] == 1
    assert "lm_pretrain" not in planned


def test_settings_that_agree_on_generation_0_share_it(new_checkout):
    checkout = new_checkout("sharing")
    checkout.replace(SCALE, "[preserve10]\n  def", "[preserve10, other]\n  def")
    checkout.replace(
        SCALE,
        "    preserve10: {epochs: 1}\n",
        "    preserve10: {epochs: 1}\n"
        "    other: {regime: replace, epochs: 1, repetition_penalty: 1.0}\n",
    )
    planned = checkout.planned(PERPLEXITY)
    assert planned["lm_train_real"] == 2  # one a run
    assert planned["lm_train"] == 2 * 2 * 2


def test_every_generation_can_start_from_generation_0(fresh):
    model = f"{LM}/models/preserve10/run00/gen02.safetensors"
    first = model.replace("gen02", "gen00")
    pretrained = f"{LM}/models/pretrained/model.safetensors"

    def inputs(base):
        jobs = fresh.plan(model, config=[f"lm={{base: {base}}}"])["jobs"]
        return next(set(inputs) for _, inputs, outputs, _ in jobs if model in outputs)

    bases = {first, pretrained}
    assert inputs("generation0") & bases == {first}
    assert inputs("pretrained") & bases == {pretrained}


def test_two_more_generations_train_two_more_generations_only(copied):
    """With Snakemake's memory of the run that made the others, and without."""
    text = (copied.folder / SCALE).read_text()
    start = text.index("lm:\n")
    changed = text[start:].replace("last_generation: 2", "last_generation: 4", 1)
    (copied.folder / SCALE).write_text(text[:start] + changed)
    planned = copied.planned()
    assert planned["lm_train"] == 2 * 2
    assert (planned["lm_evaluate"], planned["lm_text"]) == (2, 2)
    assert not {"lm_train_real", "lm_pretrain", "lm_real", "vae_train"} & set(planned)
    copied.forget()
    assert copied.planned() == planned


def test_edits_of_evaluation_train_nothing(copied):
    copied.replace("scripts/collapse/lm/text_statistics.py", "TAIL = 0.1 ", "TAIL = 0.2 ")
    expected = {"lm_text", "lm_text_table", "lm_repetition", "lm_tail", "claims"}
    assert set(copied.planned()) == expected


def test_a_changed_rate_trains_every_generation_and_pretrains_nothing(copied):
    copied.replace(SCALE, "  train: {batch_size: 4}", "  train: {batch_size: 5}")
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


def test_truncated_checkpoints_are_named_and_made_again(copied, finished):
    """Of generation 0 and of the pretrained model; what follows from them has the same bytes."""
    names = [f"{LM}/models/{name}" for name in ("preserve10/run00/gen00", "pretrained/model")]
    for path in (copied.folder / f"{name}.safetensors" for name in names):
        path.write_bytes(path.read_bytes()[:-1000])
    differing = {f"{name}.safetensors": "its bytes differ from its record" for name in names}
    assert copied.plan()["differing"] == differing
    done = copied.run(*SMOKE, "--cores", "2", "--", PERPLEXITY)
    for path, reason in differing.items():
        assert f"{path}: {reason}" in done.stderr
    assert copied.hashes(LM) == finished.hashes(LM)


def test_a_rate_that_diverges_is_reported_in_one_line_with_step_and_rate(copied):
    copied.replace(
        SCALE,
        "  train: {batch_size: 4}",
        "  train: {batch_size: 4, learning_rate: 1.0e+30}",
    )
    done = copied.snakemake(
        *SMOKE, "--cores", "1", "--", f"{LM}/models/preserve10/run00/gen00.safetensors"
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in printed
    assert re.search(r"ERROR: the loss is nan at step 1 with learning rate \S+: lower", printed)


@pytest.mark.parametrize("prompts", ["original", "previous"])
def test_a_generation_continues_the_configured_prompts(prompts, tmp_path, monkeypatch):
    """The adapter, with models that do nothing: those of the smoke scale write the same token after
    every prompt.
    """
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
    script = paths.SCRIPTS / "jobs/lm/train.py"
    runpy.run_path(str(script), init_globals={"snakemake": job})
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


def test_records_show_what_no_path_shows(copied):
    """With Snakemake's memory of the run, and without."""
    for memory in ("with", "without"):
        for change, (old, new, expected) in NOT_SEEN_IN_PATHS.items():
            copied.replace("config.yaml", old, new)
            planned = copied.planned()
            assert expected <= set(planned), (change, memory)
            again = change in ("corpus", "pretraining")
            assert ("lm_train_real" in planned) == again, (change, memory)
            copied.replace("config.yaml", new, old)
        assert copied.planned() == {}
        copied.forget()
