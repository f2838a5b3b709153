"""Choices that the paper leaves open: what the released code does, and what this run does."""

import json

import pandas as pd

from collapse import labels

ENDS = "min", "max"


def table(choices, values, results):
    """Tabulate the choices, one row for each configuration key, or one for a choice without keys.

    Parameters
    ----------
    choices : dict of dict
        By name. Each has question, text (what the paper says), released (what the released code
        does), keys (configuration keys and the values with which they do the same, None if
        unknown), default (of this project, and why) and perhaps measured (arguments of `effect`,
        and the name of the table).
    values : dict
        Value of each key in this run.
    results : dict of DataFrame
        Tables by name. The effect of a choice is left empty if its table is not among them.

    Returns
    -------
    DataFrame
    """
    rows = []
    for name, choice in choices.items():
        known = {"choice": name, "question": choice["question"]}
        known |= {"text": choice["text"], "released code": choice["released"]}
        measured = choice.get("measured", {})
        known_table = measured.get("table") in results
        place = {k: v for k, v in measured.items() if k != "table"} if known_table else {}
        rest = {
            "default, and why": choice["default"],
            "measured": effect(results[choice["measured"]["table"]], **place) if place else "",
            "in table": choice["measured"]["table"] if place else "",
        }
        for key, released in (choice["keys"] or {"": None}).items():
            switch = {
                "switch": key or "none: both are reported",
                "as released": _shown(released),
                "in this run": _shown(values.get(key)),
                "agrees": agreement(values.get(key), released),
            }
            rows.append(known | switch | rest)
    return pd.DataFrame(rows)


def agreement(value, released):
    """Whether a value is that of the released code.

    Parameters
    ----------
    value : object
        Value in this run.
    released : object
        Value in the released code; None if unknown.

    Returns
    -------
    {"yes", "no", "among others", ""}
        "among others" if this run has several values, of which one is the released code's. "" if
        the value in the released code is unknown.
    """
    if released is None:
        return ""
    if isinstance(value, list) and isinstance(released, list) and set(released) < set(value):
        return "among others"
    return "yes" if value == released else "no"


def effect(results, *, column, name, where, across):
    """Describe how a measured quantity depends on a choice.

    Parameters
    ----------
    results : DataFrame
    column : str
        Column of the quantity.
    name : str
        Name of the quantity for readers.
    where : dict
        Value of each column that selects rows. "min" and "max" mean the least and the greatest
        value in the rows that the conditions before it select.
    across : str
        Column of the choice.

    Returns
    -------
    str
        The quantity for each value of the column `across`.
    """
    at = ""
    for key, wanted in where.items():
        chosen = results[key]
        if wanted in ENDS:
            wanted = getattr(chosen, wanted)()
            at += f", {key} {wanted}"
        results = results[chosen == wanted]
    first = results.drop_duplicates(across)
    values = zip([labels.of(across, value) for value in first[across]], first[column], strict=True)
    return f"{name}{at}: " + ", ".join(f"{number:,.4g} ({value})" for value, number in values)


def _shown(value):
    """Format a value as in YAML; "" for None."""
    return "" if value is None else json.dumps(value).replace('"', "")
