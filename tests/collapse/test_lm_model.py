"""The language model: known losses, seeded training, memory, damaged files, other models."""

import copy
import math

import numpy as np
import pytest
import torch
from collapse.errors import UserError
from collapse.lm import beam, generation, language_model, summary
from collapse.neural import onednn, torch_tools
from oracles import ALPHA
from scipy import stats
from torch.optim.optimizer import register_optimizer_step_post_hook

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
SAMPLING = SETTINGS | {"decoding": "sample"}
CPU, VOCABULARY, LENGTH = torch.device("cpu"), 40, 16


@pytest.fixture(autouse=True)
def _deterministic():
    torch_tools.make_deterministic()
    torch.set_num_threads(1)


def new_model(seed=1):
    return language_model.build(ARCHITECTURE, VOCABULARY, CPU, seed=seed)


def token_perplexity(losses):
    """Perplexity from losses of blocks, with sums in double precision as in training."""
    return np.exp(losses.mean(dtype=np.float64))


@pytest.fixture
def blocks():
    """Every block counts upwards from a random start: learnable at once."""
    starts = np.random.default_rng(1).integers(4, VOCABULARY, size=(48, 1))
    return (starts + np.arange(LENGTH)) % (VOCABULARY - 4) + 4


def test_a_model_that_knows_nothing_has_the_vocabulary_as_perplexity(blocks):
    model = new_model()
    for weights in model.parameters():
        torch.nn.init.zeros_(weights)
    losses = language_model.block_losses(model, blocks, SETTINGS)
    assert (losses.shape, losses.dtype) == ((48,), np.float32)
    assert losses == pytest.approx(np.log(VOCABULARY), rel=1e-5)


def test_a_known_distribution_gives_its_perplexity(blocks):
    """Only the output layer's bias could do it; OPT has none, so logits are given by hand."""
    probabilities = np.random.default_rng(2).dirichlet(np.ones(VOCABULARY))
    model = new_model()
    logits = torch.tensor(np.log(probabilities), dtype=torch.float32)

    def fixed(tokens, **_):
        return type("Output", (), {"logits": logits.expand(*tokens.shape, -1)})

    model.forward = fixed
    losses = language_model.block_losses(model, blocks, SETTINGS)
    surprise = -np.log(probabilities[blocks[:, 1:]])  # the first token is given
    assert losses == pytest.approx(surprise.mean(axis=1), rel=1e-5)
    with_first = -np.log(probabilities[blocks]).mean(axis=1)
    assert losses != pytest.approx(with_first, rel=1e-2)  # the control
    found = {name: of(losses) for name, of in summary.PERPLEXITIES.items()}
    assert found["token"] == pytest.approx(np.exp(surprise.mean()), rel=1e-5)
    assert found["sequence"] == pytest.approx(np.exp(surprise.mean(axis=1)).mean(), rel=1e-5)
    assert found["sequence"] > found["token"]  # the exponential is convex


def test_evaluation_is_without_dropout_and_independent_of_batches(blocks):
    model = new_model().train()
    whole = language_model.block_losses(model, blocks, SETTINGS)
    parts = language_model.block_losses(model, blocks, SETTINGS, batch_size=5)
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
        after = language_model.block_losses(model, downwards, settings)
        assert token_perplexity(after) == pytest.approx(values[best], rel=1e-6)
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
        found = language_model.block_losses(model, blocks[:8], SETTINGS)
        best = min(epoch["validation_perplexity"] for epoch in history)
        assert token_perplexity(found) == pytest.approx(best, rel=1e-6)
    assert runs[0][0] == runs[1][0] != runs[2][0]
    assert all(torch.equal(w, runs[1][1][name]) for name, w in runs[0][1].items())
    assert runs[0][0][-1]["validation_perplexity"] < VOCABULARY / 2
    assert "epoch 6: training_perplexity" in capsys.readouterr().out


def training(blocks, settings=SETTINGS, **more):
    """Train a new model: number of optimiser steps, history of epochs, weights."""
    model, steps = new_model(), []
    handle = register_optimizer_step_post_hook(lambda *_: steps.append(1))
    try:
        history = language_model.fine_tune(
            model, blocks, blocks[:4], settings | {"schedule": "constant"}, seed=1, **more
        )
    finally:
        handle.remove()
    return len(steps), history, model.state_dict()


def test_a_tenth_of_the_blocks_makes_as_many_steps(blocks):
    """Of 48 blocks in batches of 8, two epochs are 12 steps; 5 blocks make one step an epoch."""
    n_steps = language_model.steps_of(len(blocks), SETTINGS)
    assert n_steps == 12
    assert training(blocks)[0] == 12
    steps, history, _ = training(blocks[:5], n_steps=n_steps)
    assert (steps, len(history)) == (12, 12)
    steps, history, _ = training(blocks[:5])  # the control: by default, exactly both epochs
    assert (steps, len(history)) == (2, 2)


def test_the_last_epoch_ends_with_the_last_step(blocks):
    """20 blocks make three steps an epoch: two epochs and one step of the third."""
    steps, history, _ = training(blocks[:20], n_steps=7)
    assert (steps, len(history)) == (7, 3)


def test_steps_by_hand():
    counts = {n: language_model.steps_of(n, {"epochs": 3, "batch_size": 8}) for n in (1, 8, 9, 48)}
    assert counts == {1: 3, 8: 3, 9: 6, 48: 18}


def test_the_default_steps_are_those_of_all_epochs(blocks):
    """The same weights; the control makes one step more."""
    _, expected_history, expected = training(blocks)
    _, history, found = training(blocks, n_steps=12)
    assert history == expected_history
    assert all(torch.equal(values, found[name]) for name, values in expected.items())
    _, _, other = training(blocks, n_steps=13)
    assert not all(torch.equal(values, other[name]) for name, values in expected.items())


def test_the_schedule_spans_all_steps_whatever_the_number_of_blocks(blocks, monkeypatch):
    called, rate = [], language_model.learning_rate

    def recorded(step, n_steps, settings):
        called.append((step, n_steps))
        return rate(step, n_steps, settings)

    monkeypatch.setattr(language_model, "learning_rate", recorded)
    training(blocks[:5], n_steps=12)
    assert called == [(step, 12) for step in range(12)]


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
        if len(given[0] if given else named["input_ids"]) > limit:
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
        losses = language_model.block_losses(model, blocks, SETTINGS)
        found.append((history, losses, generation.continue_blocks(model, blocks, SETTINGS, seed=1)))
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
        lambda: language_model.block_losses(model, blocks, SETTINGS),
        lambda: generation.continue_blocks(model.eval(), blocks, SETTINGS, seed=1),
        lambda: generation.continue_blocks(model.eval(), blocks, SAMPLING, seed=1),
    ):
        with pytest.raises(UserError, match="a single block does not fit"):
            use()


def test_another_error_is_no_lack_of_memory(blocks):
    model = small_memory(new_model(), 0, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        language_model.block_losses(model, blocks, SETTINGS)


BF16 = SETTINGS | {"precision": "bf16"}


def test_bf16_evaluates_as_fp32_does_but_for_its_rounding(blocks):
    """Each product rounds two inputs and its output to 8 significant bits: an error of at most
    3 x 2**-9 relative to the largest logit, six products a layer and one after them, independent;
    a loss moves by at most twice what a logit does."""
    model = new_model()
    language_model.fine_tune(model, blocks, blocks[:8], SETTINGS | {"epochs": 6}, seed=1)
    with torch.no_grad():
        largest = float(model(torch.tensor(blocks)).logits.abs().max())
    exact = language_model.block_losses(model, blocks, SETTINGS)
    rounded = language_model.block_losses(model, blocks, BF16)
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
        found.append(generation.continue_blocks(model, blocks, BF16, seed=1))
    assert kinds == {torch.bfloat16}
    assert {weights.dtype for weights in model.parameters()} == {torch.float32}
    assert found[0].shape == blocks.shape
    assert found[0].min() >= 0
    assert found[0].max() < VOCABULARY
    assert model.config.eos_token_id not in found[0]
    for other in found[1:]:
        assert np.array_equal(found[0], other)


@pytest.mark.parametrize("decoding", ["beam", "sample"])
def test_continuations_have_the_blocks_shape_and_no_end_of_text(blocks, decoding):
    model = new_model()
    language_model.fine_tune(model, blocks, blocks[:8], SETTINGS | {"epochs": 8}, seed=1)
    settings = SETTINGS | {"decoding": decoding}
    found = generation.continue_blocks(model, blocks[:6].astype(np.uint16), settings, seed=1)
    assert found.shape == (6, LENGTH)
    assert found.dtype == np.uint16
    assert model.config.eos_token_id not in found


LOGITS = 1.5 * torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(3))
END = 2  # OPT's end of text, which here is the most probable token by far
LOGITS[END] = 8.0
OTHERS = [token for token in range(VOCABULARY) if token != END]
N_PROMPTS, N_NEW = 400, 32


def law(temperature=1.0, kept=OTHERS):
    """Probabilities of all tokens, of which only those `kept` can be written."""
    weights = np.zeros(VOCABULARY)
    weights[kept] = np.exp(LOGITS.double().numpy()[kept] / temperature)
    return weights / weights.sum()


def written(seed=1, n_prompts=N_PROMPTS, **changes):
    """Tokens that a model with these logits writes after every prompt."""
    model = new_model().eval()
    model.lm_head.register_forward_hook(lambda _, __, found: LOGITS.expand_as(found))
    prompts = np.full((n_prompts, N_NEW), 5)
    return generation.continue_blocks(model, prompts, SAMPLING | changes, seed=seed)


def p_value(tokens, probabilities):
    """Chance of frequencies as far from the law as these; 0 if a token is impossible."""
    counts = np.bincount(tokens.ravel(), minlength=VOCABULARY)
    possible = probabilities > 0
    if counts[~possible].any():
        return 0.0
    return stats.chisquare(counts[possible], tokens.size * probabilities[possible]).pvalue


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_sampled_tokens_have_the_law_of_the_logits(temperature):
    """12,800 independent draws; the control is the law at a slightly higher temperature."""
    tokens = written(temperature=temperature)
    assert tokens.shape == (N_PROMPTS, N_NEW)
    assert tokens.size * law(temperature)[OTHERS].min() > 5  # enough for a chi-square test
    assert p_value(tokens, law(temperature)) > ALPHA
    assert p_value(tokens, law(1.15 * temperature)) < ALPHA
    assert END not in tokens
    # draws of one prompt, of one step, and of different batches are independent: no equal rows
    assert len({tuple(row) for row in tokens.tolist()}) == N_PROMPTS


def test_top_k_keeps_the_most_probable_tokens_only():
    kept = sorted(OTHERS, key=lambda token: -LOGITS[token])[:6]
    tokens = written(top_k=6)
    assert sorted(set(tokens.ravel().tolist())) == sorted(kept)
    assert p_value(tokens, law(kept=kept)) > ALPHA
    assert p_value(tokens, law()) < ALPHA  # the control


@pytest.mark.parametrize("temperature", [1.0, 1.5])
def test_top_p_keeps_the_smallest_nucleus_only(temperature):
    """The nucleus is that of the law at this temperature, after the end of text is left out."""
    by_probability = sorted(OTHERS, key=lambda token: -LOGITS[token])
    cumulative = np.cumsum(law(temperature)[by_probability])
    n_kept = int(np.searchsorted(cumulative, 0.7)) + 1
    assert cumulative[n_kept - 2] < 0.7 - 1e-3 < 0.7 + 1e-3 < cumulative[n_kept - 1]  # no tie
    tokens = written(top_p=0.7, temperature=temperature)
    kept = by_probability[:n_kept]
    assert sorted(set(tokens.ravel().tolist())) == sorted(kept)
    assert p_value(tokens, law(temperature, kept)) > ALPHA
    assert p_value(tokens, law(temperature, by_probability[: n_kept + 1])) < ALPHA  # the control


def test_samples_depend_on_their_seed_only_and_leave_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = written(seed=1, n_prompts=70)  # more than are sampled at once
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert np.array_equal(written(seed=1, n_prompts=70), first)
    assert not np.array_equal(written(seed=2, n_prompts=70), first)
    # batches go on with the random numbers instead of starting again
    assert not np.array_equal(first[64:], first[:6])


def greedy(model, prompts):
    """The most probable tokens but the end of text, one after another; the least lead of logits."""
    tokens, lead = torch.tensor(prompts), math.inf
    for _ in range(prompts.shape[1]):
        with torch.no_grad():
            logits = model(tokens).logits[:, -1]
        logits[:, END] = -math.inf
        best = logits.topk(2).values
        lead = min(lead, float((best[:, 0] - best[:, 1]).min()))
        tokens = torch.cat([tokens, logits.argmax(dim=-1, keepdim=True)], dim=1)
    return tokens[:, prompts.shape[1] :].numpy(), lead


def test_at_a_low_temperature_sampling_is_greedy(blocks):
    """Below the least lead over the second token by a factor of 30, another token has a
    probability below VOCABULARY·exp(−30); the control samples at temperature 1."""
    model, prompts = new_model().eval(), blocks[:6]
    expected, lead = greedy(model, prompts)
    assert lead > 1e-6, "the control: a tie would not be decided"
    for temperature, same in ((lead / 30, True), (1.0, False)):
        settings = SAMPLING | {"temperature": temperature}
        found = generation.continue_blocks(model, prompts, settings, seed=1)
        assert np.array_equal(found, expected) == same


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
