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
BLOCKS = {"lm_real": "output", "lm_examples": "input"}  # rules that make, or quote, blocks of text


def check_inputs(job):
    """Check limits that a job's inputs tell, before it uses them; see `check_outputs`."""
    _check_prompt(job, "input")


def check_outputs(job):
    """Check what a job made.

    Parameters
    ----------
    job : object
        With ``rule`` and ``output``, and for `BLOCKS` with ``config``.

    Raises
    ------
    UserError
        If a number is not finite or, of a language model, so large that it has diverged; or if
        the configuration asks for a block of text that does not exist.
    """
    for path in map(str, job.output):
        if reason := _unsound(path):
            raise UserError(f"{path} {reason}.")
    _check_prompt(job, "output")


def _unsound(path):
    """Why a file cannot be used, and what to do; None if it can."""
    reader = READERS.get(Path(path).suffix)
    for place, problem in reader(path) if reader else ():
        return f"{place} {problem}{_remedy(path)}"
    return None


def _remedy(path):
    family = path.split("/")[2] if path.startswith("results/") else ""
    remedy = "change its settings (a lower learning rate, more samples)"
    if family in ("gaussian", "gmm", "kde", "vae", "lm", "discrete"):
        return f": {remedy}, or drop '{family}' from families"
    return f": {remedy}, or drop its family from families"


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


def _check_prompt(job, kind):
    """Check that the block that the table lm_examples quotes exists; ``lm.blocks.train: null``."""
    if BLOCKS.get(job.rule) != kind:
        return
    import numpy as np

    path = job.input.real if kind == "input" else job.output[0]
    prompt = job.config["lm"]["examples"]["prompt"]
    with np.load(path) as archive:
        n_blocks = len(archive["blocks"])
    if prompt >= n_blocks:
        raise UserError(
            f"lm.examples.prompt is {prompt}, but {path} has {n_blocks} blocks and counting starts "
            f"at 0: choose at most {n_blocks - 1}."
        )
