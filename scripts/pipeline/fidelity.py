"""Which settings and tables the table of choices that the paper leaves open needs."""

from typing import Any, NamedTuple

from collapse.errors import UserError
from pydantic import BaseModel

from pipeline import configuration, paths, shapes, yaml_files

CHOICES = "reference/fidelity.yaml"


class Needs(NamedTuple):
    """Values of this run by dotted key, and files of the tables that measure a choice's effect."""

    values: dict
    tables: list


class Measured(BaseModel, extra="forbid"):
    """Where the effect of a choice is measured: arguments of `collapse.claims.fidelity.effect`."""

    table: str
    column: str
    name: str
    where: dict[str, Any]
    across: str


class Choice(BaseModel, extra="forbid"):
    """A choice, see `collapse.claims.fidelity.table`."""

    question: str
    text: str
    released: str
    keys: dict[str, Any]
    default: str
    measured: Measured = None


def read(config):
    """What the table takes from a checked configuration and from other tables.

    Raises
    ------
    UserError
        If the file of choices is damaged, or names a key that the configuration lacks.
    """
    read = yaml_files.read_yaml(paths.source(CHOICES))
    choices = shapes.checked(read, dict[str, Choice], CHOICES).values()
    keys = [key for choice in choices for key in choice["keys"]]
    names = {choice["measured"]["table"] for choice in choices if "measured" in choice}
    return Needs(
        {key: _value(config, key) for key in keys},
        [
            f"results/{config['scale']}/tables/{name}.csv"
            for name in sorted(names)
            if name.split("_")[0] in config["families"]
        ],
    )


def _value(config, key):
    try:
        return configuration.value(config, key)
    except UserError as error:
        raise UserError(f"{CHOICES}: {error}") from error
