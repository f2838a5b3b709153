"""Where the paper leaves open what was done: what its code does, and what this run does."""

import json

import pandas as pd

ENDS = "min", "max"


def table(choices, values, results):
    """One row for each switch, and for each choice that has none.

    Parameters
    ----------
    choices : dict of dict
        reference/fidelity.yaml, which describes itself.
    values : dict
        The switches' values in this run.
    results : dict of DataFrame
        Tables by name: at least those that choices name.

    Returns
    -------
    DataFrame
    """
    rows = []
    for name, choice in choices.items():
        told = {"choice": name, "question": choice["question"]}
        told |= {"text": choice["text"], "released code": choice["released"]}
        place = {k: v for k, v in choice.get("measured", {}).items() if k != "table"}
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
            rows.append(told | switch | rest)
    return pd.DataFrame(rows)


def agreement(value, released):
    """Whether a value is the released code's, or one of several; "" where that is not known."""
    if released is None:
        return ""
    if isinstance(value, list) and isinstance(released, list) and set(released) < set(value):
        return "among others"
    return "yes" if value == released else "no"


def effect(results, *, column, name, where, across):
    """What a column of a table is for each value of the column `across`, as text.

    Parameters
    ----------
    results : DataFrame
    column, across : str
    name : str
        Of the column, to read.
    where : dict
        Which rows: by column a value, or "min" or "max" of what is left by those before.
    """
    at = ""
    for key, wanted in where.items():
        chosen = results[key]
        if wanted in ENDS:
            wanted = getattr(chosen, wanted)()
            at += f", {key} {wanted}"
        results = results[chosen == wanted]
    first = results.drop_duplicates(across)
    values = zip(first[across], first[column], strict=True)
    return f"{name}{at}: " + ", ".join(f"{number:,.4g} ({value})" for value, number in values)


def _shown(value):
    """As it stands in YAML; nothing where there is none."""
    return "" if value is None else json.dumps(value).replace('"', "")
