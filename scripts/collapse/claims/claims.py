"""Judge the paper's claims on the values of every run.

A claim has *checks*. A check measures one number for each run (or several, each of which must
satisfy the rule), estimates it with a 95 % interval, and tests on which side of its rule's bound
the interval is. Most checks have a *control*: the same measure on data where the effect must be
absent or reversed, and where it must not be found.

A *gate* is a condition on which claims can be tested at all, for example that the model works. An
*agreement* compares a number with a published one. It never decides a claim.

`records` describes the fields of claims, checks, agreements and gates.
"""

import numpy as np

from collapse.claims import estimates, measures, run_values
from collapse.claims.measures import NotTestable
from collapse.errors import UserError

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"
NOT_TESTABLE = "not testable at this scale"
OUTCOMES = (SUPPORTED, NOT_SUPPORTED, UNDECIDED, NOT_TESTABLE)
AGREES, DIFFERS, NOT_COMPARABLE = "agrees", "differs", "not comparable"
AGREEMENTS = {SUPPORTED: AGREES, NOT_SUPPORTED: DIFFERS, UNDECIDED: UNDECIDED}
PASSED, FAILED = "passed", "failed"
NOT_MEASURABLE, DOES_NOT_APPLY = "not measurable", "does not apply"
GATE_RESULTS = (PASSED, FAILED, NOT_MEASURABLE, DOES_NOT_APPLY)
INSIDE, STRADDLES, CONTRADICTS = (
    "the interval is on the claimed side",
    "the interval straddles the bound",
    "the interval contradicts the claim",
)
RULE = (
    "A check is supported if the whole 95 % interval is on the claimed side of the rule's bound, "
    "not supported if the whole interval is on the other side, and undecided if the interval "
    "contains the bound. It is void, and counts as not testable, if its control is supported, too. "
    "The interval is Student's t over runs for means, the same for logarithms where ratios are "
    "averaged, Clopper-Pearson for shares of runs, and for language models Student's t with the "
    "variances over runs and over blocks of text. Goodness of fit is supported if a χ² test does "
    "not reject the law (p > 5 %). "
    "The verdict on a claim is the first of these that applies. Not testable at this scale: a gate "
    "of the claim failed or could not be measured, whatever the checks say. Not supported: at "
    "least one deciding check is not supported. Undecided: at least one is undecided, so that more "
    "runs may decide, and at least may refute the claim. Not testable at this scale: at least one "
    "is not testable. Supported: all are supported. "
    "A gate is tested on its estimate, not on an interval. Because all deciding checks must agree, "
    "testing several makes a claim harder to support, and no correction for their number is made. "
    "Agreement with published numbers is shown apart and decides nothing."
)

TRANSFORMS = {"absolute": np.abs, "square": np.square, "exponential": np.exp}
LISTED_RUNS = 200  # if there are more runs, their values are not listed


def judge(records, runs, facts, gates=()):
    """Judge every claim that is about a family of experiments that was run.

    Parameters
    ----------
    records, gates : list of dict
        Valid records, see `records.validate`.
    runs : collapse.claims.run_values.RunValues
    facts : dict
        What the field `needs` of a gate or an agreement may require, for example which language
        model was run.

    Returns
    -------
    list of dict
        Copies of the records. Each claim also has verdict and why, and its gates are records with
        result, value and why. Each check, control and agreement also has verdict, why, effect, low,
        high, sd, runs (their number), values (of each run, if there are at most `LISTED_RUNS`) and
        generation, which is the last of a chain that is shorter than the check asks for, or None.

    Raises
    ------
    UserError
        If a check or a gate cannot be measured as its record describes.
    """
    known = {gate["id"]: {**gate, **gate_result(gate, runs, facts)} for gate in gates}
    without = {name for names in left_out(records, runs).values() for name in names}
    return [_claim(record, known, runs, facts) for record in records if record["id"] not in without]


def left_out(records, runs):
    """Claims of which no deciding check can be measured, because its family was not run.

    Parameters
    ----------
    records : list of dict
    runs : collapse.claims.run_values.RunValues

    Returns
    -------
    dict of str to list of str
        Names of claims by family.
    """
    missing = {}
    for record in records:
        families = [families_of(check) for check in record["checks"] if check["decides"]]
        if not set().union(*families) & runs.families():
            missing.setdefault(min(families[0]), []).append(record["id"])
    return missing


def families_of(check):
    """Families of experiments that a check or a gate measures."""
    named = [check[field]["quantity"] for field in ("of", "against") if field in check]
    return {run_values.family(quantity) for quantity in named}


def _claim(record, known, runs, facts):
    gates = [known[name] for name in record.get("gates", [])]
    checks = [_check(check, gates, runs, facts) for check in record["checks"]]
    agreement = [
        {**entry, **_agreement(entry, runs, facts)} for entry in record.get("agreement", [])
    ]
    parts = {"gates": gates, "checks": checks, "agreement": agreement}
    return {**record, **parts, **verdict(checks, gates)}


def _check(check, gates, runs, facts):
    """A check with its verdict, after its control and the gates of its family have been read."""
    judged = {**check, **tested(check, runs)}
    if "control" in check:
        control = tested(controlled(check), runs, is_control=True)
        judged["control"] = {**check["control"], **control}
        judged |= voided(judged)
    shut = [gate for gate in closed(gates) if families_of(gate) & families_of(check)]
    return judged | ({"verdict": NOT_TESTABLE, "why": why_closed(shut)} if shut else {})


def voided(check):
    """What changes in a check whose control is supported like itself.

    Parameters
    ----------
    check : dict
        Judged, with its judged control.

    Returns
    -------
    dict
        New verdict and why; empty if the check is not void.
    """
    if {check["verdict"], check["control"]["verdict"]} != {SUPPORTED}:
        return {}
    shown = "its control also holds: {what}, {effect}".format(
        what=check["control"]["what"], effect=describe_effect(check["control"])
    )
    return {"verdict": NOT_TESTABLE, "why": f"{shown}, {describe_rule(check['rule'])}"}


def controlled(check):
    """The negative control of a check, as a check.

    Parameters
    ----------
    check : dict

    Returns
    -------
    dict
        The check, changed as its field `control` describes.
    """
    changed = {
        field: {**check.get(field, {}), **patch}
        for field, patch in check["control"].items()
        if field != "what"
    }
    return {**check, **changed}


def closed(gates):
    """Gates that failed or could not be measured."""
    return [gate for gate in gates if gate["result"] in (FAILED, NOT_MEASURABLE)]


def why_closed(gates):
    """Describe gates that failed or could not be measured, with their numbers."""
    return "; ".join(f"gate '{gate['name']}' {gate['result']}: {gate['why']}" for gate in gates)


def verdict(checks, gates=()):
    """Verdict of a claim from its gates and from its deciding checks; see `RULE`.

    Parameters
    ----------
    checks : list of dict
        With name, decides, verdict and why.
    gates : list of dict
        With name, result and why.

    Returns
    -------
    dict
        verdict and why.
    """
    if shut := closed(gates):
        return {"verdict": NOT_TESTABLE, "why": why_closed(shut)}
    deciding = [check for check in checks if check["decides"]]
    for outcome in (NOT_SUPPORTED, UNDECIDED, NOT_TESTABLE):
        if names := [check for check in deciding if check["verdict"] == outcome]:
            why = "; ".join(f"{check['name']}: {check['why']}" for check in names)
            return {"verdict": outcome, "why": why}
    return {"verdict": SUPPORTED, "why": "; ".join(check["name"] for check in deciding)}


def gate_result(gate, runs, facts):
    """Test a gate on the mean over runs and blocks.

    Parameters
    ----------
    gate : dict
    runs : collapse.claims.run_values.RunValues
    facts : dict

    Returns
    -------
    dict
        result, one of `GATE_RESULTS`; value, None if it is not measured; and why.
    """
    if missing := _unmet(gate, facts):
        return {"result": DOES_NOT_APPLY, "value": None, "why": missing}
    try:
        value = float(np.mean(_measured(gate, runs)))
        if not np.isfinite(value):
            raise NotTestable("it is not finite")
    except NotTestable as reason:
        return {"result": NOT_MEASURABLE, "value": None, "why": str(reason)}
    least, most = _ends(gate["rule"])
    why = f"{value:.3g} {gate['unit']}, must be {describe_rule(gate['rule'])}"
    result = PASSED if least <= value <= most else FAILED
    return {"result": result, "value": _rounded(value), "why": why}


def _agreement(entry, runs, facts):
    """Verdict of an agreement, and the numbers on which it is based."""
    outcome = tested(entry, runs)
    missing = _unmet(entry, facts)
    if missing or outcome["verdict"] == NOT_TESTABLE:
        return {**outcome, "verdict": NOT_COMPARABLE, "why": missing or outcome["why"]}
    words = {INSIDE: "the interval is within the bounds", CONTRADICTS: "it is outside the bounds"}
    why = words.get(outcome["why"], outcome["why"])
    return {**outcome, "verdict": AGREEMENTS[outcome["verdict"]], "why": why}


def tested(check, runs, *, is_control=False):
    """Verdict of a check by itself, and the numbers on which it is based.

    Parameters
    ----------
    check : dict
    runs : collapse.claims.run_values.RunValues
    is_control : bool
        A control is not excused if its chain ends before the generation that the check asks for.

    Returns
    -------
    dict
        verdict, why, effect, low, high, sd, runs, values and generation, see `judge`.
    """
    try:
        worst = min(_estimates(check, runs), key=lambda e: _severity(e.low, e.high, check["rule"]))
        outcome, why = side(worst.low, worst.high, check["rule"])
        if outcome == NOT_SUPPORTED and not is_control and (missing := _deadline(check, runs)):
            outcome, why = NOT_TESTABLE, missing
        if check["interval"] == "chi_square":
            why = f"the law is {'not ' * (outcome == SUPPORTED)}rejected: {worst.note}"
        ended = {"generation": _ended(check, runs)}
        return {"verdict": outcome, "why": why, **_numbers(worst), **ended}
    except NotTestable as reason:
        empty = dict.fromkeys(("effect", "low", "high", "sd", "generation"))
        return {"verdict": NOT_TESTABLE, "why": str(reason), **empty, "runs": 0, "values": []}


def _estimates(check, runs):
    """Estimates of the number, or of each number, that a check is about."""
    values = _measured(check, runs)
    of = _series(check, "of", runs)
    try:
        cells = runs.cells(check["of"]["quantity"]) if check["interval"] == "blocks" else []
        return estimates.estimate(check["interval"], values, of, cells)
    except (TypeError, ValueError) as error:
        raise _unmeasurable(check, error) from None


def _measured(check, runs):
    """Values of a measure: shape (runs,), (runs, n), or (runs, blocks) for the interval blocks."""
    try:
        fed = {name: _series(check, name, runs) for name in ("of", "against") if name in check}
        with np.errstate(all="ignore"):
            return measures.MEASURES[check["measure"]](**fed, **check["arguments"])
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise _unmeasurable(check, error) from None


def _unmeasurable(check, error):
    return UserError(
        f"'{check['name']}' in the file of claims cannot be measured: {check['measure']} of "
        f"{check['of']} with {check['arguments']} and interval {check.get('interval', 'none')} "
        f"fails with '{error}': correct its record."
    )


def _series(check, field, runs):
    """The series that a field selects; a list of series if it gives a list of sizes.

    Unless the interval is over blocks, values are means over blocks.
    """
    selection = check[field]
    if isinstance(selection.get("size"), list):
        several = [{**selection, "size": size} for size in selection["size"]]
        return [_series({**check, field: one}, field, runs) for one in several]
    found = runs.find(selection["quantity"], selection)
    if found is None:
        at = [f"{k} {v}" for k, v in selection.items() if k not in ("quantity", "transform")]
        raise NotTestable(
            f"there is no {selection['quantity']}" + f" for {', '.join(at)}" * bool(at)
        )
    values = TRANSFORMS.get(selection.get("transform"), np.asarray)(found.values)
    over_blocks = values.ndim == 3 and check.get("interval") != "blocks"
    return found._replace(values=values.mean(axis=2) if over_blocks else values)


def _severity(low, high, rule):
    """Sort key of intervals: those that contradict first, then straddle, then are near a bound."""
    least, most = _ends(rule)
    outcomes = (CONTRADICTS, STRADDLES, INSIDE)
    return outcomes.index(side(low, high, rule)[1]), min(low - least, most - high)


def _numbers(estimate):
    """Effect, interval, standard deviation and values of the runs, rounded."""
    values = estimate.values
    numbers = {name: _rounded(getattr(estimate, name)) for name in ("effect", "low", "high")}
    numbers["sd"] = _rounded(values.std(ddof=1)) if len(values) > 1 else None
    listed = [_rounded(value) for value in values] if len(values) <= LISTED_RUNS else []
    return {**numbers, "runs": len(values), "values": listed}


def _unmet(record, facts):
    """Why a gate or an agreement does not apply to these results; None if it does."""
    for name, wanted in record.get("needs", {}).items():
        if name not in facts:
            raise UserError(
                f"'{record['name']}' in the file of claims needs '{name}', which is unknown: "
                f"choose one of {', '.join(facts)}."
            )
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
    return UNDECIDED, STRADDLES


def _ends(rule):
    ((name, bound),) = rule.items()
    return {"above": (bound, np.inf), "below": (-np.inf, bound)}.get(name) or bound


def describe_rule(rule):
    """Describe a rule, for example "within 0.5 to 1.5"."""
    ((name, bound),) = rule.items()
    return f"{name} {bound:g}" if name != "within" else "within {:g} to {:g}".format(*bound)


def describe_effect(outcome):
    """Describe effect and interval of a check, a control or an agreement; "–" if not measured."""
    if outcome["effect"] is None:
        return "–"
    numbers = [outcome[name] for name in ("effect", "low", "high")]
    if len(set(numbers)) == 1:  # a p-value, or the same number in all runs
        return f"{numbers[0]:.3g}"
    return "{:.3g} [{:.3g}, {:.3g}]".format(*numbers)


def _wanted(check, words):
    """Generations that the arguments of a check ask for by one of the words "by" and "until"."""
    mappings = [value for value in check["arguments"].values() if isinstance(value, dict)]
    return [n for mapping in mappings for word, n in mapping.items() if word in words]


def _last(check, runs):
    """Last generation of the series of a check; where two are compared, that both have."""
    compared = ("of",) if check["measure"] == "difference_at" else ("of", "against")
    fed = [_series(check, field, runs) for field in compared if field in check]
    return measures.resolve("last", *fed)


def _deadline(check, runs):
    """Why a claim that something happens by some generation may still hold; None if it cannot."""
    if (wanted := _wanted(check, ["by"])) and (last := _last(check, runs)) < max(wanted):
        return f"not yet in generation {last}, and the claim allows until {max(wanted)}"
    return None


def _ended(check, runs):
    """Last generation of a chain that is shorter than a check asks for; None if it is not."""
    if (wanted := _wanted(check, ["by", "until"])) and (last := _last(check, runs)) < max(wanted):
        return last
    return None


def _rounded(number):
    return float(f"{number:.6g}")


def compare(judged, known):
    """Add published values to every check and agreement.

    Parameters
    ----------
    judged : list of dict
        From `judge`. The field `published` lists values of columns that select rows of `known`. The
        column claim is that of the check's own claim unless it is given.
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

    def filled(entry, claim):
        wanted = [{"claim": claim, **row} for row in entry.get("published", [])]
        return {**entry, "published": [_published(row, known, claim) for row in wanted]}

    return [
        {
            **claim,
            **{
                part: [filled(entry, claim["id"]) for entry in claim[part]]
                for part in ("checks", "agreement")
            },
        }
        for claim in judged
    ]


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
