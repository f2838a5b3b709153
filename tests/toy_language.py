"""Small language models with something to say, for the tests and the benchmark of `beam`.

An untrained model is sure of nothing, so its beams tell little about a beam search. These
are trained for some seconds on text from a sparse Markov chain.
"""

import torch
from transformers import LlamaConfig, LlamaForCausalLM, OPTConfig, OPTForCausalLM

N_SPECIAL_TOKENS = 4  # ids 0 to 3, never in the text; OPT's padding is 1, end of sequence 2
N_SUCCESSORS = 8


def markov_text(n_texts, length, *, n_vocabulary, generator):
    """Draw texts, integer (n_texts, length), in which both the last token and all others matter.

    Every second token on average repeats one drawn from the text so far. The others follow a
    Markov chain with 8 successors per token, successor i of probability proportional to
    1 / (i + 1). The chain depends on `n_vocabulary` only, the texts on `generator`
    (torch.Generator).
    """
    chain = torch.Generator().manual_seed(n_vocabulary)
    size = (n_vocabulary, N_SUCCESSORS)
    successors = torch.randint(N_SPECIAL_TOKENS, n_vocabulary, size, generator=chain)
    weights = (1.0 / torch.arange(1, N_SUCCESSORS + 1)).expand(n_texts, -1)
    choices = torch.multinomial(weights, length, replacement=True, generator=generator)
    repeats = torch.rand((n_texts, length), generator=generator) < 0.5
    texts = torch.empty((n_texts, length), dtype=torch.long)
    texts[:, 0] = torch.randint(N_SPECIAL_TOKENS, n_vocabulary, (n_texts,), generator=generator)
    for position in range(1, length):
        earlier = torch.randint(position, (n_texts, 1), generator=generator)
        repeated = texts.gather(1, earlier)[:, 0]
        followed = successors[texts[:, position - 1], choices[:, position]]
        texts[:, position] = torch.where(repeats[:, position], repeated, followed)
    return texts


def opt_model(*, n_vocabulary, hidden_size, n_layers, n_heads, max_positions=256, **changes):
    """Make an untrained OPT with the proportions of the published ones; `changes` to its config."""
    config = OPTConfig(
        vocab_size=n_vocabulary,
        hidden_size=hidden_size,
        word_embed_proj_dim=changes.pop("word_embed_proj_dim", hidden_size),
        ffn_dim=4 * hidden_size,
        num_hidden_layers=n_layers,
        num_attention_heads=n_heads,
        max_position_embeddings=max_positions,
        **changes,
    )
    return OPTForCausalLM(config)


def llama_model(
    *, n_vocabulary, hidden_size, n_layers, n_heads, n_key_value_heads, max_positions=256
):
    """Make an untrained Llama with grouped-query attention and tied embeddings."""
    config = LlamaConfig(
        vocab_size=n_vocabulary,
        hidden_size=hidden_size,
        intermediate_size=3 * hidden_size,
        num_hidden_layers=n_layers,
        num_attention_heads=n_heads,
        num_key_value_heads=n_key_value_heads,
        max_position_embeddings=max_positions,
        tie_word_embeddings=True,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config)


def train(model, *, n_steps, n_vocabulary, batch_size=32, length=64, learning_rate=3e-3, seed):
    """Train `model` in place on Markov text, and return it in evaluation mode.

    `n_vocabulary` is the text's, at most the model's.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    model.train()
    for _ in range(n_steps):
        texts = markov_text(batch_size, length, n_vocabulary=n_vocabulary, generator=generator)
        model(texts, labels=texts).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()
