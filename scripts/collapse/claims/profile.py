"""What is meant by collapse: several definitions, looked for in every family and regime.

The file of definitions says for each family how each of them is tested, or why it cannot be. A test
is measured and estimated like a check of a claim, see `collapse.claims.claims`.

References
----------
Schaeffer, Kazdan, Arulandu and Koyejo, arXiv:2503.03150.
"""

import pandas as pd

from collapse import labels
from collapse.claims import claims, records
from collapse.claims.claims import describe_effect, describe_rule
from collapse.claims.tables import FAMILIES
from collapse.errors import UserError

SEEN, NOT_SEEN, UNDECIDED, UNDEFINED = "seen", "not seen", "undecided", "undefined"
NOT_TESTABLE = "not testable"
WORDS = {  # of an interval on the side that a test names
    "seen_if": {claims.SUPPORTED: SEEN, claims.NOT_SUPPORTED: NOT_SEEN},
    "not_seen_if": {claims.SUPPORTED: NOT_SEEN, claims.NOT_SUPPORTED: SEEN},
}
REASONS = {"undefined": UNDEFINED, "impossible": NOT_SEEN}
DEFINITION = dict.fromkeys(("id", "name", "question"), str)
TEST = {
    **dict.fromkeys(("quantity", "unit", "measure", "interval"), str),
    **dict.fromkeys(("of", "arguments"), dict),
}
TEST_OPTIONAL = {**dict.fromkeys(WORDS, dict), "note": str}
RULE = (
    "Each cell compares a 95 % confidence interval over runs (for language models, over runs and "
    "blocks of text) with a bound. Seen or not seen: the whole interval is on one side of it. "
    "Undecided: the interval contains it. Not testable: the model fails a gate of the "
    "claims, or there are too few runs for an interval. Undefined: "
    "the question has no answer for this family, or its answer is not measured. No correction is "
    "made for the number of cells."
)


def validate(profile, place):
    """Check a file of definitions.

    Parameters
    ----------
    profile : dict
        With families and definitions.
    place : str
        Where it is from, for messages.

    Returns
    -------
    dict
        `profile`.

    Raises
    ------
    UserError
        For the first mistake.
    """
    for field, kind in (("families", dict), ("definitions", list)):
        if not isinstance(profile.get(field), kind) or not profile[field]:
            raise UserError(f"{place} must hold {field}, as a {kind.__name__}: restore it.")
    families = profile["families"]
    for name, family in families.items():
        records.fields(family, {"rows": list, "at": dict}, {}, f"{place}, family {name}")
    for definition in profile["definitions"]:
        where = f"{place}, definition {records.name(definition)}"
        records.fields(definition, DEFINITION | dict.fromkeys(families, dict), {}, where)
        for family in families:
            _test(definition[family], families[family], f"{where}, {family}")
    records.identities(profile["definitions"], place)
    return profile


def _test(test, family, place):
    if len(test) == 1 and set(test) <= REASONS.keys():
        records.fields(test, {}, dict.fromkeys(REASONS, str), place)
        return
    records.fields(test, TEST, TEST_OPTIONAL, place)
    if len(sides := WORDS.keys() & test.keys()) != 1:
        raise UserError(f"{place} needs one of {' and '.join(WORDS)}: found {len(sides)} of them.")
    records.estimated(_check(test, family, dict.fromkeys(family["rows"], "any")), place)


def _check(test, family, row):
    """A test as a check of a claim, for one row."""
    of = {**family["at"], **row, **test["of"]}
    rule = next(test[side] for side in WORDS if side in test)
    return {**test, "name": test["quantity"], "of": of, "rule": rule}


def measure(profile, runs, gates, facts):
    """Look for every definition in every family and regime that was run.

    Parameters
    ----------
    profile : dict
        Valid, see `validate`.
    runs : collapse.claims.run_values.RunValues
    gates : list of dict
        Of the claims; a family is not testable if one of its gates is closed.
    facts : dict
        As for `claims.judge`.

    Returns
    -------
    list of dict
        For each definition and row: family, its row (a dict), definition (its id), outcome, why,
        and of a test quantity, unit, rule, effect, low, high and runs.
    """
    found = []
    results = [{**gate, **claims.gate_result(gate, runs, facts)} for gate in gates]
    for name, family in profile["families"].items():
        shut = [g for g in claims.closed(results) if name in claims.families_of(g)]
        for row in _rows(profile, name, runs):
            for definition in profile["definitions"]:
                cell = _cell(definition[name], family, row, runs, shut)
                found.append({"family": name, "row": row, "definition": definition["id"], **cell})
    return found


def _rows(profile, name, runs):
    """The rows of a family: where any of its tests can be measured."""
    family, rows = profile["families"][name], {}
    for test in (definition[name] for definition in profile["definitions"]):
        for at in runs.settings(test["of"]["quantity"]) if "of" in test else ():
            if at.items() >= family["at"].items():
                row = {key: at[key] for key in family["rows"]}
                rows.setdefault(tuple(row.values()), row)
    return list(rows.values())


def _cell(test, family, row, runs, shut):
    for word, outcome in REASONS.items():
        if word in test:
            return {"outcome": outcome, "why": test[word]}
    check = _check(test, family, row)
    known = {"quantity": test["quantity"], "unit": test["unit"], "rule": _rule(test)}
    if missing := _missing(check, runs):
        return {**known, "outcome": UNDEFINED, "why": missing}
    judged = claims.tested(check, runs)
    numbers = {key: judged[key] for key in ("effect", "low", "high", "runs")}
    if shut:
        return {**known, **numbers, "outcome": NOT_TESTABLE, "why": claims.why_closed(shut)}
    words = {
        **WORDS[_side(test)],
        claims.UNDECIDED: UNDECIDED,
        claims.NOT_TESTABLE: NOT_TESTABLE,
    }
    outcome = words[judged["verdict"]]
    return {**known, **numbers, "outcome": outcome, "why": _why(outcome, judged)}


def _missing(check, runs):
    """Which series a test lacks, in words; None if it has all of them."""
    of = check["of"]
    sizes = of["size"] if isinstance(of.get("size"), list) else [of.get("size")]
    if all(runs.find(of["quantity"], {**of, "size": size}) for size in sizes):
        return None
    return f"nothing to measure: {check['quantity']}"


def _side(test):
    return next(side for side in WORDS if side in test)


def _rule(test):
    return f"{_side(test).replace('_', ' ')} {describe_rule(test[_side(test)])}"


def _why(outcome, judged):
    if outcome == NOT_TESTABLE:
        return judged["why"]
    contains = "contains" if outcome == UNDECIDED else "does not contain"
    return f"the interval {contains} the bound"


def table(cells):
    """Tabulate cells for programs, one row each.

    Parameters
    ----------
    cells : list of dict
        From `measure`.

    Returns
    -------
    DataFrame
        family, setting (the row's values), definition, outcome, effect, low, high, runs, unit,
        quantity, rule, why.
    """
    named = [{**cell, "setting": ", ".join(map(str, cell["row"].values()))} for cell in cells]
    columns = ["family", "setting", "definition", "outcome", "effect", "low", "high", "runs"]
    return pd.DataFrame(named, columns=[*columns, "unit", "quantity", "rule", "why"])


def page(profile, cells, scale):
    """Describe cells for readers, in Markdown.

    Parameters
    ----------
    profile : dict
    cells : list of dict
    scale : str

    Returns
    -------
    str
    """
    head = ["family", "setting", *(d["name"] for d in profile["definitions"])]
    lines = [_line(head), _line(["---"] * len(head))]
    places = {}
    for cell in cells:
        places.setdefault((cell["family"], *cell["row"].values()), []).append(cell)
    for (family, *row), own in places.items():
        lines.append(_line([FAMILIES[family], labels.readable(" ".join(row)), *map(_short, own)]))
    asked = [f"- **{d['name']}**: {d['question']}" for d in profile["definitions"]]
    parts = [
        f"# Eight meanings of collapse, scale {scale}",
        "Papers mean different things by model collapse. Each is looked for everywhere here.",
        *("\n".join(lines), "\n".join(asked), RULE, _tests(profile), _reasons(cells)),
    ]
    return "\n\n".join(parts) + "\n"


def _line(fields):
    return "| " + " | ".join(fields) + " |"


def _short(cell):
    outcome = f"**{cell['outcome']}**" if cell["outcome"] == SEEN else cell["outcome"]
    return outcome + (f": {describe_effect(cell)}" if cell.get("effect") is not None else "")


def _tests(profile):
    """How each definition is tested, as a table."""
    lines = [_line(["definition", "family", "what is measured", "unit", "rule"])]
    lines.append(_line(["---"] * 5))
    for definition in profile["definitions"]:
        for family in profile["families"]:
            test = definition[family]
            if "of" in test:
                shown = [test["quantity"], test["unit"], _rule(test)]
                lines.append(_line([definition["name"], FAMILIES[family], *shown]))
    return "## How each is tested\n\n" + "\n".join(lines)


def _reasons(cells):
    """Why there is no answer, once for each reason and family."""
    without = [c for c in cells if c["outcome"] in (UNDEFINED, NOT_TESTABLE) or "unit" not in c]
    reasons = dict.fromkeys((FAMILIES[cell["family"]], cell["why"]) for cell in without)
    return "## Why there is no number\n\n" + "\n".join(f"- {f}: {why}" for f, why in reasons)
