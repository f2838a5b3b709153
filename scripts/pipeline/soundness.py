"""Whether what a job made can be used: finite numbers, and limits that only the data tell.

This is part of the jobs' wrapper and has no part in what they compute.
"""

import csv
import json
import math
from pathlib import Path

from collapse.errors import UserError

# arrays of losses in nats per token, of which tables show the exponential in single precision
LOSSES = ("test", "losses", "under_first", "ngram_loss")
LARGEST_LOSS = math.log(3.4e38)
# columns of tables that are infinite where a limit does not exist
MAY_BE_INFINITE = {"limit"}


def check_inputs(job):
    """Check the configuration's limits that only a job's inputs tell, before it uses them.

    Parameters and errors are those of `check_outputs`.
    """
    if job.rule == "lm_examples":
        _check_prompt(job, job.input.real)
    if job.rule in ("lm_real", "lm_generate", "lm_train", "lm_train_pruned", "lm_train_real"):
        _check_beams(job, job.input.config)


def check_outputs(job):
    """Check what a job made.

    Parameters
    ----------
    job : object
        With ``rule``, ``output``, ``input`` and ``config``.

    Raises
    ------
    UserError
        If a number is not finite or, of a language model, so large that it has diverged; or if
        the configuration asks for a block of text that does not exist.
    """
    for path in map(str, job.output):
        if reason := _unsound(path):
            raise UserError(f"{path} {reason}.")
    if job.rule == "lm_real":
        _check_prompt(job, job.output[0])


def _unsound(path):
    """Why a file cannot be used, and what to do; None if it can."""
    reader = READERS.get(Path(path).suffix)
    for place, problem in reader(path) if reader else ():
        return f"{place} {problem}{_remedy(path)}"
    return None


def _remedy(path):
    folder = path.split("/")[2] if path.startswith("results/") else "tables"
    family = "its family" if folder == "tables" else f"'{folder}'"
    settings = "change its settings (a lower learning rate, more samples)"
    return f": {settings}, or drop {family} from families"


def _arrays(path):
    import numpy as np

    with np.load(path) as archive:
        for name in archive:
            values = archive[name]
            if values.dtype.kind != "f" or not values.size:
                continue
            if n := values.size - np.isfinite(values).sum():
                yield (
                    f"has the array {name}, of which",
                    f"{n} of {values.size} values are not finite",
                )
            elif name in LOSSES and values.max() > LARGEST_LOSS:
                yield _diverged(values.max())


def _weights(path):
    from safetensors import safe_open

    with safe_open(path, framework="pt") as archive:
        for name in archive.keys():  # noqa: SIM118
            if not archive.get_tensor(name).isfinite().all():
                yield f"has the weights {name}, which", "are not finite"


def _json(path):
    found = []
    value = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=found.append)
    if found:
        yield "has", f"{len(found)} numbers that are not finite, the first {found[0]}"
    # a trial of a learning rate may diverge: then another rate is chosen
    elif isinstance(value, dict) and value.get("epochs") and "learning_rate" not in value:
        best = math.log(min(epoch["validation_perplexity"] for epoch in value["epochs"]))
        if best > LARGEST_LOSS:
            yield _diverged(best)


def _table(path):
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name, text in row.items():
                if text in ("inf", "-inf") and name not in MAY_BE_INFINITE:
                    yield f"has {text} in the column {name}, which", "is not finite"


READERS = {".npz": _arrays, ".safetensors": _weights, ".json": _json, ".csv": _table}


def _diverged(loss):
    return "has", f"a loss of {loss:.3g} nats per token: the language model has diverged"


def _check_prompt(job, path):
    """Check that the block exists that the table lm_examples quotes; all blocks may be in use."""
    import numpy as np

    prompt = job.config["lm"]["examples"]["prompt"]
    with np.load(path) as archive:
        n_blocks = len(archive["blocks"])
    if prompt >= n_blocks:
        raise UserError(
            f"lm.examples.prompt is {prompt}, but {path} has {n_blocks} blocks and counting starts "
            f"at 0: choose at most {n_blocks - 1}."
        )


def _check_beams(job, path):
    """Check that a beam search has enough tokens to choose from."""
    beams, model = job.config["lm"]["beams"], json.loads(Path(path).read_text(encoding="utf-8"))
    ends = model.get("eos_token_id")
    n_ends = len(ends) if isinstance(ends, list) else 1
    if "vocab_size" in model and beams > model["vocab_size"] - n_ends:
        raise UserError(
            f"lm.beams is {beams}, but must be less than the model's {model['vocab_size']} tokens, "
            f"of which {n_ends} end the text: lower it."
        )
