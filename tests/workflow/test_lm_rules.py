"""The language model's rules: what is planned, what is shared, what an edit reruns."""

import contextlib
import re
import runpy
from types import SimpleNamespace

import numpy as np
import pytest
from collapse.lm import generation, language_model
from pipeline import configuration, devices, files, layout, paths, weights
from workflow_tools import SMOKE

SCALE = "workflow/scales/smoke.yaml"
LM = "results/smoke/lm"
PERPLEXITY = "results/smoke/tables/lm_perplexity.csv"


def trained(scale):
    """Number of trainings on generated text: settings, runs and generations of a scale."""
    laid_out = layout.Layout(configuration.load({"scale": scale}))
    return sum(
        len(laid_out.lm_runs(name)) * (len(laid_out.lm_generations(name)) - 1)
        for name in laid_out.lm_grid()
    )


@pytest.fixture(scope="module")
def fresh(new_checkout):
    """A checkout in which nothing has run."""
    return new_checkout("fresh")


def test_the_laptop_scale_plans_every_generation_of_every_setting(fresh):
    table = "results/laptop/tables/lm_perplexity.csv"
    planned = fresh.plan(table, scale="laptop")["waiting"]
    assert (
        planned["lm_train"] == trained("laptop") == 3 * (3 * 9 + 2 + 2 + 1)
    )  # three arms are short
    assert planned["lm_train_real"] == 3  # all settings train alike on real text, one a run
    assert planned["lm_generate"] == 3 * 3  # by beam search, with a penalty, by sampling
    assert planned["lm_evaluate"] == 6 * 3
    assert planned["lm_real"] == 3
    assert planned["lm_pretrain"] == 1
    assert "lm_import" not in planned


def test_the_paper_scale_takes_its_model_from_elsewhere(paper_plan):
    planned = paper_plan["waiting"]
    in_all = planned["lm_train"] + planned["lm_train_pruned"]
    assert in_all == trained("paper") == 5 * (5 * 9 + 2 + 2 + 1)  # three arms are short
    assert planned["lm_train"] >= 5 * 5  # at least the last of nine generations, which is kept
    assert planned["lm_train_real"] == 3 * 5  # 5 epochs, 10 epochs, the released code's rate
    assert planned["lm_import"] == 1
    assert "lm_pretrain" not in planned


def test_settings_that_agree_on_generation_0_share_it(new_checkout):
    checkout = new_checkout("sharing")
    checkout.replace(SCALE, "[preserve10, sampled]\n  def", "[preserve10, sampled, other]\n  def")
    checkout.replace(
        SCALE,
        "    preserve10: {epochs: 1}\n",
        "    preserve10: {epochs: 1}\n"
        "    other: {regime: replace, epochs: 1, repetition_penalty: 1.0}\n",
    )
    planned = checkout.planned(PERPLEXITY)
    assert planned["lm_train_real"] == 2  # one a run
    assert planned["lm_generate"] == 2 + 1  # by beam search, one a run, and the run by sampling
    assert planned["lm_train"] == 2 * 2 * 2 + 1


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
    unchanged = {"lm_train_real", "lm_generate", "lm_pretrain", "lm_real", "vae_train"}
    assert not unchanged & set(planned)
    copied.forget()
    assert copied.planned() == planned


def test_edits_of_evaluation_train_nothing(copied):
    copied.replace("scripts/collapse/lm/text_statistics.py", "TAIL = 0.1 ", "TAIL = 0.2 ")
    judged = {"claims", "claims_later", "collapse_profile"}
    shown = {"lm_text", "lm_text_table", "lm_repetition", "lm_tail"}
    assert set(copied.planned()) == judged | shown


def test_a_changed_rate_trains_every_generation_and_pretrains_nothing(copied):
    copied.replace(SCALE, "  train: {batch_size: 4}", "  train: {batch_size: 5}")
    planned = copied.planned()
    assert planned["lm_train"] == 4 + 1
    assert planned["lm_train_real"] == 2
    assert not {"lm_pretrain", "lm_real", "vae_train", "gaussian_chain"} & set(planned)


def test_each_epoch_is_in_the_log(finished):
    log = finished.folder / "logs/smoke/lm/models/preserve10/run01/gen02.log"
    assert "epoch 1: training_perplexity" in log.read_text()


def test_tables_hold_every_model_setting_and_run(finished):
    import pandas as pd

    whole = pd.read_csv(finished.folder / PERPLEXITY)
    assert len(whole) == 2 * (1 + 3) + 2 * (1 + 2)  # the arm with sampling is shorter
    assert whole[whole["setting"] == "sampled"]["run01"].isna().all()  # and has one run
    table = whole[whole["setting"] == "preserve10"]
    assert {"mean", "sd", "low", "high", "run00", "run01"} <= set(table.columns)
    assert list(table["model"][:3]) == ["zero-shot", "real", "generation 1"]
    zero_shot = table[table["model"] == "zero-shot"]
    assert (zero_shot["sd"] == 0).all()
    assert not table["run00"].equals(table["run01"])


def test_changes_are_those_of_the_losses_in_the_runs_files(finished):
    """The mean over test blocks of a generation's loss minus generation 0's, run by run."""
    import pandas as pd

    table = pd.read_csv(finished.folder / PERPLEXITY.replace("lm_perplexity", "lm_changes"))
    found = table.set_index(["setting", "generation"])
    assert list(found.index) == [
        *(("preserve10", g) for g in (-1, 1, 2)),
        *(("sampled", g) for g in (-1, 1)),
    ]
    for (setting, number), row in found.iterrows():
        for run in range(int(row["runs"])):
            path = finished.folder / f"{LM}/metrics/{setting}/run{run:02d}/losses.npz"
            losses = files.read_arrays(path)["losses"].astype(float)
            expected = (losses[number + 1] - losses[1]).mean()
            assert row[f"run{run:02d}"] == pytest.approx(expected, rel=1e-5, abs=1e-9)
    assert (found["low"] < found["high"]).all()  # also of the arm with one run


def test_runs_have_training_blocks_of_their_own_and_share_the_test_blocks(finished):
    runs = [
        files.read_arrays(finished.folder / f"{LM}/samples/real/run0{n}/data.npz") for n in (0, 1)
    ]
    blocks = [{tuple(block) for block in run["blocks"].tolist()} for run in runs]
    assert not blocks[0] & blocks[1]
    for name in ("validation", "test", "test_documents"):
        assert np.array_equal(runs[0][name], runs[1][name])
    assert len(runs[0]["test_documents"]) == len(runs[0]["test"]) == 8


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


class Output(SimpleNamespace):
    """Output files by name, as Snakemake gives them."""

    def get(self, name):
        return vars(self).get(name)


@pytest.fixture
def trains(tmp_path, monkeypatch):
    """Run the adapter with models that do nothing: those of the smoke scale write the same token
    after every prompt. Returns what it called and wrote."""
    real, written = np.full((40, 2), 1), np.full((40, 2), 2)
    arrays = {"blocks": real, "validation": real, "test": real + 2}
    files.write_arrays(tmp_path / "real.npz", **arrays)
    files.write_arrays(tmp_path / "written.npz", blocks=written)
    files.write_json(tmp_path / "config.json", {})
    files.write_json(tmp_path / "rate.json", {"chosen": 0.25})
    name, called = SimpleNamespace, {}

    def doubles(value):
        def called_with(given):
            return lambda *args, **more: called.update({given: (args, more)}) or value(args)

        return called_with

    replaced = {"fine_tune": lambda _: [], "block_losses": lambda args: args[1][:, 0] / 2}
    replaced |= dict.fromkeys(("from_configuration", "place"), lambda _: None)

    def train(sources=("written",), samples=True, **changes):
        settings = {"device": "cpu", "epochs": 3, "batch_size": 8, "patience": None}
        settings |= {"learning_rate": 0.5} | changes.pop("settings", {})
        params = {"regime": {}, "prompts": "original", "seed": 1, "mix_seed": 1} | changes
        given = name(
            real=tmp_path / "real.npz",
            sources=[tmp_path / f"{source}.npz" for source in sources],
            config=tmp_path / "config.json",
            rate=tmp_path / "rate.json",
            start="",
        )
        output = Output(model="", losses=tmp_path / "losses.npz", metrics=tmp_path / "out.json")
        if samples:
            output.samples = tmp_path / "out.npz"
        job = name(
            params=name(settings=settings, sampling_seed=7, **params),
            input=given,
            output=output,
            wildcards={"generation": "01"},
        )
        monkeypatch.setattr("pipeline.job.job", lambda adapter: contextlib.nullcontext())
        monkeypatch.setattr(devices, "prepare", lambda device: device)
        for function, value in replaced.items():
            monkeypatch.setattr(language_model, function, doubles(value)(function))
        for function in ("load", "save"):
            monkeypatch.setattr(weights, function, lambda *_: None)
        monkeypatch.setattr(generation, "continue_blocks", doubles(lambda a: a[1])("continue"))
        script = paths.SCRIPTS / "jobs/lm/train.py"
        runpy.run_path(str(script), init_globals={"snakemake": job})
        return called, output

    return train


@pytest.mark.parametrize("prompts", ["original", "previous"])
def test_a_generation_continues_the_configured_prompts(prompts, trains):
    called, output = trains(prompts=prompts)
    continued = files.read_arrays(output.samples)["blocks"]
    assert (continued == (1 if prompts == "original" else 2)).all()
    assert called["continue"][1] == {"seed": 7}
    # the test set's losses are kept block by block
    assert files.read_arrays(output.losses)["test"].tolist() == [1.5] * 40
    assert called["block_losses"][0][1].tolist() == [[3, 3]] * 40


def test_without_a_file_for_samples_none_are_written(trains):
    called, output = trains(sources=["real"], samples=False)
    assert "continue" not in called
    assert files.read_json(output.metrics) == {"epochs": [], "blocks": 40}


def test_a_tenth_of_the_text_is_trained_on_for_as_many_steps_and_as_patiently(trains):
    """3 epochs of 40 blocks in batches of 8 are 15 steps; 4 blocks make ten passes as long as one
    of 40 blocks, so that patience is ten times as many passes."""
    tenth = {"new": 0.0, "real": 1.0, "size": 0.1}
    found = []
    for regime, sources in (({}, ["written"]), (tenth, ["real"])):
        called, output = trains(sources=sources, regime=regime, settings={"patience": 2})
        (_, data, _, settings), more = called["fine_tune"]
        assert more == {"seed": 1, "n_steps": 15}
        assert files.read_json(output.metrics)["blocks"] == len(data)
        found.append((len(data), settings["patience"], int(data[0, 0])))
    assert found == [(40, 2, 2), (4, 20, 1)]


def test_a_chosen_learning_rate_is_read_from_its_file(trains):
    for rate, expected in ((0.5, 0.5), ([0.5, 0.25], 0.25)):
        called, _ = trains(settings={"learning_rate": rate})
        assert called["fine_tune"][0][3]["learning_rate"] == expected


CHAIN = {"lm_train", "lm_evaluate", "lm_text"}
NOT_SEEN_IN_PATHS = {
    "corpus": (
        "state_of_the_union       # fine-tuning",
        "wikipedia_leads       # fine-tuning",
        CHAIN | {"lm_real"},
    ),
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
            # generation 0 has no use for prompts, but shares its parameters with the others
            again = change in ("corpus", "pretraining", "prompts")
            assert ("lm_train_real" in planned) == again, (change, memory)
            copied.replace("config.yaml", new, old)
        assert copied.planned() == {}
        copied.forget()
