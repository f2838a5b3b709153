"""Which settings and tables the table of choices that the paper leaves open needs."""

from typing import NamedTuple

from pipeline import configuration, paths, yaml_files

CHOICES = "reference/fidelity.yaml"


class Needs(NamedTuple):
    """Values of this run by dotted key, and files of the tables that measure a choice's effect."""

    values: dict
    tables: list


def read(config):
    """What the table takes from a checked configuration and from other tables.

    Raises
    ------
    UserError
        If the file of choices names a key that the configuration lacks.
    """
    choices = yaml_files.read_yaml(paths.source(CHOICES)).values()
    keys = [key for choice in choices for key in choice["keys"]]
    names = {choice["measured"]["table"] for choice in choices if "measured" in choice}
    return Needs(
        {key: configuration.value(config, key) for key in keys},
        [
            f"results/{config['scale']}/tables/{name}.csv"
            for name in sorted(names)
            if name.split("_")[0] in config["families"]
        ],
    )
