"""The language model: known losses, seeded training, memory, damaged files, other models."""

import copy
import math

import numpy as np
import pytest
import torch
from collapse.errors import UserError
from collapse.lm import beam, language_model
from collapse.neural import onednn, torch_tools

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
    "patience": None,
    "precision": "fp32",
    "beams": 2,
    "repetition_penalty": 1.0,
}
CPU, VOCABULARY, LENGTH = torch.device("cpu"), 40, 16


@pytest.fixture(autouse=True)
def _deterministic():
    torch_tools.make_deterministic()
    torch.set_num_threads(1)


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


def test_the_best_epoch_is_kept_and_patience_only_saves_time(blocks, capsys):
    """Validated on text that counts downwards, which training on upward counting makes worse."""
    settings, found = SETTINGS | {"epochs": 8, "schedule": "constant"}, []
    downwards = blocks[:8, ::-1].copy()
    for patience in (None, 2):
        model = new_model()
        history = language_model.fine_tune(
            model, blocks, downwards, settings | {"patience": patience}, seed=1
        )
        values = [epoch["validation_perplexity"] for epoch in history]
        best = int(np.argmin(values))
        assert best < 5, "the control: later epochs must be worse"
        after = language_model.token_losses(model, downwards, settings)
        assert language_model.perplexities(after)["token"] == pytest.approx(values[best], rel=1e-6)
        found.append((best, len(history), copy.deepcopy(model.state_dict())))
    assert found[0][:2] == (found[1][0], 8)
    assert found[1][1] == found[1][0] + 1 + 2
    assert all(torch.equal(w, found[1][2][name]) for name, w in found[0][2].items())
    assert "no improvement for 2 epochs: stopping early" in capsys.readouterr().out


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


def test_an_update_after_which_nothing_is_finite_is_told_too(blocks):
    """The last step's damage shows in the validation loss only."""
    one_step = SETTINGS | {"epochs": 1, "batch_size": len(blocks), "learning_rate": 1e30}
    with pytest.raises(UserError, match=r"loss is nan at step 1 with learning rate 1e\+30"):
        language_model.fine_tune(new_model(), blocks, blocks[:8], one_step, seed=1)


def test_schedules_by_hand():
    linear = {"learning_rate": 1.0, "warmup": 0.2, "schedule": "linear"}
    rates = [language_model.learning_rate(step, 10, linear) for step in range(10)]
    assert rates[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert rates[9] == pytest.approx(1 / 8)
    constant = linear | {"warmup": 0.0, "schedule": "constant"}
    assert {language_model.learning_rate(step, 10, constant) for step in range(10)} == {1.0}


FULL = {
    "gpu": torch.OutOfMemoryError("CUDA: the device is full"),
    "cpu": RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
}


def small_memory(model, limit, error=FULL["gpu"]):
    """Let the model fail as a full device does wherever it is given more than `limit` blocks."""

    def check(_, given, named):
        if len(given[0]) > limit:
            raise error

    model.register_forward_pre_hook(check, with_kwargs=True)
    return model


@pytest.mark.parametrize("device", FULL)
def test_memory_that_runs_out_halves_the_parts_and_changes_nothing_else(
    blocks, capsys, caplog, device
):
    """Parts of a batch add up to its gradient but for rounding, which AdamW can enlarge: it
    divides a gradient by its size, and moves a weight by up to the learning rate, 0.01, a step."""
    found = []
    for limit in (1000, 3):
        model = language_model.build(ARCHITECTURE | {"dropout": 0.0}, VOCABULARY, CPU, seed=1)
        small_memory(model, limit, FULL[device])
        history = language_model.fine_tune(model, blocks, blocks[:8], SETTINGS, seed=1)
        losses = language_model.token_losses(model, blocks, SETTINGS)
        found.append((history, losses, language_model.continue_blocks(model, blocks, SETTINGS)))
        if limit == 1000:
            assert "memory" not in capsys.readouterr().out + caplog.text
    said = capsys.readouterr().out
    for n in (8, 4, 48, 24, 12, 6):  # of a batch, then of all that is evaluated
        assert f"memory ran out with {n} blocks at once: continuing with {n // 2}" in said
    assert [record.args for record in caplog.records] == [(24,), (12,), (6,), (3,)]
    for one, other in zip(*(history for history, _, _ in found), strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    assert np.allclose(found[0][1], found[1][1], atol=1e-3)
    same = (found[0][2] == found[1][2]).all(axis=1)
    assert same.mean() > 0.9  # but for near ties


@pytest.mark.parametrize("device", FULL)
def test_a_single_block_too_many_is_one_sentence(blocks, device):
    model = small_memory(new_model(), 0, FULL[device])
    for use in (
        lambda: language_model.fine_tune(model, blocks, blocks[:8], SETTINGS, seed=1),
        lambda: language_model.token_losses(model, blocks, SETTINGS),
        lambda: language_model.continue_blocks(model.eval(), blocks, SETTINGS),
    ):
        with pytest.raises(UserError, match="a single block does not fit"):
            use()


def test_another_error_is_no_lack_of_memory(blocks):
    model = small_memory(new_model(), 0, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        language_model.token_losses(model, blocks, SETTINGS)


BF16 = SETTINGS | {"precision": "bf16"}


def test_bf16_evaluates_as_fp32_does_but_for_its_rounding(blocks):
    """Each product rounds two inputs and its output to 8 significant bits: an error of at most
    3 x 2**-9 relative to the largest logit, six products a layer and one after them, independent;
    a loss moves by at most twice what a logit does."""
    model = new_model()
    language_model.fine_tune(model, blocks, blocks[:8], SETTINGS | {"epochs": 6}, seed=1)
    with torch.no_grad():
        largest = float(model(torch.tensor(blocks)).logits.abs().max())
    exact = language_model.token_losses(model, blocks, SETTINGS)
    rounded = language_model.token_losses(model, blocks, BF16)
    n_products = 6 * ARCHITECTURE["layers"] + 1
    typical = 2 * largest * 3 * 2**-9 * n_products**0.5
    assert abs(rounded.mean() - exact.mean()) < typical
    assert 2**-12 < np.abs(rounded - exact).max() < 4 * typical  # at all, but not more


def test_bf16_trains_and_generates(blocks, monkeypatch):
    model, kinds = new_model(), set()
    model.lm_head.register_forward_hook(lambda _, __, logits: kinds.add(logits.dtype))
    history = language_model.fine_tune(model, blocks, blocks[:8], BF16 | {"epochs": 6}, seed=1)
    assert history[-1]["validation_perplexity"] < VOCABULARY / 2
    found = []
    for batch_size in (64, 5, 1):
        monkeypatch.setattr(beam, "CPU_BATCH_SIZE", batch_size)
        found.append(language_model.continue_blocks(model, blocks, BF16))
    assert kinds == {torch.bfloat16}
    assert {weights.dtype for weights in model.parameters()} == {torch.float32}
    assert found[0].shape == blocks.shape
    assert found[0].min() >= 0
    assert found[0].max() < VOCABULARY
    assert model.config.eos_token_id not in found[0]
    for other in found[1:]:
        assert np.array_equal(found[0], other)


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
