"""Check that records of claims are complete and can be judged.

A record is a mapping with the fields `CLAIM`; each of its checks has the fields `CHECK` and perhaps
some of `OPTIONAL`. Every mistake is reported with the claim, the check and the field.
"""

import inspect
import math

from collapse.claims import claims, measures, run_values
from collapse.errors import UserError

GRADES = ("text", "code", "figures", "recalled", "derived")
CLAIM = {"id": str, "statement": str, "where": str, "grade": str, "checks": list}
CHECK = {
    **{"name": str, "decides": bool, "quantity": str, "unit": str, "measure": str},
    **{"of": dict, "arguments": dict, "interval": str, "rule": dict, "refuted_by": str},
    "control": dict,
}
OPTIONAL = {"against": dict, "needs": dict, "published": list, "note": str}


def validate(records, place):
    """Check records of claims.

    Parameters
    ----------
    records : object
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
    for record in records:
        name = record.get("id", "a claim without id") if isinstance(record, dict) else "an entry"
        _claim(record, f"{place}, {name}")
    identities = [record["id"] for record in records]
    if twice := {name for name in identities if identities.count(name) > 1}:
        raise UserError(f"{place} has {', '.join(sorted(twice))} twice: remove one of them.")
    return records


def _claim(record, place):
    _fields(record, CLAIM, {"note": str}, place)
    _choice(record["grade"], GRADES, f"{place}: grade")
    for check in record["checks"]:
        try:
            _check(check, place)
        except (TypeError, KeyError, AttributeError) as error:
            raise UserError(
                f"{place}: {check!r} is not a valid check ({error}): correct it."
            ) from None
    if not any(check["decides"] for check in record["checks"]):
        raise UserError(f"{place} has no check with 'decides: true', but needs at least one.")


def _fields(record, required, optional, place):
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
    _fields(check, CHECK, OPTIONAL, place)
    _choice(check["measure"], measures.MEASURES, f"{place}: measure")
    _choice(check["interval"], claims.INTERVALS, f"{place}: interval")
    _bound(check["rule"], f"{place}: rule")
    patches = {"of": dict, "against": dict, "arguments": dict, "reversed": bool}
    _fields(check["control"], {"what": str}, patches, f"{place}: control")
    control = claims.controlled(check)
    if control == {**check, "reversed": False}:
        raise UserError(
            f"{place}: control changes nothing: give it of, against, arguments or reversed."
        )
    for version in (check, control):
        for field in {"of", "against"} & version.keys():
            _selection(version[field], f"{place}: {field}")
        _arguments(version, place)


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
    _fields(selection, dict.fromkeys(("quantity", *keys), object), {"transform": str}, place)
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
