"""The paper's claims: read as records, judged on every run's values, told as tables.

A claim has *checks*. A check measures one number a run (or several, of which each must hold), takes
its mean over runs with a 95 % interval, and asks by its rule on which side that interval lies. The
same measure, fed with its *control*, where the effect cannot be or must come out the other way
round, must not find it.
"""

import inspect
import math
import re

import numpy as np
import pandas as pd

from collapse import claim_measures, configuration, run_values, summaries
from collapse.claim_measures import NotTestable
from collapse.errors import UserError

SUPPORTED, NOT_SUPPORTED = "supported", "not supported"
NOT_TESTABLE = "not testable at this scale"
LIES, STRADDLES, CONTRADICTS = (
    "the interval lies on the claimed side",
    "the interval straddles the bound",
    "the interval contradicts the claim",
)
GRADES = ("text", "code", "figures", "recalled", "derived")
RULE = (
    "A check is supported if the whole 95 % interval over runs lies on the claimed side, and not "
    "supported if it straddles the bound or contradicts the claim. The interval is Student's t of "
    "the mean, of logarithms where ratios are averaged, and Clopper-Pearson for shares of runs. A "
    "claim is supported if all of its deciding checks are, not supported if one of them is not, "
    "else not testable at this scale. That all must agree makes a claim harder to support, so "
    "that nothing is corrected for the number of checks. Against the other error it is no help: "
    "where an interval only straddles a bound, these runs leave the question open, and more of "
    "them may support the claim."
)

CLAIM = {"id": str, "statement": str, "where": str, "grade": str, "checks": list}
CHECK = {
    **{"name": str, "decides": bool, "quantity": str, "unit": str, "measure": str},
    **{"of": dict, "arguments": dict, "interval": str, "rule": dict, "refuted_by": str},
    "control": dict,
}
MAY_HAVE = {"against": dict, "needs": dict, "published": list, "note": str}
TRANSFORMS = {"absolute": np.abs, "square": np.square, "exponential": np.exp}
LISTED_RUNS = 200  # of more runs, only count and standard deviation are written


def _mean(values):
    return summaries.confidence(values)


def _geometric(values):
    if not (values > 0).all():
        raise NotTestable("it is zero in a run, so that it has no geometric mean")
    return np.exp(summaries.confidence(np.log(values)))


def _proportion(values):
    if not np.isin(values, (0, 1)).all():
        raise ValueError("a proportion is of zeros and ones")
    return summaries.proportion(int(values.sum()), len(values))


# mean: Student's t; geometric: the same of logarithms; proportion: Clopper-Pearson
INTERVALS = {"mean": _mean, "geometric": _geometric, "proportion": _proportion}


def read(path):
    """The records of a file of claims.

    Returns
    -------
    list of dict

    Raises
    ------
    UserError
        At the first mistake; it names the claim and the field.
    """
    records = configuration.read_yaml(path).get("claims")
    if not isinstance(records, list) or not records:
        raise UserError(f"{path} has no list 'claims': put it back.")
    for record in records:
        name = record.get("id", "a claim without id") if isinstance(record, dict) else "an entry"
        _fields(record, CLAIM, {"note": str}, f"{path}, {name}")
        _choice(record["grade"], GRADES, f"{path}, {name}: grade")
        for check in record["checks"]:
            try:
                _check(check, f"{path}, {name}")
            except (TypeError, KeyError, AttributeError) as error:
                told = f"{path}, {name}: {check!r} is no check ({error}): mend it."
                raise UserError(told) from None
        if not any(check["decides"] for check in record["checks"]):
            raise UserError(f"{path}, {name} has no check that decides: let one.")
    identities = [record["id"] for record in records]
    if twice := {name for name in identities if identities.count(name) > 1}:
        raise UserError(f"{path} has {', '.join(sorted(twice))} twice: drop one.")
    return records


def _fields(record, required, optional, place):
    if not isinstance(record, dict):
        raise UserError(f"{place}: {record!r} is no mapping of fields to values; write fields.")
    for name in required:
        if name not in record:
            raise UserError(f"{place} lacks the field '{name}': add it.")
    for name, value in record.items():
        kind = {**required, **optional}.get(name)
        if kind is None:
            raise UserError(f"{place} has an unknown field '{name}': drop it.")
        if not isinstance(value, kind) or value in ("", []):
            raise UserError(f"{place}: {name} is {value!r}, but must be a {kind.__name__}.")


def _choice(value, known, place):
    if value not in known:
        raise UserError(f"{place} is {value!r}: choose one of {', '.join(map(str, known))}.")


def _check(check, place):
    """Hold a check against what measures, quantities and rules there are."""
    if isinstance(check, dict) and "name" in check:
        place = f"{place}, check '{check['name']}'"
    _fields(check, CHECK, MAY_HAVE, place)
    _choice(check["measure"], claim_measures.MEASURES, f"{place}: measure")
    _choice(check["interval"], INTERVALS, f"{place}: interval")
    _bound(check["rule"], f"{place}: rule")
    patches = {"of": dict, "against": dict, "arguments": dict, "reversed": bool}
    _fields(check["control"], {"what": str}, patches, f"{place}: control")
    if _controlled(check) == {**check, "reversed": False}:
        raise UserError(f"{place}: control changes nothing: give it of, against or arguments.")
    for version in (check, _controlled(check)):
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
        _choice(selection["transform"], TRANSFORMS, f"{place}.transform")


def _arguments(check, place):
    given = {"of", *check["arguments"]} | ({"against"} & check.keys())
    wanted = set(inspect.signature(claim_measures.MEASURES[check["measure"]]).parameters)
    if given != wanted:
        names = ", ".join(sorted(given ^ wanted))
        raise UserError(
            f"{place}: the measure '{check['measure']}' takes {', '.join(sorted(wanted))}: "
            f"mend {names}."
        )


def _controlled(check):
    """The check as its control has it."""
    changed = {
        field: {**check.get(field, {}), **patch}
        for field, patch in check["control"].items()
        if field in ("of", "against", "arguments")
    }
    return {**check, **changed, "reversed": check["control"].get("reversed", False)}


def judge(records, runs, facts):
    """Every claim with its verdict and what it rests on.

    Parameters
    ----------
    records : list of dict
        From `read`.
    runs : run_values.RunValues
    facts : dict
        What `needs` may ask for, for example which language model was run.

    Returns
    -------
    list of dict
        The records; every check with verdict, why, effect, low, high, runs, sd and, up to
        `LISTED_RUNS` of them, each run's value; so has its control; the claim with verdict and why.
    """
    judged = []
    for record in records:
        checks = []
        for check in record["checks"]:
            control = {**check["control"], **_outcome(_controlled(check), runs, facts)}
            checks.append({**check, **_outcome(check, runs, facts), "control": control})
        judged.append({**record, "checks": checks, **verdict(checks)})
    return judged


def verdict(checks):
    """A claim's verdict from those of its deciding checks, and why; see `RULE`."""
    deciding = [check for check in checks if check["decides"]]
    for outcome in (NOT_SUPPORTED, NOT_TESTABLE):
        if names := [check for check in deciding if check["verdict"] == outcome]:
            why = "; ".join(f"{check['name']}: {check['why']}" for check in names)
            return {"verdict": outcome, "why": why}
    return {"verdict": SUPPORTED, "why": "; ".join(check["name"] for check in deciding)}


def _outcome(check, runs, facts):
    """Verdict of a check, and the numbers that it rests on."""
    try:
        values = _measured(check, runs)
        intervals = [INTERVALS[check["interval"]](column)[1:] for column in values.T]
        worst = min(range(len(intervals)), key=lambda k: _severity(*intervals[k], check["rule"]))
        outcome, why = side(*intervals[worst], check["rule"])
        if outcome == NOT_SUPPORTED and (missing := _deadline(check, runs)):
            outcome, why = NOT_TESTABLE, missing
        if missing := _unmet(check, facts):
            outcome, why = NOT_TESTABLE, missing
        return {"verdict": outcome, "why": why, **_numbers(values[:, worst], check)}
    except NotTestable as reason:
        empty = dict.fromkeys(("effect", "low", "high", "sd"))
        return {"verdict": NOT_TESTABLE, "why": str(reason), **empty, "runs": 0, "values": []}
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise UserError(
            f"the check '{check['name']}' of a claim cannot be measured: {check['measure']} of "
            f"{check['of']} with {check['arguments']} and interval {check['interval']} says "
            f"'{error}': mend its record."
        ) from None


def _measured(check, runs):
    """What is measured, one row a run; most measures have one column."""
    fed = {name: _series(check, name, runs) for name in ("of", "against") if name in check}
    with np.errstate(all="ignore"):
        values = claim_measures.MEASURES[check["measure"]](**fed, **check["arguments"])
    if len(values) < 2:
        raise NotTestable("one run has no interval")
    if not np.isfinite(values).all():
        raise NotTestable("it is not finite in every run")
    return values.reshape(len(values), -1)


def _severity(low, high, rule):
    """Orders intervals: first what contradicts, then what straddles, then what is near a bound."""
    least, most = _ends(rule)
    outcomes = (CONTRADICTS, STRADDLES, LIES)
    return outcomes.index(side(low, high, rule)[1]), min(low - least, most - high)


def _numbers(values, check):
    """Effect, interval, spread and the runs' values, as they are written."""
    effect, low, high = INTERVALS[check["interval"]](values)
    numbers = {"effect": effect, "low": low, "high": high, "sd": values.std(ddof=1)}
    numbers = {name: _rounded(number) for name, number in numbers.items()}
    listed = [_rounded(value) for value in values] if len(values) <= LISTED_RUNS else []
    return {**numbers, "runs": len(values), "values": listed}


def _unmet(check, facts):
    """Why these results are not what the check is about; None if they are."""
    for name, wanted in check.get("needs", {}).items():
        if name not in facts:
            raise KeyError(f"unknown need {name}: choose one of {', '.join(facts)}")
        if facts[name] != wanted:
            return f"{name} is {facts[name]}, not {wanted}"
    return None


def side(low, high, rule):
    """On which side of a rule's bounds an interval lies: verdict and why."""
    least, most = _ends(rule)
    if least < low and high < most:
        return SUPPORTED, LIES
    if high <= least or low >= most:
        return NOT_SUPPORTED, CONTRADICTS
    return NOT_SUPPORTED, STRADDLES


def _ends(rule):
    ((name, bound),) = rule.items()
    return {"above": (bound, np.inf), "below": (-np.inf, bound)}.get(name) or bound


def _deadline(check, runs):
    """Why a claim that something happens by a generation may still come true."""
    wanted = [value["by"] for value in check["arguments"].values() if isinstance(value, dict)]
    if wanted and (last := int(_series(check, "of", runs).generations[-1])) < max(wanted):
        return f"not yet in generation {last}, and the claim allows until {max(wanted)}"
    return None


def _series(check, field, runs):
    """The series that a field selects; a list of them where it has a list of sizes."""
    selection = check[field]
    if isinstance(selection.get("size"), list):
        several = [{**selection, "size": size} for size in selection["size"]]
        return [_series({**check, field: one}, field, runs) for one in several]
    found = runs.find(selection["quantity"], selection)
    if found is None:
        at = ", ".join(
            f"{k} {v}" for k, v in selection.items() if k not in ("quantity", "transform")
        )
        raise NotTestable(f"there is no {selection['quantity']} for {at}")
    values = TRANSFORMS.get(selection.get("transform"), np.asarray)(found.values)
    return found._replace(values=values[:, ::-1] if check.get("reversed") else values)


def _rounded(number):
    return float(f"{number:.6g}")


def compare(judged, known):
    """Fill in every check's published values.

    Parameters
    ----------
    judged : list of dict
        From `judge`; a check's `published` lists what identifies rows of the reference file, in
        which the claim is the same unless it is named too.
    known : DataFrame
        From `reference.values`.

    Raises
    ------
    UserError
        If there is no such row.
    """
    filled = []
    for claim in judged:
        checks = []
        for check in claim["checks"]:
            found = [
                _published({"claim": claim["id"], **wanted}, known, claim["id"])
                for wanted in check.get("published", [])
            ]
            checks.append({**check, "published": found})
        filled.append({**claim, "checks": checks})
    return filled


def _published(wanted, known, place):
    rows = known
    for column, value in wanted.items():
        if column not in rows.columns:
            raise UserError(f"{place}: published values have no column '{column}': mend that.")
        rows = rows[rows[column] == value]
    if rows.empty:
        raise UserError(f"{place}: no published value has {wanted}: mend 'published'.")
    return {**wanted, "values": rows["value"].tolist(), "grades": sorted(set(rows["grade"]))}


def table(judged):
    """One row per check: what people read, and what the CSV holds."""
    rows = []
    for claim in judged:
        for check in claim["checks"]:
            rows.append(
                {
                    **{"id": claim["id"], "grade": claim["grade"], "claim": claim["verdict"]},
                    "check": check["name"],
                    **{"decides": "yes" if check["decides"] else "no", "verdict": check["verdict"]},
                    **{"why": check["why"], "quantity": check["quantity"], "unit": check["unit"]},
                    **{name: check[name] for name in ("effect", "low", "high", "runs")},
                    "rule": told_rule(check["rule"]),
                    "published": "; ".join(map(told_published, check["published"])),
                    "control": check["control"]["what"],
                    "control_verdict": check["control"]["verdict"],
                    "control_effect": check["control"]["effect"],
                }
            )
    return pd.DataFrame(rows)


def told_rule(rule):
    """A rule in words."""
    ((name, bound),) = rule.items()
    return f"{name} {bound:g}" if name != "within" else "within {:g} to {:g}".format(*bound)


def told_published(published):
    """Published values in words: what, where, how many, and how certain."""
    low, high = min(published["values"]), max(published["values"])
    numbers = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    place = f", {published['setting']}" if "setting" in published else ""
    place += f", generation {published['generation']:g}" if "generation" in published else ""
    return f"{published['quantity']}{place}: {numbers} [{', '.join(published['grades'])}]"


def summary(judged):
    """The short table, in Markdown: claim by claim, how many deciding checks hold, and why not."""
    lines = ["| id | the paper's claim | verdict | deciding checks |", "|" + " --- |" * 4]
    for claim in judged:
        deciding = [check for check in claim["checks"] if check["decides"]]
        held = sum(check["verdict"] == SUPPORTED for check in deciding)
        told = "; ".join([f"{held} of {len(deciding)} hold", *_missed(deciding)])
        lines.append(_row([claim["id"], claim["statement"], f"**{claim['verdict']}**", told]))
    return "\n".join(lines) + "\n"


def _missed(checks):
    """Which checks do not hold and why, those with one reason together."""
    reasons = {}
    for check in checks:
        if check["verdict"] != SUPPORTED:
            why = re.sub(r"^the interval (contradicts|straddles) .*", r"\1", check["why"])
            if check["verdict"] == NOT_SUPPORTED:
                why = f"{why}, {_told_effect(check)}, claimed {told_rule(check['rule'])}"
            reasons.setdefault(why, []).append(check["name"])
    return [f"{', '.join(names)}: {why}" for why, names in reasons.items()]


def to_read(judged, scale):
    """All claims and checks as a page of Markdown."""
    head = ["claim and check", "measured", "effect [95 % interval], runs", "rule", "verdict"]
    head += ["published", "control, and its verdict"]
    count = {name: sum(claim["verdict"] == name for claim in judged) for name in _OUTCOMES}
    counted = ", ".join(f"{number} {name}" for name, number in count.items())
    lines = [f"{len(judged)} claims at the scale `{scale}`: {counted}. {RULE}", ""]
    lines += [summary(judged), _row(head), "|" + " --- |" * len(head)]
    for claim in judged:
        where = f"**{claim['id']}** {claim['statement']} ({claim['where']}) [{claim['grade']}]"
        where += f" {claim['note']}" if "note" in claim else ""
        lines.append(_row([where, "", "", "", f"**{claim['verdict']}**", "", ""]))
        lines += [_row(_cells(check)) for check in claim["checks"]]
    return "\n".join(lines) + "\n"


_OUTCOMES = (SUPPORTED, NOT_SUPPORTED, NOT_TESTABLE)


def _cells(check):
    control = check["control"]
    effect = _told_effect(check) + f", {check['runs']} runs" * bool(check["runs"])
    notes = f" {check['note']}" if "note" in check else ""
    return [
        check["name"] + ("" if check["decides"] else " (does not decide)"),
        f"{check['quantity']} ({check['unit']})",
        effect,
        f"{told_rule(check['rule'])}; refuted by {check['refuted_by']}.{notes}",
        check["verdict"] + f": {check['why']}" * (check["verdict"] != SUPPORTED),
        "; ".join(map(told_published, check["published"])) or "–",
        f"{control['what']}: {_told_effect(control)}, {control['verdict']}",
    ]


def _told_effect(check):
    if check["effect"] is None:
        return "–"
    return "{:.3g} [{:.3g}, {:.3g}]".format(*(check[name] for name in ("effect", "low", "high")))


def _row(cells):
    return "| " + " | ".join(str(cell).replace("|", "∣") for cell in cells) + " |"
