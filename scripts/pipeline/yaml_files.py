"""Read YAML strictly: what looks like a number is one, and no key is given twice."""

import re
from pathlib import Path

import yaml
from collapse.errors import UserError


def _number(make):
    def construct(text):
        try:
            return make(text)
        except ValueError:  # Python converts at most 4,300 digits
            return text

    return construct


# YAML 1.2's core schema: 1e-3 is a number; 010, 1_000, 1:30, yes and 2020-01-01 are text
_SCALARS = {
    "null": (r"~|null|Null|NULL|", lambda text: None),
    "bool": (r"true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
    "int": (r"[-+]?(0|[1-9][0-9]*)", _number(int)),
    "float": (
        r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        lambda text: float(re.sub(r"\.(?=[iInN])", "", text)),
    ),
}


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    yaml_implicit_resolvers = {}  # noqa: RUF012  PyYAML's own attribute

    def get_single_data(self):
        node = self.get_single_node()
        _check_nodes(node, above=(), checked=set())
        return self.construct_document(node) if node else None


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<\Z"), ["<"])
for _name, (_pattern, _) in _SCALARS.items():
    _StrictLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(rf"(?:{_pattern})\Z"), None
    )
for _name in ("int", "float"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_name}", lambda _, node: scalar(node.value))


def _check_nodes(node, *, above, checked):
    """Refuse keys that are given twice and nodes that contain themselves."""
    if node in above:
        raise yaml.MarkedYAMLError(
            problem="this anchor contains itself", problem_mark=node.start_mark
        )
    if not isinstance(node, yaml.CollectionNode) or node in checked:
        return
    keys, children = set(), node.value
    if isinstance(node, yaml.MappingNode):
        children = [part for pair in node.value for part in pair]
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in keys:
                raise yaml.MarkedYAMLError(
                    problem=f"the key '{key.value}' is given twice", problem_mark=key.start_mark
                )
            keys.add(key.value if isinstance(key, yaml.ScalarNode) else key)
    for child in children:
        _check_nodes(child, above=(*above, node), checked=checked)
    checked.add(node)


def scalar(text):
    """The value of a text that YAML would read without quotes: a number, true, null, or itself."""
    for pattern, make in _SCALARS.values():
        if re.fullmatch(pattern, text):
            return make(text)
    return text


def read_yaml(path):
    """Parse a YAML file that holds a mapping.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict

    Raises
    ------
    UserError
        If the file cannot be read, is not YAML, gives a key twice, has an anchor that contains
        itself, or is not a mapping. The message gives the file and, if possible, the line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        value = yaml.load(text, _StrictLoader)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): restore it.") from error
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark or error.context_mark).line + 1
        raise UserError(f"{path}, line {line}: {error.problem}; fix the YAML there.") from error
    except RecursionError as error:
        raise UserError(f"{path} is nested too deeply: restore it.") from error
    except (yaml.YAMLError, ValueError, LookupError, AttributeError) as error:
        raise UserError(f"{path} is not YAML text in UTF-8: restore it.") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} must hold 'key: value' lines, but holds none: restore it.")
    return value


def read_value(text, origin):
    """Parse a YAML value by the same rules.

    Parameters
    ----------
    text : str
    origin : str
        Where it is from, for the message.

    Raises
    ------
    UserError
        If it is not YAML.
    """
    try:
        return yaml.load(text, _StrictLoader)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        reason = getattr(error, "problem", None) or "it is not YAML text"
        raise UserError(f"{origin}: {reason}: write it as YAML, such as {{runs: 8}}.") from error
