"""Check that records of claims and gates are complete and can be judged.

A record is a mapping with the fields `CLAIM`. Each of its checks has the fields `CHECK`, exactly
one of control and no_control (the reason why there is no control), and perhaps some of
`CHECK_OPTIONAL`. Each of its agreements has the fields `AGREEMENT`. Every mistake is reported with
the claim, the check and the field.
"""

import inspect
import itertools
import math

from collapse.claims import claims, estimates, measures, run_values
from collapse.errors import UserError

GRADES = ("text", "code", "figures", "recalled", "derived")
CLAIM = {**dict.fromkeys(("id", "short", "statement", "where", "grade"), str), "checks": list}
CLAIM_OPTIONAL = {"note": str, "gates": list, "agreement": list}
MEASURED = {
    **{"name": str, "quantity": str, "unit": str, "measure": str},
    **{"of": dict, "arguments": dict, "rule": dict},
}
CHECK = {**MEASURED, "decides": bool, "interval": str, "refuted_by": str}
CHECK_OPTIONAL = {
    **{"against": dict, "published": list, "note": str, "other_reading": bool},
    **{"control": dict, "no_control": str},
}
AGREEMENT = {**MEASURED, "interval": str, "published": list}
AGREEMENT_OPTIONAL = {"against": dict, "needs": dict, "note": str}
GATE = {**MEASURED, "id": str, "statement": str, "source": str}
GATE_OPTIONAL = {"against": dict, "needs": dict, "note": str}
CANNOT_FAIL = "give it another regime, setting, size or law, or write no_control with the reason."


def validate(records, place, gates=()):
    """Check records of claims and the gates that they name.

    Parameters
    ----------
    records, gates : object
        What a file of claims holds.
    place : str
        Where the records are from, for messages.

    Returns
    -------
    list of dict
        `records`.

    Raises
    ------
    UserError
        For the first mistake. The message gives the claim and the field.
    """
    if not isinstance(records, list) or not records:
        raise UserError(f"{place} must hold a list 'claims' with at least one claim: restore it.")
    if not isinstance(gates, list | tuple):
        raise UserError(f"{place}: gates is {gates!r}, but must be a list: correct it.")
    for gate in gates:
        _gate(gate, f"{place}, gate {name(gate)}")
    known = identities(gates, place)
    for record in records:
        _claim(record, known, f"{place}, {name(record)}")
    identities(records, place)
    return records


def name(record):
    """What a record is called in messages."""
    return record.get("id", "without id") if isinstance(record, dict) else "an entry"


def identities(records, place):
    """Identities of records, each of which must occur once."""
    identities = [record["id"] for record in records]
    if twice := {name for name in identities if identities.count(name) > 1}:
        raise UserError(f"{place} has {', '.join(sorted(twice))} twice: remove one of them.")
    return identities


def _gate(gate, place):
    fields(gate, GATE, GATE_OPTIONAL, place)
    _measured(gate, place)


def _claim(record, gates, place):
    fields(record, CLAIM, CLAIM_OPTIONAL, place)
    _choice(record["grade"], GRADES, f"{place}: grade")
    for name in record.get("gates", []):
        _choice(name, gates, f"{place}: gates")
    for field, checked in (("checks", _check), ("agreement", _agreement)):
        for entry in record.get(field, []):
            try:
                checked(entry, place)
            except (TypeError, KeyError, AttributeError) as error:
                raise UserError(
                    f"{place}: {entry!r} is not a valid entry of {field} ({error}): correct it."
                ) from None
    if not any(check["decides"] for check in record["checks"]):
        raise UserError(f"{place} has no check with 'decides: true', but needs at least one.")


def fields(record, required, optional, place):
    """Check that a record has its fields, each of its kind, and no others.

    Parameters
    ----------
    record : object
    required, optional : dict of str to type
    place : str
        Where the record is from, for messages.

    Raises
    ------
    UserError
        For the first mistake.
    """
    if not isinstance(record, dict):
        raise UserError(f"{place}: {record!r} must be a mapping of fields to values.")
    for name in required:
        if name not in record:
            raise UserError(f"{place} lacks the field '{name}': add it.")
    for name, value in record.items():
        kind = {**required, **optional}.get(name)
        if kind is None:
            raise UserError(f"{place} has an unknown field '{name}': remove it.")
        if not isinstance(value, kind) or value in ("", []):
            raise UserError(f"{place}: {name} is {value!r}, but must be a {kind.__name__}.")


def _choice(value, known, place):
    if value not in known:
        raise UserError(f"{place} is {value!r}: choose one of {', '.join(map(str, known))}.")


def _check(check, place):
    """Check the fields of a check, and those of its control, against what is known."""
    if isinstance(check, dict) and "name" in check:
        place = f"{place}, check '{check['name']}'"
    fields(check, CHECK, CHECK_OPTIONAL, place)
    estimated(check, place)
    if ("control" in check) == ("no_control" in check):
        raise UserError(f"{place} needs a control, or no_control with the reason, and not both.")
    if check.get("other_reading") and check["decides"]:
        raise UserError(f"{place} decides, so that it is not another reading: remove one of them.")
    if "control" in check:
        _control(check, f"{place}: control")


def _agreement(entry, place):
    if isinstance(entry, dict) and "name" in entry:
        place = f"{place}, agreement '{entry['name']}'"
    fields(entry, AGREEMENT, AGREEMENT_OPTIONAL, place)
    estimated(entry, place)
    if "within" not in entry["rule"]:
        raise UserError(f"{place}: rule is {entry['rule']!r}: write within: [<low>, <high>].")


def _control(check, place):
    """Check that a control is informative: it must be able to fail."""
    patches = dict.fromkeys(("of", "against", "arguments"), dict)
    fields(check["control"], {"what": str}, patches, place)
    control = claims.controlled(check)
    if control == check:
        raise UserError(f"{place} changes nothing: give it of, against or arguments.")
    if control in mirrored(check):
        raise UserError(
            f"{place} only exchanges what is compared: its numbers are the negative, the reciprocal"
            f" or the reverse of the check's, so that it cannot fail: {CANNOT_FAIL}"
        )
    if _is_trivial(control):
        raise UserError(
            f"{place} compares a series with itself, so that it cannot fail: {CANNOT_FAIL}"
        )
    _measured(control, place)


def _is_trivial(check):
    """Whether both sides of a comparison are the same numbers."""
    pairs = [("start", "end"), ("early", "late"), ("generation", "other")]
    arguments = check["arguments"]
    same = [a for a, b in pairs if {a, b} <= arguments.keys() and arguments[a] == arguments[b]]
    if "against" in check and check["of"] == check["against"]:
        return check["measure"] != "difference_at" or bool(same)
    return "against" not in check and bool(same)


def mirrored(check):
    """Versions of a check with the same numbers, only negative, reciprocal or in another order.

    Parameters
    ----------
    check : dict

    Returns
    -------
    list of dict
    """
    arguments, of = check["arguments"], check["of"]
    versions = [
        {**check, "arguments": {**arguments, a: arguments[b], b: arguments[a]}}
        for a, b in itertools.combinations(arguments, 2)
    ]
    if "against" in check:
        versions.append({**check, "of": check["against"], "against": of})
    if isinstance(of.get("size"), list):
        orders = itertools.permutations(of["size"])
        versions += [{**check, "of": {**of, "size": [*order]}} for order in orders]
    return versions


def estimated(entry, place):
    """Check a measure together with its kind of interval."""
    _measured(entry, place)
    _choice(entry["interval"], estimates.INTERVALS, f"{place}: interval")
    required = {
        "blocks": (measures.DIFFERENCES, run_values.BLOCKS),
        "chi_square": (("value",), run_values.WITH_LAW),
    }
    if entry["interval"] in required:
        known, quantities = required[entry["interval"]]
        what = f"with interval {entry['interval']}"
        _choice(entry["measure"], known, f"{place}: measure {what}")
        _choice(entry["of"]["quantity"], quantities, f"{place}: of.quantity {what}")


def _measured(entry, place):
    """Check measure, series, arguments and rule."""
    _choice(entry["measure"], measures.MEASURES, f"{place}: measure")
    _bound(entry["rule"], f"{place}: rule")
    for field in {"of", "against"} & entry.keys():
        _selection(entry[field], f"{place}: {field}")
    _arguments(entry, place)


def _bound(rule, place):
    match rule:
        case {"above": bound} | {"below": bound} if len(rule) == 1 and _is_number(bound):
            return
        case {"within": [low, high]} if len(rule) == 1 and _is_number(low) and _is_number(high):
            if low < high:
                return
    raise UserError(
        f"{place} is {rule!r}: write above: <number>, below: <number> or within: [<low>, <high>]."
    )


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _selection(selection, place):
    _choice(selection.get("quantity"), run_values.QUANTITIES, f"{place}.quantity")
    keys = run_values.QUANTITIES[selection["quantity"]]
    fields(selection, dict.fromkeys(("quantity", *keys), object), {"transform": str}, place)
    if "transform" in selection:
        _choice(selection["transform"], claims.TRANSFORMS, f"{place}.transform")


def _arguments(check, place):
    given = {"of", *check["arguments"]} | ({"against"} & check.keys())
    wanted = set(inspect.signature(measures.MEASURES[check["measure"]]).parameters)
    if given != wanted:
        names = ", ".join(sorted(given ^ wanted))
        raise UserError(
            f"{place}: the measure '{check['measure']}' takes {', '.join(sorted(wanted))}: "
            f"correct {names}."
        )
