"""Mistakes in a configuration as lines: place, found, expected, remedy."""

import difflib
import json
import math
import re
from typing import Annotated, get_args, get_origin

from collapse.errors import UserError

from pipeline.configuration.models import TAGS, Configuration, Section

_TYPES = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}
_EXPECTED = {
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be greater than {gt:g}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must be lower-case letters, digits and _, a letter first",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}


class ConfigurationError(UserError):
    """Mistakes in the configuration: `lines` has one line for each."""

    def __init__(self, lines):
        super().__init__("\n".join(lines))
        self.lines = list(lines)


def lines_of(error, layers):
    """One line or more for every mistake that pydantic found.

    Parameters
    ----------
    error : pydantic.ValidationError
    layers : list of (str, dict)
        Where the configuration comes from, the first overridden by the next.
    """
    return [line for mistake in error.errors() for line in _lines(mistake, layers)]


def _lines(mistake, layers):
    place = tuple(part for part in mistake["loc"] if part not in ("[key]", *TAGS.values()))
    kind, name, origin = mistake["type"], _dotted(place), _origin(place, layers)
    if kind == "value_error" and _is_section(_annotation(place)):
        return [f"{name}.{line}" if place else line for line in mistake["ctx"]["error"].args]
    if kind == "value_error":
        return [f"{origin}{name} {mistake['ctx']['error']}."]
    if kind == "missing":
        parent = _dotted(place[:-1]) or "the configuration"
        return [f"{parent} lacks '{place[-1]}': add it as in config.yaml."]
    if kind in ("extra_forbidden", "invalid_key"):
        return [f"{origin}{_unknown(place)}"]
    expected = _expected(mistake, _annotation(place))
    return [f"{origin}{name} {expected}, got {found(mistake['input'])}."]


def _expected(mistake, annotation):
    """What a value must be."""
    kind = mistake["type"]
    if kind in _TYPES:
        null = " or null" if type(None) in get_args(annotation) else ""
        make = {"int_type": int, "float_type": float}.get(kind)
        hint = _number_hint(mistake["input"], make) if make else ""
        return f"must be {_TYPES[kind]}{null}{hint}"
    if kind in _EXPECTED:
        return _EXPECTED[kind].format(**mistake.get("ctx", {}))
    return f"is not accepted ({mistake['msg']})"


def _number_hint(value, make):
    """How to write a text that Python, but not YAML, reads as a number."""
    try:
        number = make(value) if isinstance(value, str) else math.inf
    except ValueError:
        return ""
    return f" (write {number!r})" if math.isfinite(number) else ""


def _unknown(place):
    section = _bare(_annotation(place[:-1]))
    parent, known = _dotted(place[:-1]) or "the configuration", list(section.model_fields)
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"choose one of {', '.join(known)}."
    return f"{parent} has an unknown key {found(place[-1])}: {hint}"


def _annotation(place):
    """Type of the value at a place of the configuration."""
    annotation = Configuration
    for part in place:
        bare = _bare(annotation)
        # otherwise the items of a list, or the values of a mapping
        annotation = bare.model_fields[part].annotation if _is_section(bare) else get_args(bare)[-1]
    return annotation


def _is_section(annotation):
    bare = _bare(annotation)
    return isinstance(bare, type) and issubclass(bare, Section)


def _bare(annotation):
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _dotted(place):
    return ".".join(map(_readable, place))


def _readable(part):
    return str(part) if re.fullmatch(r"[\w-]+", str(part)) else found(part)


def _origin(place, layers):
    """The last file, or the command line, that sets the value at `place`."""
    for origin, layer in reversed(layers):
        for part in place:
            if isinstance(layer, dict) and part in layer:
                layer = layer[part]
            elif not isinstance(layer, list):
                break
        else:
            return f"{origin}: "
    return ""


def found(value):
    """A value as YAML shows it, cut if it is long."""
    simple = value is None or isinstance(value, bool)
    text = json.dumps(value) if simple else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
