"""Beam search for a decoder-only language model, with one key-value cache per prompt.

It returns the same tokens as `generate(num_beams=..., do_sample=False, min_new_tokens=n,
max_new_tokens=n)` of `transformers`, several times faster. The library expands each prompt
to `n_beams` rows before the first pass. It copies the cache of every row twice per step: once
to append a position, and once to reorder the beams. Here the beams of a prompt are `n_beams`
queries at the same position of one sequence. Their keys and values are appended in place to
one cache and are not moved. As in tree attention, an additive mask lets each beam see only the
prompt and its own ancestors.

A repetition penalty multiplies log-probabilities, whatever the number of beams. `transformers` does
so in beam search, but with `num_beams=1` it searches greedily and penalises logits. A single beam
with a penalty therefore gives other tokens than `transformers`.

The model's own forward pass is used, through the attention, cache and mask interfaces of
`transformers`.

References
----------
Miao et al., SpecInfer, arXiv:2305.09781, section 4.2 (tree attention).
Keskar et al., CTRL, arXiv:1909.05858, section 4.1 (repetition penalty).
"""

import contextlib
import logging

import torch
from torch.nn import functional
from transformers import AttentionInterface, Cache, DynamicLayer

from collapse.neural import torch_tools

# Models with a sliding window or a recurrent state need more than the ancestry mask.
SUPPORTED_MODEL_TYPES = ("llama", "opt")
SUPPORTED_ATTENTION = ("eager", "sdpa")
GROUPED_ATTENTION = "grouped_beam_search"  # name under which `transformers` knows it

CPU_BATCH_SIZE = 128  # prompts; larger batches are not measurably faster
MAX_GPU_BATCH_SIZE = 1024  # prompts; enough for matrix products to fill the GPU
STEPS_BETWEEN_COMPACTIONS = 8  # each compaction synchronises with the device once
FREE_MEMORY_SHARE = 0.8  # the rest is for fragmentation and workspaces of libraries

logger = logging.getLogger(__name__)


def beam_search(
    model, prompts, *, n_new_tokens, n_beams=5, repetition_penalty=1.0, batch_size=None
):
    """Continue every prompt with its best beam of exactly `n_new_tokens` tokens.

    End-of-sequence tokens are suppressed, so that all hypotheses have the same length.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        Causal language model of type "llama" or "opt", in evaluation mode, of any float dtype.
        Of its generation configuration, only `eos_token_id` is used.
    prompts : torch.Tensor, integer, shape (n_prompts, prompt_length)
        Token ids, no padding; any device.
    n_new_tokens : int
        Tokens to generate per prompt, at least 1.
    n_beams : int, default 5
        Hypotheses kept per prompt, at least 1.
    repetition_penalty : float, default 1.0
        Factor on the log-probability of tokens that occur in the prompt or the beam; positive.
        With `n_beams=1` and a penalty, tokens differ from those of `transformers`, whose greedy
        search penalises logits.
    batch_size : int, optional
        Prompts per batch; by default the result of `free_batch_size`. It is halved when memory
        runs out.

    Returns
    -------
    torch.LongTensor, shape (n_prompts, n_new_tokens)
        New tokens, on the device of the prompts. `batch_size` affects them only if rounding
        decides between equally good beams.

    Raises
    ------
    ValueError
        If the model is not supported or an argument is invalid; the message gives the value.
    """
    _check_model(model, n_beams)
    _check_arguments(model, prompts, n_new_tokens, repetition_penalty, batch_size)
    if batch_size is None:
        batch_size = free_batch_size(
            model, prompts.shape[1], n_new_tokens, n_beams, device=model.device
        )
    batches, start = [], 0
    while start < len(prompts):
        batch = prompts[start : start + batch_size].to(model.device, torch.long)
        tokens = _search_if_memory(model, batch, n_new_tokens, n_beams, repetition_penalty)
        if tokens is None:
            batch_size = len(batch) // 2
            logger.warning("Out of memory: beam search continues with batches of %d.", batch_size)
            torch.cuda.empty_cache()
            continue
        batches.append(tokens.to(prompts.device))
        start += len(batch)
    return torch.cat(batches) if batches else prompts.new_empty((0, n_new_tokens), dtype=torch.long)


def free_batch_size(model, prompt_length, n_new_tokens, n_beams, *, device):
    """Choose the number of prompts to search at once.

    Parameters
    ----------
    model : transformers.PreTrainedModel
    prompt_length, n_new_tokens, n_beams : int
        Sizes of the search, each at least 1.
    device : torch.device or str
        Where the model is.

    Returns
    -------
    int
        On a GPU, the number that fits in its free memory, from 1 to `MAX_GPU_BATCH_SIZE`. On the
        CPU, `CPU_BATCH_SIZE`, at which the overhead of each operation is negligible.
    """
    device = torch.device(device)
    if device.type != "cuda":
        return CPU_BATCH_SIZE
    unused_by_allocator = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    free = torch.cuda.mem_get_info(device)[0] + unused_by_allocator
    per_prompt = _bytes_per_prompt(model, prompt_length, n_new_tokens, n_beams)
    return min(max(int(FREE_MEMORY_SHARE * free / per_prompt), 1), MAX_GPU_BATCH_SIZE)


class InPlaceLayer(DynamicLayer):
    """Keys and values of one attention layer, appended in place to preallocated memory.

    Parameters
    ----------
    capacity : int
        Number of positions to allocate.
    """

    def __init__(self, capacity):
        super().__init__()
        self.capacity, self.length = capacity, 0

    def lazy_initialization(self, key_states, value_states):
        """Allocate (n_prompts, n_heads, capacity, head_size) for keys and for values."""
        n_prompts, n_heads, _, head_size = key_states.shape
        self.keys = key_states.new_empty((n_prompts, n_heads, self.capacity, head_size))
        self.values = torch.empty_like(self.keys)
        self.is_initialized = True

    def update(self, key_states, value_states, *args, **kwargs):
        """Append positions and return views of all keys and values so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, self.length = self.length, self.length + key_states.shape[-2]
        self.keys[:, :, start : self.length] = key_states
        self.values[:, :, start : self.length] = value_states
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def keep(self, positions, start):
        """Move `positions`, shape (n_prompts, n_kept), to `start`; drop all others after it."""
        n_prompts, n_heads, capacity, head_size = self.keys.shape
        n_rows, self.length = n_prompts * n_heads * capacity, start + positions.shape[1]
        first_rows = torch.arange(0, n_rows, capacity, device=positions.device)
        rows = (first_rows.view(n_prompts, n_heads, 1) + positions[:, None]).flatten()
        for states in (self.keys, self.values):
            kept = states.view(n_rows, head_size).index_select(0, rows)
            states[:, :, start : self.length] = kept.view(n_prompts, n_heads, -1, head_size)

    def get_seq_length(self):
        """Return the number of positions filled."""
        return self.length


@torch.no_grad()
def _search(model, prompts, n_new_tokens, n_beams, repetition_penalty):
    """Beam search of one batch: (n_prompts, prompt_length) -> (n_prompts, n_new_tokens)."""
    n_prompts, prompt_length = prompts.shape
    # The last tokens are not fed back, so that they need no cache.
    capacity = prompt_length + n_beams * (n_new_tokens - 1)
    cache = Cache(layers=[InPlaceLayer(capacity) for _ in range(model.config.num_hidden_layers)])
    logits = model(prompts, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
    mask = logits.new_full((n_prompts, n_beams, capacity), float("-inf"))
    mask[:, :, :prompt_length] = 0
    suppressed = prompts.new_tensor(_end_of_sequence_tokens(model))
    sequences, scores = prompts, logits.new_zeros((n_prompts, 1), dtype=torch.float32)
    for step in range(n_new_tokens):
        log_probs = _processed_log_probs(logits, sequences, repetition_penalty, suppressed)
        scores, parents, tokens = _best_continuations(log_probs, scores, n_beams)
        sequences = torch.cat([sequences.index_select(0, parents), tokens.view(-1, 1)], dim=1)
        if step == n_new_tokens - 1:
            break
        if step > 0:
            mask = mask.flatten(0, 1).index_select(0, parents).view_as(mask)
        if step > 0 and step % STEPS_BETWEEN_COMPACTIONS == 0:
            _drop_dead_keys(cache, mask, prompt_length)
        start = cache.get_seq_length()
        _reveal_own_key(mask[:, :, start : start + n_beams])
        with _grouped_attention(model.config):
            logits = model(
                tokens,
                position_ids=torch.full_like(tokens, prompt_length + step),
                attention_mask=mask[:, None, :, : start + n_beams],
                past_key_values=cache,
                use_cache=True,
            ).logits
    return sequences.view(n_prompts, n_beams, -1)[:, 0, prompt_length:]


@contextlib.contextmanager
def _grouped_attention(config):
    """Replace "sdpa" attention by `_attend_in_groups`; leave "eager" attention as it is."""
    usual = config._attn_implementation
    if usual == "sdpa":
        config._attn_implementation = GROUPED_ATTENTION
    try:
        yield
    finally:
        config._attn_implementation = usual


def _attend_in_groups(module, query, key, value, attention_mask, *, scaling, **kwargs):
    """Attention in which the query heads of a group share keys and values without copies of them.

    To one head of keys and values, the beams of all query heads of its group are just queries.

    Parameters
    ----------
    module : torch.nn.Module
        Not used, like `kwargs`.
    query : torch.Tensor, shape (n_prompts, n_heads, n_beams, head_size)
    key, value : torch.Tensor, shape (n_prompts, n_key_heads, n_positions, head_size)
    attention_mask : torch.Tensor, shape (n_prompts, 1, n_beams, n_positions)
        0 where a beam sees a position, minus infinity elsewhere.
    scaling : float
        Factor on the products of queries and keys.

    Returns
    -------
    torch.Tensor, shape (n_prompts, n_beams, n_heads, head_size)
    None
        Instead of the attention weights.
    """
    n_prompts, n_key_heads, _, head_size = key.shape
    group_size = query.shape[1] // n_key_heads
    output = functional.scaled_dot_product_attention(
        query.reshape(n_prompts, n_key_heads, -1, head_size),
        key,
        value,
        attn_mask=attention_mask.repeat(1, 1, group_size, 1),
        scale=scaling,
    )
    return output.reshape(query.shape).transpose(1, 2).contiguous(), None


AttentionInterface.register(GROUPED_ATTENTION, _attend_in_groups)


def _reveal_own_key(step_mask):
    """Let each beam see the key it appends; `step_mask` is (n_prompts, n_beams, n_beams)."""
    step_mask.diagonal(dim1=1, dim2=2).zero_()


def _drop_dead_keys(cache, mask, start):
    """Compact the cache and the mask from `start` on: drop keys that no beam can see any longer.

    After a few steps all beams descend from one, so that little more than one key per step is
    alive. Prompts with fewer live keys than others keep some dead ones, hidden from all beams.
    """
    generated = mask[:, :, start : cache.get_seq_length()]
    alive = (generated == 0).any(dim=1)
    n_kept = int(alive.sum(dim=1).max())
    kept = alive.byte().argsort(dim=1, descending=True, stable=True)[:, :n_kept]
    kept_mask = generated.gather(2, kept[:, None].expand(-1, mask.shape[1], -1))
    generated.fill_(float("-inf"))
    mask[:, :, start : start + n_kept] = kept_mask
    for layer in cache.layers:
        layer.keep(start + kept, start)


def _processed_log_probs(logits, sequences, repetition_penalty, suppressed):
    """Log-probabilities (n_rows, n_vocabulary) in float32, as `generate` processes them.

    `logits` is (n_prompts, beams, n_vocabulary), `sequences` (n_prompts * beams, length).
    """
    log_probs = torch.log_softmax(logits.flatten(0, 1), dim=-1, dtype=torch.float32)
    if repetition_penalty != 1.0:
        # Duplicates in a sequence write the same value, so that the penalty applies once.
        seen = log_probs.gather(1, sequences)
        log_probs.scatter_(1, sequences, seen * repetition_penalty)
    return log_probs.index_fill_(1, suppressed, float("-inf"))


def _best_continuations(log_probs, scores, n_beams):
    """Select the best beams of every prompt, best first.

    Takes log-probabilities (n_prompts * beams, n_vocabulary) and scores (n_prompts, beams).
    Returns scores (n_prompts, n_beams); parents (n_prompts * n_beams,), the rows of `log_probs`
    that the beams continue; and tokens (n_prompts, n_beams).
    """
    n_prompts, n_parents = scores.shape
    log_probs += scores.view(-1, 1)
    scores, indices = log_probs.view(n_prompts, -1).topk(n_beams)
    first_rows = torch.arange(0, n_prompts * n_parents, n_parents, device=scores.device)
    n_vocabulary = log_probs.shape[1]
    parents = indices.div(n_vocabulary, rounding_mode="floor") + first_rows[:, None]
    return scores, parents.flatten(), indices % n_vocabulary


def _search_if_memory(model, prompts, n_new_tokens, n_beams, repetition_penalty):
    """`_search`, or None if memory ran out and the batch can still be halved."""
    try:
        return _search(model, prompts, n_new_tokens, n_beams, repetition_penalty)
    except RuntimeError as error:
        if len(prompts) == 1 or not torch_tools.is_out_of_memory(error):
            raise
    return None


def _bytes_per_prompt(model, prompt_length, n_new_tokens, n_beams):
    """Estimate peak memory per prompt in bytes: cache, activations of one layer, scores."""
    config, itemsize = model.config, model.dtype.itemsize
    n_heads = config.num_attention_heads
    head_size = getattr(config, "head_dim", None) or config.hidden_size // n_heads
    n_key_heads = getattr(config, "num_key_value_heads", None) or n_heads
    n_positions = prompt_length + n_beams * n_new_tokens
    cached = 2 * config.num_hidden_layers * n_key_heads * head_size * n_positions
    # "eager" repeats keys and values for grouped queries. The feed-forward layer takes less.
    activations = 2 * n_heads * (head_size + n_beams) * n_positions
    # Logits have the dtype of the model; log-probabilities and workspace of `topk` are float32.
    scores = n_beams * config.vocab_size * (itemsize + 3 * 4)
    return (cached + activations) * itemsize + scores


def _end_of_sequence_tokens(model):
    """List of the end-of-sequence token ids; empty if the model has none."""
    tokens = model.generation_config.eos_token_id
    if tokens is None:
        return []
    return [tokens] if isinstance(tokens, int) else list(tokens)


def _check_model(model, n_beams):
    """Raise ValueError for a model with which the search would be wrong without notice."""
    kind, attention = model.config.model_type, model.config._attn_implementation
    if kind not in SUPPORTED_MODEL_TYPES:
        supported = ", ".join(SUPPORTED_MODEL_TYPES)
        raise ValueError(f"Beam search handles models of type {supported}, not {kind}.")
    if attention not in SUPPORTED_ATTENTION:
        supported = " or ".join(SUPPORTED_ATTENTION)
        raise ValueError(f"Beam search needs {supported} attention, not {attention}.")
    if model.training:
        raise ValueError("The model is in training mode, with dropout: call model.eval() first.")
    n_choices = model.config.vocab_size - len(_end_of_sequence_tokens(model))
    if not 1 <= n_beams <= n_choices:
        raise ValueError(f"n_beams is {n_beams}, but must be from 1 to {n_choices}.")


def _check_arguments(model, prompts, n_new_tokens, repetition_penalty, batch_size):
    """Raise ValueError for an invalid argument; the message gives the value."""
    _check_prompts(prompts, model.config.vocab_size)
    if n_new_tokens < 1:
        raise ValueError(f"n_new_tokens is {n_new_tokens}, but must be at least 1.")
    if not 0 < repetition_penalty < float("inf"):
        raise ValueError(f"repetition_penalty is {repetition_penalty}, but must be positive.")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, but must be at least 1.")
    length, limit = prompts.shape[1] + n_new_tokens, model.config.max_position_embeddings
    if length > limit:
        raise ValueError(
            f"prompts of {prompts.shape[1]} tokens and n_new_tokens of {n_new_tokens} make "
            f"{length} positions, but the model has {limit}."
        )


def _check_prompts(prompts, n_vocabulary):
    """Raise ValueError unless `prompts` is a 2-D tensor of token ids, at least one per row."""
    if prompts.ndim != 2 or prompts.is_floating_point() or prompts.dtype == torch.bool:
        raise ValueError(f"prompts must be 2-D and integer, not {prompts.ndim}-D {prompts.dtype}.")
    if prompts.shape[1] == 0:
        raise ValueError(f"prompts of shape {tuple(prompts.shape)} have no tokens.")
    low, high = prompts.aminmax() if len(prompts) else (0, 0)
    if low < 0 or high >= n_vocabulary:
        raise ValueError(
            f"prompts hold token ids from {low} to {high}, but the vocabulary has {n_vocabulary}."
        )
