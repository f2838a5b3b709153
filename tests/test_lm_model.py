"""The language model: known losses, seeded training, memory, damaged files, other models."""

import copy
import math

import numpy as np
import pytest
import torch
from collapse import base_models, files, language_model, onednn, torch_tools
from collapse.errors import UserError

ARCHITECTURE = {
    "hidden_size": 16,
    "layers": 2,
    "heads": 2,
    "feed_forward": 32,
    "positions": 64,
    "dropout": 0.1,
}
SETTINGS = {
    "epochs": 2,
    "batch_size": 8,
    "learning_rate": 1e-2,
    "schedule": "linear",
    "warmup": 0.1,
    "weight_decay": 0.1,
    "clip": 1.0,
    "precision": "fp32",
    "beams": 2,
    "repetition_penalty": 1.0,
}
CPU, VOCABULARY, LENGTH = torch.device("cpu"), 40, 16


@pytest.fixture(autouse=True)
def _deterministic():
    torch_tools.prepare("cpu")


def new_model(seed=1):
    return language_model.build(ARCHITECTURE, VOCABULARY, CPU, seed=seed)


@pytest.fixture
def blocks():
    """Every block counts upwards from a random start: learnable at once."""
    starts = np.random.default_rng(1).integers(4, VOCABULARY, size=(48, 1))
    return (starts + np.arange(LENGTH)) % (VOCABULARY - 4) + 4


def test_a_model_that_knows_nothing_has_the_vocabulary_as_perplexity(blocks):
    model = new_model()
    for weights in model.parameters():
        torch.nn.init.zeros_(weights)
    losses = language_model.token_losses(model, blocks, SETTINGS)
    assert losses.shape == (48, LENGTH - 1)
    for value in language_model.perplexities(losses).values():
        assert value == pytest.approx(VOCABULARY, rel=1e-5)


def test_a_known_distribution_gives_its_perplexity(blocks):
    """Only the output layer's bias could do it; OPT has none, so logits are given by hand."""
    probabilities = np.random.default_rng(2).dirichlet(np.ones(VOCABULARY))
    model = new_model()
    logits = torch.tensor(np.log(probabilities), dtype=torch.float32)

    def fixed(tokens, **_):
        return type("Output", (), {"logits": logits.expand(*tokens.shape, -1)})

    model.forward = fixed
    found = language_model.perplexities(language_model.token_losses(model, blocks, SETTINGS))
    surprise = -np.log(probabilities[blocks[:, 1:]])
    assert found["token"] == pytest.approx(np.exp(surprise.mean()), rel=1e-5)
    assert found["sequence"] == pytest.approx(np.exp(surprise.mean(axis=1)).mean(), rel=1e-5)
    assert found["sequence"] > found["token"]  # the exponential is convex


def test_evaluation_is_without_dropout_and_independent_of_batches(blocks):
    model = new_model().train()
    whole = language_model.token_losses(model, blocks, SETTINGS)
    parts = language_model.token_losses(model, blocks, SETTINGS, batch_size=5)
    assert np.allclose(whole, parts, atol=1e-5)


def test_training_learns_is_seeded_and_keeps_the_best_epoch(blocks, capsys):
    runs = []
    for seed in (1, 1, 2):
        model = new_model()
        history = language_model.fine_tune(
            model, blocks, blocks[:8], SETTINGS | {"epochs": 6}, seed=seed
        )
        runs.append((history, copy.deepcopy(model.state_dict())))
        found = language_model.token_losses(model, blocks[:8], SETTINGS)
        best = min(epoch["validation_perplexity"] for epoch in history)
        assert language_model.perplexities(found)["token"] == pytest.approx(best, rel=1e-6)
    assert runs[0][0] == runs[1][0] != runs[2][0]
    assert all(torch.equal(w, runs[1][1][name]) for name, w in runs[0][1].items())
    assert runs[0][0][-1]["validation_perplexity"] < VOCABULARY / 2
    assert "epoch 6: training_perplexity" in capsys.readouterr().out


def test_training_that_diverges_names_step_and_rate(blocks):
    model = new_model()
    torch.nn.init.constant_(model.model.decoder.final_layer_norm.weight, math.nan)
    with pytest.raises(UserError, match=r"loss is nan at step 0 with learning rate"):
        language_model.fine_tune(model, blocks, blocks[:8], SETTINGS, seed=1)


def test_schedules_by_hand():
    linear = {"learning_rate": 1.0, "warmup": 0.2, "schedule": "linear"}
    rates = [language_model.learning_rate(step, 10, linear) for step in range(10)]
    assert rates[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert rates[9] == pytest.approx(1 / 8)
    constant = linear | {"warmup": 0.0, "schedule": "constant"}
    assert {language_model.learning_rate(step, 10, constant) for step in range(10)} == {1.0}


def test_memory_that_runs_out_halves_the_parts_and_changes_nothing_else(
    blocks, capsys, monkeypatch
):
    without_dropout = ARCHITECTURE | {"dropout": 0.0}
    models = [language_model.build(without_dropout, VOCABULARY, CPU, seed=1) for _ in range(2)]
    language_model.fine_tune(models[0], blocks, blocks[:8], SETTINGS, seed=1)
    losses = language_model._losses

    def small_memory(model, part, precision):
        if len(part) > 3:
            raise torch.OutOfMemoryError("no more")
        return losses(model, part, precision)

    monkeypatch.setattr(language_model, "_losses", small_memory)
    language_model.fine_tune(models[1], blocks, blocks[:8], SETTINGS, seed=1)
    assert "memory ran out with 8 blocks at once: going on with 4" in capsys.readouterr().out
    for one, other in zip(*(model.parameters() for model in models), strict=True):
        assert torch.allclose(one, other, atol=1e-3)


def test_a_single_block_too_many_is_one_sentence(blocks, monkeypatch):
    def no_memory(*_):
        raise torch.OutOfMemoryError("no more")

    monkeypatch.setattr(language_model, "_losses", no_memory)
    with pytest.raises(UserError, match="a single block does not fit"):
        language_model.token_losses(new_model(), blocks, SETTINGS)


def test_continuations_have_the_blocks_shape_and_no_end_of_text(blocks):
    model = new_model()
    language_model.fine_tune(model, blocks, blocks[:8], SETTINGS | {"epochs": 8}, seed=1)
    found = language_model.continue_blocks(model, blocks[:6].astype(np.uint16), SETTINGS)
    assert found.shape == (6, LENGTH)
    assert found.dtype == np.uint16
    assert model.config.eos_token_id not in found


def test_onednn_layers_have_pytorchs_values_and_gradients():
    torch.manual_seed(1)
    plain = torch.nn.Linear(24, 40)
    fast = onednn.use_for_linear_layers(torch.nn.Sequential(copy.deepcopy(plain)))[0]
    assert type(fast) is onednn.Linear
    inputs = [torch.randn(3, 7, 24).requires_grad_() for _ in range(2)]
    inputs[1].data = inputs[0].data.clone()
    for layer, values in zip((plain, fast), inputs, strict=True):
        layer(values).square().sum().backward()
    scale = 24 * torch.finfo(torch.float32).eps * 1e3
    assert torch.allclose(plain(inputs[0]), fast(inputs[1]), atol=scale)
    assert torch.allclose(inputs[0].grad, inputs[1].grad, atol=scale)
    for one, other in zip(plain.parameters(), fast.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-4, atol=scale)


@pytest.fixture
def saved(tmp_path):
    model = new_model()
    language_model.save(tmp_path / "model.safetensors", model)
    language_model.save_config(tmp_path / "config.json", model)
    return tmp_path, model


def test_a_saved_model_is_read_back_tied_layers_included(saved, blocks):
    folder, model = saved
    again = language_model.load(folder / "config.json", folder / "model.safetensors", CPU)
    assert again.lm_head.weight is again.model.decoder.embed_tokens.weight
    expected = language_model.token_losses(model, blocks, SETTINGS)
    assert np.array_equal(language_model.token_losses(again, blocks, SETTINGS), expected)
    first = (folder / "model.safetensors").read_bytes()
    language_model.save(folder / "model.safetensors", again)
    assert (folder / "model.safetensors").read_bytes() == first


@pytest.mark.parametrize("damage", ["truncated", "other"])
def test_a_damaged_checkpoint_is_named(saved, damage):
    folder, _ = saved
    path = folder / "model.safetensors"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-1000])
    else:
        small = ARCHITECTURE | {"layers": 1}
        language_model.save(path, language_model.build(small, VOCABULARY, CPU, seed=1))
    with pytest.raises(UserError, match=r"does not hold this model's weights .*: delete the file"):
        language_model.load(folder / "config.json", path, CPU)


def test_a_tokenizer_too_big_for_the_model_is_refused():
    with pytest.raises(UserError, match="knows 40 tokens, but its tokenizer has 41"):
        base_models.check_fit("x", 40, 41)


def test_a_folder_without_a_model_and_an_unknown_name_are_one_sentence(tmp_path, monkeypatch):
    files.write_json(tmp_path / "config.json", {"model_type": "opt"})
    with pytest.raises(UserError, match="is a folder without a whole model") as caught:
        base_models.obtain(str(tmp_path))
    assert "\n" not in str(caught.value)

    def unreachable(*_, **__):
        raise OSError("We couldn't connect\nto the hub")

    monkeypatch.setattr(base_models.AutoModelForCausalLM, "from_pretrained", unreachable)
    with pytest.raises(UserError, match="'no/model' could not be had from the hub") as caught:
        base_models.obtain("no/model")
    assert "\n" not in str(caught.value)
