"""From text to blocks of tokens: train a byte-level BPE tokenizer, cut text as in the paper.

References
----------
Sennrich et al. 2016, arXiv:1508.07909 (byte-pair encoding); Zhang et al. 2022, arXiv:2205.01068
(special tokens of OPT); the released code of arXiv:2305.17493 (blocks).
"""

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from collapse.errors import UserError

# ids 0 to 3, as in OPT, where text starts with </s>
SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>"]


def train_tokenizer(lines, vocabulary):
    """Train a byte-level BPE tokenizer. The same lines give the same tokenizer.

    Parameters
    ----------
    lines : sequence of str
    vocabulary : int
        Number of tokens, at least 260: four special tokens, all 256 bytes, and merges.

    Returns
    -------
    tokenizers.Tokenizer

    Raises
    ------
    UserError
        If the text is too short or uniform for so many tokens.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    if tokenizer.get_vocab_size() != vocabulary:
        raise UserError(
            f"lm.pretrain.vocabulary is {vocabulary}, but the corpus gives only "
            f"{tokenizer.get_vocab_size()} tokens: lower it."
        )
    return tokenizer


def start_token(model, *, length, line_start):
    """Choose the token that `cut` puts before each line.

    Parameters
    ----------
    model : dict
        Configuration of a model, see `language_model.configuration`.
    length : int
        Tokens per block.
    line_start : bool
        Whether lines get a start token.

    Returns
    -------
    int or None
        The start token of the model; None if `line_start` is false.

    Raises
    ------
    UserError
        If the model has no start token, or too few positions for a block and its continuation.
    """
    if model["max_position_embeddings"] < 2 * length:
        raise UserError(
            f"lm.blocks.length is {length}, but must be at most half of the model's "
            f"{model['max_position_embeddings']} positions, which hold a block and its "
            "continuation: lower it."
        )
    if line_start and model.get("bos_token_id") is None:
        raise UserError(
            "lm.blocks.line_start is true, but the model has no start token: set it to false."
        )
    return model["bos_token_id"] if line_start else None


def cut(tokenizer, lines, *, length, lines_per_chunk, start, what="the corpus"):
    """Tokenise lines, join them in chunks, and cut each chunk into blocks.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    lines : sequence of str
        A blank line becomes `start` alone.
    length : int
        Tokens per block; 64 in the released code.
    lines_per_chunk : int
        Lines in a chunk; 1,000 in the released code. Tokens left over at the end of a chunk are
        dropped.
    start : int or None
        Token to put before each line, if any.
    what : str, default "the corpus"
        Name of the text in messages.

    Returns
    -------
    blocks : ndarray of uint16 or uint32, shape (blocks, length)
        uint16 if the vocabulary permits.
    first_lines : ndarray of int, shape (blocks,)
        Index of the line in which each block starts.

    Raises
    ------
    UserError
        If the text gives no block.
    """
    wide = tokenizer.get_vocab_size() > np.iinfo(np.uint16).max + 1
    prefix = [] if start is None else [start]
    blocks, first_lines = [], []
    for first in range(0, len(lines), lines_per_chunk):
        chunk = lines[first : first + lines_per_chunk]
        encoded = [
            prefix + line.ids for line in tokenizer.encode_batch(chunk, add_special_tokens=False)
        ]
        whole = sum(map(len, encoded)) // length
        tokens = np.array([token for line in encoded for token in line])[: whole * length]
        owners = np.repeat(np.arange(first, first + len(chunk)), list(map(len, encoded)))
        blocks.append(tokens.reshape(whole, length).astype(np.uint32 if wide else np.uint16))
        first_lines.append(owners[: whole * length : length])
    if not sum(map(len, blocks)):
        raise UserError(f"{what} gives no block of {length} tokens: use a larger corpus.")
    return np.concatenate(blocks), np.concatenate(first_lines)


def spaced(n_blocks, count, *, what="the corpus"):
    """Choose blocks evenly spaced over a text.

    Parameters
    ----------
    n_blocks : int
        Blocks of the text.
    count : int or None
        Blocks to choose; None: all.
    what : str, default "the corpus"
        Name of the text in messages.

    Returns
    -------
    ndarray of int, shape (count,)
        Rising.

    Raises
    ------
    UserError
        If there are fewer than `count`.
    """
    count = n_blocks if count is None else count
    _check_enough(n_blocks, count, what)
    return np.arange(count) * n_blocks // count


def drawn(n_blocks, count, *, run, seed, what="the corpus"):
    """Draw the blocks of one run at random; different runs have no block in common.

    Parameters
    ----------
    n_blocks : int
        Blocks of the text.
    count : int or None
        Blocks to draw; None: all, the same for every run.
    run : int
        Number of the run, counted from 0.
    seed : int
        The same for all runs.
    what : str, default "the corpus"
        Name of the text in messages.

    Returns
    -------
    ndarray of int, shape (count,)
        Rising.

    Raises
    ------
    UserError
        If there are too few blocks for this run and those before it.
    """
    if count is None:
        return np.arange(n_blocks)
    _check_enough(n_blocks, count * (run + 1), what)
    order = np.random.default_rng(seed).permutation(n_blocks)
    return np.sort(order[count * run : count * (run + 1)])


def _check_enough(n_blocks, needed, what):
    if n_blocks < needed:
        raise UserError(
            f"{what} gives {n_blocks:,} blocks, but {needed:,} are needed: lower lm.blocks, "
            "lm.runs or lm.pretrain.blocks, or use a larger corpus."
        )


def as_text(tokenizer, block):
    """Decode a block to one line of text, without special tokens and repeated white space."""
    return " ".join(tokenizer.decode(block.tolist()).split())
