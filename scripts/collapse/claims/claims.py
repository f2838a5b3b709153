"""Judge the paper's claims on the values of every run.

A claim has *checks*. A check measures one number for each run (or several, each of which must
satisfy the rule), takes the mean over runs with a 95 % interval, and tests on which side of its
rule's bound the interval is. Each check has a *control*: the same measure on data where the effect
must be absent or reversed, and where it must not be found.

`records` describes the fields of claims and checks.
"""

import numpy as np

from collapse.claims import measures
from collapse.claims.measures import NotTestable
from collapse.errors import UserError
from collapse.process import summaries

SUPPORTED, NOT_SUPPORTED = "supported", "not supported"
NOT_TESTABLE = "not testable at this scale"
OUTCOMES = (SUPPORTED, NOT_SUPPORTED, NOT_TESTABLE)
INSIDE, STRADDLES, CONTRADICTS = (
    "the interval is on the claimed side",
    "the interval straddles the bound",
    "the interval contradicts the claim",
)
RULE = (
    "A check is supported if the whole 95 % interval over runs is on the claimed side. It is not "
    "supported if the interval straddles the bound or contradicts the claim. The interval is "
    "Student's t for means, the same for logarithms where ratios are averaged, and Clopper-Pearson "
    "for shares of runs. A claim is supported if all of its deciding checks are, not supported if "
    "at least one is not, and otherwise not testable at this scale. Because all deciding checks "
    "must agree, testing several makes a claim harder to support, and no correction for their "
    "number is made. This does not protect against the opposite error: if an interval only "
    "straddles a bound, these runs leave the question open, and more runs may support the claim."
)

TRANSFORMS = {"absolute": np.abs, "square": np.square, "exponential": np.exp}
LISTED_RUNS = 200  # if there are more runs, their values are not listed


def _mean(values):
    return summaries.confidence(values)


def _geometric(values):
    if not (values > 0).all():
        raise NotTestable("it is zero in a run, so that it has no geometric mean")
    return np.exp(summaries.confidence(np.log(values)))


def _proportion(values):
    if not np.isin(values, (0, 1)).all():
        raise ValueError("a proportion needs zeros and ones")
    return summaries.proportion(int(values.sum()), len(values))


# mean: Student's t; geometric: Student's t of logarithms; proportion: Clopper-Pearson
INTERVALS = {"mean": _mean, "geometric": _geometric, "proportion": _proportion}


def judge(records, runs, facts):
    """Judge every claim.

    Parameters
    ----------
    records : list of dict
        Valid records, see `records.validate`.
    runs : collapse.claims.run_values.RunValues
    facts : dict
        What the field `needs` of a check may require, for example which language model was run.

    Returns
    -------
    list of dict
        Copies of the records. Each claim also has verdict and why. Each check and each control also
        has verdict, why, effect, low, high, sd, runs (their number), and values (of each run, if
        there are at most `LISTED_RUNS`).

    Raises
    ------
    UserError
        If a check cannot be measured as its record describes.
    """
    judged = []
    for record in records:
        checks = []
        for check in record["checks"]:
            control = {**check["control"], **_outcome(controlled(check), runs, facts)}
            checks.append({**check, **_outcome(check, runs, facts), "control": control})
        judged.append({**record, "checks": checks, **verdict(checks)})
    return judged


def controlled(check):
    """The negative control of a check, as a check.

    Parameters
    ----------
    check : dict

    Returns
    -------
    dict
        The check, changed as its field `control` describes. Its field `reversed` is true if the
        order of the generations is to be reversed.
    """
    changed = {
        field: {**check.get(field, {}), **patch}
        for field, patch in check["control"].items()
        if field in ("of", "against", "arguments")
    }
    return {**check, **changed, "reversed": check["control"].get("reversed", False)}


def verdict(checks):
    """Verdict of a claim from those of its deciding checks; see `RULE`.

    Parameters
    ----------
    checks : list of dict
        With name, decides, verdict and why.

    Returns
    -------
    dict
        verdict and why.
    """
    deciding = [check for check in checks if check["decides"]]
    for outcome in (NOT_SUPPORTED, NOT_TESTABLE):
        if names := [check for check in deciding if check["verdict"] == outcome]:
            why = "; ".join(f"{check['name']}: {check['why']}" for check in names)
            return {"verdict": outcome, "why": why}
    return {"verdict": SUPPORTED, "why": "; ".join(check["name"] for check in deciding)}


def _outcome(check, runs, facts):
    """Verdict of a check, and the numbers on which it is based."""
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
            f"{check['of']} with {check['arguments']} and interval {check['interval']} fails with "
            f"'{error}': correct its record."
        ) from None


def _measured(check, runs):
    """Measured values, shape (runs, n); n is 1 for most measures."""
    fed = {name: _series(check, name, runs) for name in ("of", "against") if name in check}
    with np.errstate(all="ignore"):
        values = measures.MEASURES[check["measure"]](**fed, **check["arguments"])
    if len(values) < 2:
        raise NotTestable("one run has no interval")
    if not np.isfinite(values).all():
        raise NotTestable("it is not finite in every run")
    return values.reshape(len(values), -1)


def _severity(low, high, rule):
    """Sort key of intervals: those that contradict first, then straddle, then are near a bound."""
    least, most = _ends(rule)
    outcomes = (CONTRADICTS, STRADDLES, INSIDE)
    return outcomes.index(side(low, high, rule)[1]), min(low - least, most - high)


def _numbers(values, check):
    """Effect, interval, standard deviation and values of the runs, rounded."""
    effect, low, high = INTERVALS[check["interval"]](values)
    numbers = {"effect": effect, "low": low, "high": high, "sd": values.std(ddof=1)}
    numbers = {name: _rounded(number) for name, number in numbers.items()}
    listed = [_rounded(value) for value in values] if len(values) <= LISTED_RUNS else []
    return {**numbers, "runs": len(values), "values": listed}


def _unmet(check, facts):
    """Why a check does not apply to these results; None if it does."""
    for name, wanted in check.get("needs", {}).items():
        if name not in facts:
            raise KeyError(f"unknown need {name}: choose one of {', '.join(facts)}")
        if facts[name] != wanted:
            return f"{name} is {facts[name]}, not {wanted}"
    return None


def side(low, high, rule):
    """Compare an interval with the bounds of a rule.

    Parameters
    ----------
    low, high : float
        Ends of the interval.
    rule : dict
        One of ``{"above": bound}``, ``{"below": bound}`` and ``{"within": [low, high]}``.

    Returns
    -------
    verdict, why : str
    """
    least, most = _ends(rule)
    if least < low and high < most:
        return SUPPORTED, INSIDE
    if high <= least or low >= most:
        return NOT_SUPPORTED, CONTRADICTS
    return NOT_SUPPORTED, STRADDLES


def _ends(rule):
    ((name, bound),) = rule.items()
    return {"above": (bound, np.inf), "below": (-np.inf, bound)}.get(name) or bound


def _deadline(check, runs):
    """Why a claim that something happens by some generation may still hold; None if it cannot."""
    wanted = [value["by"] for value in check["arguments"].values() if isinstance(value, dict)]
    if wanted and (last := int(_series(check, "of", runs).generations[-1])) < max(wanted):
        return f"not yet in generation {last}, and the claim allows until {max(wanted)}"
    return None


def _series(check, field, runs):
    """The series that a field selects; a list of series if it gives a list of sizes."""
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
    """Add published values to every check.

    Parameters
    ----------
    judged : list of dict
        From `judge`. The field `published` of a check lists values of columns that select rows of
        `known`. The column claim is that of the check's own claim unless it is given.
    known : DataFrame
        All published values, see `published`.

    Returns
    -------
    list of dict
        Copies of the claims, in which `published` also holds the values and their grades.

    Raises
    ------
    UserError
        If no row is selected.
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
            raise UserError(
                f"{place}: published values have no column '{column}': correct 'published'."
            )
        rows = rows[rows[column] == value]
    if rows.empty:
        raise UserError(f"{place}: no published value has {wanted}: correct 'published'.")
    return {**wanted, "values": rows["value"].tolist(), "grades": sorted(set(rows["grade"]))}
