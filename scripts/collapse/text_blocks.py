"""From text to blocks of tokens: a byte-level BPE tokenizer, and the paper's way to cut blocks.

References
----------
Sennrich et al. 2016, arXiv:1508.07909 (byte-pair encoding); Zhang et al. 2022, arXiv:2205.01068
(OPT's special tokens); the released code of arXiv:2305.17493 (blocks).
"""

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from collapse.errors import UserError

# ids 0 to 3, as in OPT, whose text starts with </s>
SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>"]
START = 2


def train_tokenizer(lines, vocabulary):
    """Train a byte-level BPE tokenizer; the same lines give the same tokenizer.

    Parameters
    ----------
    lines : sequence of str
    vocabulary : int
        Tokens, among them the four special ones and all 256 bytes; so at least 260.

    Returns
    -------
    tokenizers.Tokenizer

    Raises
    ------
    UserError
        If the lines do not hold enough different text for so many tokens.
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
            f"the corpus gives only {tokenizer.get_vocab_size()} tokens, but "
            f"lm.pretrain.vocabulary is {vocabulary}: lower it."
        )
    return tokenizer


def load_tokenizer(path):
    """A tokenizer from its file; a UserError where it is none."""
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise UserError(
            f"{path} is not a tokenizer ({error}): delete the file and run again."
        ) from error


def start_token(model, *, length, line_start):
    """The token that `cut` puts before each line.

    Parameters
    ----------
    model : dict
        A model's configuration.
    length : int
        Tokens per block.
    line_start : bool

    Returns
    -------
    int or None
        None where `line_start` is false.

    Raises
    ------
    UserError
        If the model has no such token, or too few positions for a block and its continuation.
    """
    if model["max_position_embeddings"] < 2 * length:
        raise UserError(
            f"lm.blocks.length is {length}, but the model has {model['max_position_embeddings']} "
            "positions and a block and its continuation need twice the length: lower it."
        )
    if line_start and model.get("bos_token_id") is None:
        raise UserError(
            "lm.blocks.line_start is true, but the model has no start token: set it to false."
        )
    return model["bos_token_id"] if line_start else None


def cut(tokenizer, lines, *, length, lines_per_chunk, start, count=None, what="the corpus"):
    """Tokenise each line, concatenate chunks of lines, cut into blocks, drop remainders.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    lines : sequence of str
        Blank ones count: each becomes `start` alone.
    length : int
        Tokens per block; 64 in the released code.
    lines_per_chunk : int
        Lines concatenated before they are cut; what a chunk has left over is dropped. 1,000 in
        the released code.
    start : int or None
        Token put before each line; None for none.
    count : int, optional
        Blocks to keep, evenly spaced over the text; all by default.
    what : str
        How a message calls the text.

    Returns
    -------
    ndarray of uint16 or uint32, shape (blocks, length)

    Raises
    ------
    UserError
        If the text is shorter than one block, or than `count` blocks.
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
            "lower lm.blocks or lm.pretrain.blocks, or use more text."
        )
    return found[np.arange(count) * len(found) // count] if count else found


def as_text(tokenizer, block):
    """A block on one line: special tokens left out, white space single."""
    return " ".join(tokenizer.decode(block.tolist()).split())
