"""What command lines, configuration files and profiles give to the configuration."""

import json
import os
import re
from typing import NamedTuple

from collapse.errors import UserError

from pipeline.configuration.load import GIVEN, merged
from pipeline.configuration.messages import found
from pipeline.yaml_files import read_value, read_yaml

PROFILE = "profiles/default/config.yaml"  # Snakemake reads it in every run
_KEY = re.compile(r"[a-zA-Z_][\w-]*\w")


class Given(NamedTuple):
    """Values that override the files of the configuration.

    Parameters
    ----------
    files : tuple of str
        Paths of configuration files; each overrides the one before it.
    values : tuple of (str, dict)
        What else is given, and where; overrides the files, and each the one before it.
    """

    files: tuple = ()
    values: tuple = ()

    @property
    def config(self):
        """All values that are not in files, merged."""
        config = {}
        for _, values in self.values:
            config = merged(config, values)
        return config

    def only(self, families):
        """The same with some families instead of those of the scale; none: unchanged."""
        chosen = {"families": list(dict.fromkeys(families))}
        return self._replace(values=(*self.values, ("FAMILY", chosen))) if families else self

    def layers(self, scale):
        """What `load` takes for a scale that is asked for by its name."""
        read = [(os.path.relpath(path), read_yaml(path)) for path in self.files]
        return [*read, *self.values, ("SCALE", {"scale": scale})]

    def options(self, scale):
        """Snakemake's options. Values are JSON, which it reads as they are."""
        files = ("--configfile", *self.files) if self.files else ()
        values = [f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in self.config.items()]
        return [*files, "--config", *values, f"scale={scale}"]


def given(config=(), files=(), profiles=(PROFILE,)):
    """Read everything that is given.

    Parameters
    ----------
    config : sequence of str
        ``key=value``; the value is YAML.
    files : sequence of str
        Paths of configuration files.
    profiles : sequence of str
        Paths of Snakemake profiles. Their keys ``config`` and ``configfile`` count, and the command
        line overrides them.

    Returns
    -------
    Given

    Raises
    ------
    UserError
        If something cannot be read.
    """
    known = {os.path.relpath(path): read_yaml(path) for path in profiles if os.path.exists(path)}
    of_profiles = [
        (f"{path}: config", values)
        for path, profile in known.items()
        if (values := _mapping(path, profile.get("config")))
    ]
    named = [file for path, profile in known.items() for file in _files(path, profile)]
    own = parsed(config)
    return Given(
        tuple(map(os.path.abspath, (*named, *files))),
        (*of_profiles, *([(GIVEN, own)] if own else ())),
    )


def parsed(entries, origin=GIVEN):
    """The values of entries ``key=value``, whose values are YAML.

    Raises
    ------
    UserError
        If an entry is not of this form.
    """
    config = {}
    for entry in map(str, entries):
        key, equals, text = entry.partition("=")
        if not (equals and _KEY.fullmatch(key)):
            raise UserError(f"{origin} {found(entry)}: write it as key=value, for example seed=1.")
        config = merged(config, {key: read_value(text, f"{origin} {found(entry)}")})
    return config


def _mapping(path, config):
    """The key ``config`` of a profile: a mapping, or entries ``key=value``."""
    if isinstance(config, dict):
        return config
    return parsed(_entries(config), f"{path}: config:")


def _files(path, profile):
    """The configuration files of a profile; Snakemake first looks for them next to the profile."""
    for name in _entries(profile.get("configfile", profile.get("configfiles"))):
        neighbour = os.path.join(os.path.dirname(path), str(name))
        yield neighbour if os.path.exists(neighbour) else str(name)


def _entries(value):
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
