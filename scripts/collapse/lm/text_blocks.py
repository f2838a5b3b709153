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


def cut(tokenizer, lines, *, length, lines_per_chunk, start, count=None, what="the corpus"):
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
    count : int, optional
        Number of blocks to keep, evenly spaced over the text. All are kept by default.
    what : str, default "the corpus"
        Name of the text in messages.

    Returns
    -------
    ndarray of uint16 or uint32, shape (blocks, length)
        uint16 if the vocabulary permits.

    Raises
    ------
    UserError
        If the text gives no block, or fewer than `count`.
    """
    wide = tokenizer.get_vocab_size() > np.iinfo(np.uint16).max + 1
    kind = np.uint32 if wide else np.uint16
    prefix = [] if start is None else [start]
    blocks = [np.empty((0, length), dtype=kind)]
    for first in range(0, len(lines), lines_per_chunk):
        chunk = lines[first : first + lines_per_chunk]
        encoded = tokenizer.encode_batch(chunk, add_special_tokens=False)
        tokens = np.concatenate([prefix + line.ids for line in encoded])
        whole = len(tokens) // length
        blocks.append(tokens[: whole * length].reshape(whole, length).astype(kind))
    found = np.concatenate(blocks)
    if len(found) < (count or 1):
        raise UserError(
            f"{what} gives {len(found)} blocks of {length} tokens, but {count or 1} are needed: "
            "lower lm.blocks or lm.pretrain.blocks, or use a larger corpus."
        )
    return found[np.arange(count) * len(found) // count] if count else found


def as_text(tokenizer, block):
    """Decode a block to one line of text, without special tokens and repeated white space."""
    return " ".join(tokenizer.decode(block.tolist()).split())
