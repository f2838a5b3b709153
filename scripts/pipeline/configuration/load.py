"""Load the configuration: base file, overlays of its scale, then what is given."""

import os
from pathlib import Path

from collapse.errors import UserError
from pydantic import ValidationError

from pipeline import paths
from pipeline.configuration.messages import ConfigurationError, found, lines_of
from pipeline.configuration.models import Configuration, Definition, Mix
from pipeline.yaml_files import read_yaml, scalar

BASE = "laptop"  # the scale that config.yaml describes
GIVEN = "--config"


def load(given=None, *, directory=".", root=paths.ROOT):
    """The complete, checked configuration.

    Parameters
    ----------
    given : dict or list of (str, dict), optional
        What overrides the files: the values of ``--config``, see `typed`; or several values, and
        where each is from, see `pipeline.configuration.given.Given`.
    directory : str or Path
        Its config.yaml is the base, if there is one.
    root : str or Path
        The project's folder: the base if `directory` has none, and the scales' overlays.

    Returns
    -------
    dict
        Nested dictionaries, lists, numbers, text, True, False and None, with the keys of
        config.yaml. Keys that may be left out and are not given are absent. Regimes and settings
        of the language model have the form in which config.yaml writes them, so that a default
        that is given means the same as one that is left out.

    Raises
    ------
    ConfigurationError
        With one line for every mistake: place, found, expected, remedy. Relations between keys are
        checked once the keys of their section are right.
    """
    try:
        layers = layers_of(given, directory=directory, root=root)
        config = {}
        for _, layer in layers:
            config = merged(config, layer)
        Configuration.model_validate(config)
    except ValidationError as error:
        raise ConfigurationError(lines_of(error, layers)) from None
    except RecursionError:
        raise ConfigurationError(
            [f"{GIVEN} gives a value that contains itself: drop it."]
        ) from None
    except UserError as error:
        raise ConfigurationError([str(error)]) from error
    definitions = {name: _definition(one) for name, one in config["lm"]["definitions"].items()}
    return config | {
        "regimes": {name: _mix(one) for name, one in config["regimes"].items()},
        "lm": config["lm"] | {"definitions": definitions},
    }


def _mix(given):
    """A regime with all keys that have a meaning in it, and no others."""
    mix = Mix(**given)
    names = ("accumulate", "keep_real", "subsample") if mix.accumulate else ()
    if mix.fresh or not mix.accumulate:
        names += ("new", "previous", "real")
    if mix.size != 1:
        names += ("size",)
    return {name: getattr(mix, name) for name in (*names, *mix.beyond_items())}


def _definition(given):
    """A setting of the language model without defaults; one that samples has its temperature."""
    defaults = {key: field.default for key, field in Definition.model_fields.items()}
    own = {key: value for key, value in given.items() if value != defaults[key]}
    if own.get("decoding") == "sample":
        own.setdefault("temperature", defaults["temperature"])
    return own


def layers_of(given=None, *, directory=".", root=paths.ROOT):
    """Where the configuration comes from: each overrides the one before it.

    Parameters and errors are those of `load`.

    Returns
    -------
    list of (str, dict)
        Path of a file, relative to the working directory, or `GIVEN`, or what `given` names; and
        its values.
    """
    own, given = Path(directory) / "config.yaml", given or []
    if isinstance(given, dict):
        given = [(GIVEN, typed(given))]
    base = own if own.exists() else Path(root) / "config.yaml"
    layers = [_read(base)]
    named = [values["scale"] for _, values in (*layers, *given) if "scale" in values]
    layers += _overlays(named[-1] if named else BASE, Path(root) / "workflow" / "scales")
    return [*layers, *given]


def _overlays(scale, folder):
    """Files that turn the base into the named scale, in this order, with their values."""
    if (folder / f"{BASE}.yaml").exists():
        raise UserError(f"{BASE}.yaml in workflow/scales is never read: move it to config.yaml.")
    layers, key = [], "scale"
    while scale != BASE:
        path, content = _overlay(scale, folder, key)
        if path in [name for name, _ in layers]:
            names = ", ".join(Path(name).stem for name, _ in layers)
            raise UserError(f"{layers[0][0]}: extends makes a circle of {names}: break it.")
        scale, key = content.pop("extends", BASE), f"{path}: extends"
        layers.insert(0, (path, content))
    return layers


def _overlay(scale, folder, key):
    """Path and values of a scale's file; `key` is what names it."""
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if scale not in known:
        raise UserError(
            f"{key} is {found(scale)}: choose one of {', '.join([BASE, *known])}, or add a file "
            "for it to workflow/scales."
        )
    path, content = _read(folder / f"{scale}.yaml")
    if (named := content.get("scale")) != scale:
        raise UserError(
            f"{path} has scale: {found(named)}, but a scale has its file's name: {scale}."
        )
    return path, content


def _read(path):
    path = os.path.relpath(path)
    return path, read_yaml(path)


def merged(lower, upper):
    """A new mapping: mappings are merged, anything else is replaced."""
    both = dict(lower)
    for key, value in upper.items():
        if isinstance(value, dict):
            below = lower.get(key)
            value = merged(below if isinstance(below, dict) else {}, value)
        both[key] = value
    return both


def typed(value):
    """A value of Snakemake's ``--config``, with its text read as YAML reads a plain scalar.

    Snakemake passes nested values as text: ``kde={runs: 8}`` sets the number 8, and
    ``lm={revision: null}`` no revision. It writes null of a profile as "None".
    """
    if isinstance(value, dict):
        return {key: typed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [typed(part) for part in value]
    if value == "None":
        return None
    return scalar(value) if isinstance(value, str) else value


def value(config, key):
    """The value of a dotted key of a checked configuration.

    Raises
    ------
    UserError
        If there is no such key.
    """
    for name in key.split("."):
        if not isinstance(config, dict) or name not in config:
            raise UserError(f"{key} is no key of the configuration: choose one of config.yaml.")
        config = config[name]
    return config


def regime(config, name):
    """The named regime of a checked configuration, as a `collapse.process.generations.Regime`."""
    from collapse.process.generations import Regime  # imports numpy

    return Regime(**config["regimes"][name])
