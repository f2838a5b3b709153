"""Beam search against `transformers`' own, which is slower but independent."""

import functools
import logging
import types

import numpy as np
import pytest
import torch
from collapse.lm import beam
from toy_language import llama_model, markov_text, opt_model, train
from transformers import AttentionInterface

pytestmark = pytest.mark.filterwarnings("error")

N_VOCABULARY, PROMPT_LENGTH, N_NEW, N_BEAMS = 200, 64, 64, 5
N_PROMPTS = {1.0: 80, 2.0: 50, 3.0: 50}  # of each architecture
FLOAT32_ROUNDING = torch.finfo(torch.float32).eps / 2


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads only wait for each other at these sizes."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@functools.cache
def make_model(architecture):
    """Return a model of 2 layers, trained until its beams have preferences."""
    torch.manual_seed(0)
    sizes = {"n_vocabulary": N_VOCABULARY, "hidden_size": 64, "n_layers": 2, "n_heads": 4}
    if architecture == "opt":
        model = opt_model(**sizes)
    elif architecture == "opt, norm after, projected":
        model = opt_model(**sizes, do_layer_norm_before=False, word_embed_proj_dim=32)
    else:
        model = llama_model(**sizes, n_key_value_heads=2)
    return train(model, n_steps=60, n_vocabulary=N_VOCABULARY, seed=1)


@pytest.fixture(scope="module", params=["opt", "llama"])
def model(request):
    return make_model(request.param)


@pytest.fixture(scope="module")
def opt():
    return make_model("opt")


@pytest.fixture
def progress(monkeypatch):
    """Record of every step of a search: lists of scores, parents and margins, one per step."""
    record = types.SimpleNamespace(scores=[], parents=[], margins=[])
    original = beam._best_continuations

    def best_continuations(log_probs, scores, n_beams):
        candidates = log_probs + scores.view(-1, 1)
        ranked = candidates.view(len(scores), -1).topk(n_beams + 1).values
        record.margins.append((ranked[:, :-1] - ranked[:, 1:])[:, [0, -1]])
        result = original(log_probs, scores, n_beams)
        record.scores.append(result[0])
        record.parents.append(result[1].view(-1, n_beams) % n_beams)
        return result

    monkeypatch.setattr(beam, "_best_continuations", best_continuations)
    return record


def make_prompts(n_prompts, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return markov_text(n_prompts, PROMPT_LENGTH, n_vocabulary=N_VOCABULARY, generator=generator)


def library_tokens(model, prompts, *, n_new_tokens=N_NEW, n_beams=N_BEAMS, repetition_penalty=1.0):
    """New tokens by `transformers`, 50 prompts at a time."""
    batches = [
        model.generate(
            batch,
            attention_mask=torch.ones_like(batch),
            num_beams=n_beams,
            do_sample=False,
            min_new_tokens=n_new_tokens,
            max_new_tokens=n_new_tokens,
            repetition_penalty=repetition_penalty,
            early_stopping=False,
            length_penalty=1.0,
        )
        for batch in prompts.split(50)
    ]
    return torch.cat(batches)[:, prompts.shape[1] :]


def token_log_probs(model, prompts, tokens):
    """Log-probability of each new token by one pass over the whole text, without a cache."""
    texts = torch.cat([prompts, tokens], dim=1)
    with torch.no_grad():
        logits = model(texts, use_cache=False).logits[:, prompts.shape[1] - 1 : -1]
    return logits.log_softmax(-1).gather(2, tokens[..., None])[..., 0]


def score_error(model, prompts, tokens, scores, repetition_penalty=1.0):
    """Error of a float32 score after each step, (n_steps, n_prompts): 4 standard deviations.

    Independent errors, each taken as large as it can be: half an ulp of every partial sum,
    and per term the largest difference between log-probabilities in float32 and float64.

    References
    ----------
    Higham and Mary, SIAM J. Sci. Comput. 41 (2019), A2815 (probabilistic rounding errors).
    """
    single = token_log_probs(model, prompts, tokens)
    double = token_log_probs(model.double(), prompts, tokens)
    model.float()
    term = (single - double).abs().max() * max(repetition_penalty, 1.0)
    rounding = FLOAT32_ROUNDING * torch.stack(scores).abs().amax(dim=2)
    return 4 * (rounding.square() + term.square()).cumsum(dim=0).sqrt()


def has_tie(margins, error):
    """Whether rounding may have decided what a prompt keeps at a step, or which beam is best.

    A gap between two scores seen by one program can be of the other sign in the other one if
    it is within four independent errors.
    """
    margins = torch.stack(margins)  # (n_steps, n_prompts, 2): best to second, kept to dropped
    pruning = (margins[:, :, 1] <= 2 * error).any(dim=0)
    return pruning | (margins[-1, :, 0] <= 2 * error[-1])


def compare(model, prompts, progress, repetition_penalty=1.0):
    """Search by both programs; return which prompts differ and which rounding may decide."""
    options = {"n_new_tokens": N_NEW, "repetition_penalty": repetition_penalty}
    tokens = beam.beam_search(model, prompts, batch_size=len(prompts), **options)
    differs = (tokens != library_tokens(model, prompts, **options)).any(dim=1)
    error = score_error(model, prompts, tokens, progress.scores, repetition_penalty)
    return differs, has_tie(progress.margins, error)


@pytest.mark.parametrize("repetition_penalty", N_PROMPTS)
def test_gives_the_tokens_of_transformers(model, progress, repetition_penalty, record_property):
    prompts = make_prompts(N_PROMPTS[repetition_penalty])
    differs, is_tie = compare(model, prompts, progress, repetition_penalty)
    record_property("prompts that differ", int(differs.sum()))
    record_property("prompts with a tie", int(is_tie.sum()))
    assert not (differs & ~is_tie).any()
    assert is_tie.float().mean() < 0.5, "most prompts must be able to fail"


def test_beams_really_compete(model, progress):
    prompts = make_prompts(100)
    beam.beam_search(model, prompts, n_new_tokens=N_NEW, batch_size=100)
    parents = torch.stack(progress.parents[1:])  # all beams of step 0 continue the prompt
    reordered = (parents != torch.arange(N_BEAMS)).any(dim=2).float().mean()
    deaths = torch.tensor([len(row.unique()) for row in parents.flatten(0, 1)]) < N_BEAMS
    assert reordered > 0.5
    assert deaths.float().mean() > 0.5


def test_score_is_that_of_a_plain_forward_pass(model, progress):
    prompts = make_prompts(100)
    tokens = beam.beam_search(model, prompts, n_new_tokens=N_NEW, batch_size=100)
    plain = token_log_probs(model.double(), prompts, tokens).sum(dim=1)
    model.float()
    error = score_error(model, prompts, tokens, progress.scores)
    assert ((progress.scores[-1][:, 0] - plain).abs() <= error[-1]).all()


@pytest.mark.parametrize("repetition_penalty", [1.0, 2.0])
def test_batch_size_changes_nothing(model, repetition_penalty):
    prompts = make_prompts(64)
    by_batch_size = [
        beam.beam_search(
            model,
            prompts,
            n_new_tokens=20,
            repetition_penalty=repetition_penalty,
            batch_size=batch_size,
        )
        for batch_size in (1, 7, 64)
    ]
    assert torch.equal(by_batch_size[0], by_batch_size[1])
    assert torch.equal(by_batch_size[0], by_batch_size[2])


@pytest.mark.parametrize(
    "changes",
    [
        {"n_new_tokens": 1},
        {"n_new_tokens": 2},
        {"n_beams": 1, "n_new_tokens": 20},
        {"n_beams": 7, "n_new_tokens": 33},
        {"repetition_penalty": 0.5, "n_new_tokens": 20},
    ],
    ids=str,
)
def test_other_sizes_give_the_tokens_of_transformers(opt, changes):
    prompts = make_prompts(20)
    tokens = beam.beam_search(opt, prompts, **changes)
    if changes.get("n_beams") == 1:
        expected = greedy_tokens(opt, prompts, changes["n_new_tokens"])
    else:
        expected = library_tokens(opt, prompts, **changes)
    assert torch.equal(tokens, expected)


def greedy_tokens(model, prompts, n_new_tokens, repetition_penalty=1.0):
    """Token of the best penalised log-probability at each step, by whole passes without a cache."""
    texts = prompts
    for _ in range(n_new_tokens):
        with torch.no_grad():
            log_probs = model(texts, use_cache=False).logits[:, -1].log_softmax(-1)
        for row, text in zip(log_probs, texts, strict=True):
            row[text.unique()] *= repetition_penalty
        log_probs[:, model.generation_config.eos_token_id] = float("-inf")
        texts = torch.cat([texts, log_probs.argmax(1, keepdim=True)], dim=1)
    return texts[:, prompts.shape[1] :]


def test_one_beam_penalises_log_probabilities_where_transformers_penalises_logits(opt):
    prompts, penalty = make_prompts(20), {"repetition_penalty": 2.0}
    tokens = beam.beam_search(opt, prompts, n_new_tokens=20, n_beams=1, **penalty)
    assert torch.equal(tokens, greedy_tokens(opt, prompts, 20, **penalty))
    library = library_tokens(opt, prompts, n_new_tokens=20, n_beams=1, **penalty)
    assert (tokens != library).any(dim=1).float().mean() > 0.5


def test_post_norm_and_projected_opt_gives_the_tokens_of_transformers():
    model, prompts = make_model("opt, norm after, projected"), make_prompts(30)
    tokens = beam.beam_search(model, prompts, n_new_tokens=20)
    assert torch.equal(tokens, library_tokens(model, prompts, n_new_tokens=20))


def test_eager_attention_gives_the_same_tokens(model):
    prompts = make_prompts(30)
    expected = beam.beam_search(model, prompts, n_new_tokens=20)
    model.set_attn_implementation("eager")
    tokens = beam.beam_search(model, prompts, n_new_tokens=20)
    model.set_attn_implementation("sdpa")
    assert torch.equal(tokens, expected)


def attention_by_loops(query, key, value, mask, scaling, key_head_of):
    """One prompt, query head and beam at a time: (n_prompts, n_beams, n_heads, head_size)."""
    n_prompts, n_heads, n_beams, head_size = query.shape
    output = query.new_empty((n_prompts, n_beams, n_heads, head_size))
    for prompt, head, one in np.ndindex(n_prompts, n_heads, n_beams):
        keys, values = (states[prompt, key_head_of(head)] for states in (key, value))
        products = (keys * query[prompt, head, one]).sum(dim=1) * scaling
        weights = (products + mask[prompt, 0, one]).exp()
        output[prompt, one, head] = (weights / weights.sum()) @ values
    return output


def attention_error(query, key, value, scaling):
    """Largest difference of two float64 attentions: the sum of all rounding errors, to 1st order.

    A sum of n products has an error of n roundings of the sum of their sizes. An error e of a
    score changes the weights by a factor of exp(2e) at most. The sums over positions and some
    roundings, of `exp` for instance, come on top.
    """
    largest = query.norm(dim=-1).max() * key.norm(dim=-1).max() * scaling
    score = (query.shape[-1] + 2) * largest
    n_roundings = 2 * score + 2 * key.shape[2] + 10
    return 2 * n_roundings * torch.finfo(torch.float64).eps / 2 * value.abs().max()


def test_attention_in_groups_is_that_of_each_head_alone():
    generator = torch.Generator().manual_seed(3)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    query, key, value = normal(2, 6, 5, 16), normal(2, 2, 11, 16), normal(2, 2, 11, 16)
    mask = torch.where(normal(2, 1, 5, 11) > 0, 0.0, float("-inf")).double()
    mask[..., 0] = 0
    inputs = query, key, value, mask
    output, _ = beam._attend_in_groups(None, *inputs, scaling=0.25, dropout=0.0)
    right = attention_by_loops(*inputs, 0.25, key_head_of=lambda head: head // 3)
    wrong = attention_by_loops(*inputs, 0.25, key_head_of=lambda head: head % 2)
    tolerance = attention_error(query, key, value, 0.25)
    assert (output - right).abs().max() <= tolerance
    assert (output - wrong).abs().max() > 1e6 * tolerance, "the grouping must matter"


def test_attention_in_groups_is_used_only_during_the_search(model, monkeypatch):
    used = []

    def attend(*inputs, **options):
        used.append(model.config._attn_implementation)
        return beam._attend_in_groups(*inputs, **options)

    monkeypatch.setitem(AttentionInterface._global_mapping, beam.GROUPED_ATTENTION, attend)
    beam.beam_search(model, make_prompts(2), n_new_tokens=3)
    assert used == [beam.GROUPED_ATTENTION] * 4  # 2 layers, 2 steps after that of the prompt
    assert model.config._attn_implementation == "sdpa"


def test_usual_attention_is_back_after_an_error(opt, monkeypatch):
    def fail(*inputs, **options):
        raise RuntimeError("no attention")

    monkeypatch.setitem(AttentionInterface._global_mapping, beam.GROUPED_ATTENTION, fail)
    with pytest.raises(RuntimeError, match="no attention"):
        beam.beam_search(opt, make_prompts(2), n_new_tokens=3)
    assert opt.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("eos_token_id", [None, [2, 5, 6, 7]])
def test_suppresses_whatever_ends_a_sequence(opt, eos_token_id, monkeypatch):
    monkeypatch.setattr(opt.generation_config, "eos_token_id", eos_token_id)
    monkeypatch.setattr(opt.generation_config, "pad_token_id", 1)
    prompts = make_prompts(30)
    tokens = beam.beam_search(opt, prompts, n_new_tokens=20)
    assert torch.equal(tokens, library_tokens(opt, prompts, n_new_tokens=20))
    assert not torch.isin(tokens, torch.tensor(eos_token_id or [])).any()


def see_every_beam(step_mask):
    step_mask.zero_()


def see_the_next_beam(step_mask):
    step_mask.diagonal(dim1=1, dim2=2).zero_()
    step_mask[:] = step_mask.roll(1, dims=2)


@pytest.mark.parametrize("wrong", [see_every_beam, see_the_next_beam])
def test_control_a_wrong_ancestry_mask_is_found(model, progress, monkeypatch, wrong):
    monkeypatch.setattr(beam, "_reveal_own_key", wrong)
    differs, is_tie = compare(model, make_prompts(30), progress)
    assert (differs & ~is_tie).any()


def test_control_dropping_live_keys_is_found(model, progress, monkeypatch):
    keep = beam.InPlaceLayer.keep
    monkeypatch.setattr(
        beam.InPlaceLayer,
        "keep",
        lambda layer, positions, start: keep(layer, positions.roll(1, dims=1), start),
    )
    differs, is_tie = compare(model, make_prompts(30), progress)
    assert (differs & ~is_tie).any()


def test_control_a_penalty_that_forgets_the_prompt_is_found(opt, progress, monkeypatch):
    processed = beam._processed_log_probs
    monkeypatch.setattr(
        beam,
        "_processed_log_probs",
        lambda logits, sequences, *others: processed(logits, sequences[:, PROMPT_LENGTH:], *others),
    )
    differs, is_tie = compare(opt, make_prompts(30), progress, repetition_penalty=2.0)
    assert (differs & ~is_tie).any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_finds_hypotheses_as_good_as_transformers(model, dtype):
    prompts = make_prompts(60)
    half = make_copy(model).to(dtype)
    tokens = beam.beam_search(half, prompts, n_new_tokens=20)
    expected = library_tokens(half, prompts, n_new_tokens=20)
    gain = token_log_probs(model, prompts, tokens) - token_log_probs(model, prompts, expected)
    gain = gain.sum(dim=1)
    # Four tests at a family-wise error rate of 0.001: z = 3.66.
    assert gain.mean().abs() <= 3.66 * gain.std() / len(gain) ** 0.5


def make_copy(model):
    copy = type(model)(model.config).eval()
    copy.load_state_dict(model.state_dict())
    return copy


def test_goes_on_with_smaller_batches_when_memory_runs_out(opt, monkeypatch, caplog):
    prompts = make_prompts(10)
    expected = beam.beam_search(opt, prompts, n_new_tokens=3)
    original = beam._search

    def search(model, prompts, *others):
        if len(prompts) > 3:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")
        return original(model, prompts, *others)

    monkeypatch.setattr(beam, "_search", search)
    with caplog.at_level(logging.WARNING):
        tokens = beam.beam_search(opt, prompts, n_new_tokens=3)
    assert torch.equal(tokens, expected)
    assert [record.args for record in caplog.records] == [(5,), (2,)]


@pytest.mark.parametrize(
    "error", [RuntimeError("shapes do not match"), torch.OutOfMemoryError("out of memory")]
)
def test_passes_on_errors_that_smaller_batches_do_not_cure(opt, monkeypatch, error):
    def search(*arguments):
        raise error

    monkeypatch.setattr(beam, "_search", search)
    with pytest.raises(RuntimeError, match=str(error)):
        beam.beam_search(opt, make_prompts(2), n_new_tokens=3)


def test_free_batch_size_follows_the_memory_of_the_gpu(opt, monkeypatch):
    free = {"bytes": 0}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free["bytes"], 80e9))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 0)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 0)
    sizes = []
    for free["bytes"] in (0, 200e6, 400e6, 1e15):
        sizes.append(beam.free_batch_size(opt, 64, 64, 5, device="cuda"))
    assert sizes[0] == 1
    assert abs(sizes[2] - 2 * sizes[1]) <= 1
    assert sizes[3] == beam.MAX_GPU_BATCH_SIZE
    assert beam.free_batch_size(opt, 64, 64, 5, device="cpu") == beam.CPU_BATCH_SIZE


def test_no_prompts_give_no_tokens(opt):
    tokens = beam.beam_search(opt, make_prompts(1)[:0], n_new_tokens=3)
    assert tokens.shape == (0, 3) and tokens.dtype == torch.long


def test_tokens_can_be_trained_on(opt):
    tokens = beam.beam_search(opt, make_prompts(2).int(), n_new_tokens=3)
    make_copy(opt)(tokens, labels=tokens).loss.backward()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prompts": torch.ones(3, dtype=torch.long)}, "not 1-D torch.int64"),
        ({"prompts": torch.ones(3, 4)}, "not 2-D torch.float32"),
        ({"prompts": torch.ones((3, 0), dtype=torch.long)}, r"shape \(3, 0\) have no tokens"),
        ({"prompts": torch.full((1, 4), N_VOCABULARY)}, "ids from 200 to 200"),
        ({"prompts": torch.full((1, 4), -1)}, "ids from -1 to -1"),
        ({"n_new_tokens": 0}, "n_new_tokens is 0"),
        ({"n_new_tokens": 253}, "257 positions, but the model has 256"),
        ({"repetition_penalty": 0.0}, "repetition_penalty is 0.0"),
        ({"repetition_penalty": float("nan")}, "repetition_penalty is nan"),
        ({"n_beams": 0}, "n_beams is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_is_named_in_one_sentence(opt, changes, message):
    arguments = {"prompts": torch.full((1, 4), 9), "n_new_tokens": 3} | changes
    with pytest.raises(ValueError, match=message) as error:
        beam.beam_search(opt, **arguments)
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("config.model_type", "mistral", "type llama, opt, not mistral"),
        ("config._attn_implementation_internal", "flash_attention_2", "not flash_attention_2"),
        ("training", True, "training mode"),
    ],
)
def test_unfit_models_are_refused(opt, monkeypatch, attribute, value, message):
    owner = opt.config if attribute.startswith("config.") else opt
    monkeypatch.setattr(owner, attribute.removeprefix("config."), value)
    with pytest.raises(ValueError, match=message):
        beam.beam_search(opt, make_prompts(2), n_new_tokens=3)
