"""Tables of judged claims: one for programs, and Markdown for readers."""

import re

import pandas as pd

from collapse.claims import claims


def table(judged):
    """Tabulate judged claims, one row per check.

    Parameters
    ----------
    judged : list of dict
        From `claims.judge` and `claims.compare`.

    Returns
    -------
    DataFrame
    """
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
                    "rule": describe_rule(check["rule"]),
                    "published": "; ".join(map(describe_published, check["published"])),
                    "control": check["control"]["what"],
                    "control_verdict": check["control"]["verdict"],
                    "control_effect": check["control"]["effect"],
                }
            )
    return pd.DataFrame(rows)


def describe_rule(rule):
    """Describe a rule, for example "within 0.5 to 1.5"."""
    ((name, bound),) = rule.items()
    return f"{name} {bound:g}" if name != "within" else "within {:g} to {:g}".format(*bound)


def describe_published(published):
    """Describe published values: quantity, place, numbers and grades.

    Parameters
    ----------
    published : dict
        From `claims.compare`.

    Returns
    -------
    str
    """
    low, high = min(published["values"]), max(published["values"])
    numbers = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    place = f", {published['setting']}" if "setting" in published else ""
    place += f", generation {published['generation']:g}" if "generation" in published else ""
    return f"{published['quantity']}{place}: {numbers} [{', '.join(published['grades'])}]"


def summary(judged):
    """Summarise judged claims as a Markdown table.

    One row per claim: verdict, number of deciding checks that hold, and why others do not.
    """
    lines = ["| id | the paper's claim | verdict | deciding checks |", "|" + " --- |" * 4]
    for claim in judged:
        deciding = [check for check in claim["checks"] if check["decides"]]
        held = sum(check["verdict"] == claims.SUPPORTED for check in deciding)
        counted = "; ".join([f"{held} of {len(deciding)} hold", *_missed(deciding)])
        verdict = f"**{claim['verdict']}**"
        lines.append(_row([claim["id"], claim["statement"], verdict, counted]))
    return "\n".join(lines) + "\n"


def _missed(checks):
    """Checks that do not hold and why, grouped by reason."""
    reasons = {}
    for check in checks:
        if check["verdict"] != claims.SUPPORTED:
            why = re.sub(r"^the interval (contradicts|straddles) .*", r"\1", check["why"])
            if check["verdict"] == claims.NOT_SUPPORTED:
                why = f"{why}, {_describe_effect(check)}, claimed {describe_rule(check['rule'])}"
            reasons.setdefault(why, []).append(check["name"])
    return [f"{', '.join(names)}: {why}" for why, names in reasons.items()]


def page(judged, scale):
    """Describe all claims and checks on a page of Markdown.

    Parameters
    ----------
    judged : list of dict
        From `claims.judge` and `claims.compare`.
    scale : str
        Name of the scale of the experiments.

    Returns
    -------
    str
    """
    head = ["claim and check", "measured", "effect [95 % interval], runs", "rule", "verdict"]
    head += ["published", "control, and its verdict"]
    count = {name: sum(claim["verdict"] == name for claim in judged) for name in claims.OUTCOMES}
    counted = ", ".join(f"{number} {name}" for name, number in count.items())
    lines = [f"{len(judged)} claims at the scale `{scale}`: {counted}. {claims.RULE}", ""]
    lines += [summary(judged), _row(head), "|" + " --- |" * len(head)]
    for claim in judged:
        where = f"**{claim['id']}** {claim['statement']} ({claim['where']}) [{claim['grade']}]"
        where += f" {claim['note']}" if "note" in claim else ""
        lines.append(_row([where, "", "", "", f"**{claim['verdict']}**", "", ""]))
        lines += [_row(_cells(check)) for check in claim["checks"]]
    return "\n".join(lines) + "\n"


def _cells(check):
    control = check["control"]
    effect = _describe_effect(check) + f", {check['runs']} runs" * bool(check["runs"])
    notes = f" {check['note']}" if "note" in check else ""
    return [
        check["name"] + ("" if check["decides"] else " (does not decide)"),
        f"{check['quantity']} ({check['unit']})",
        effect,
        f"{describe_rule(check['rule'])}; refuted by {check['refuted_by']}.{notes}",
        check["verdict"] + f": {check['why']}" * (check["verdict"] != claims.SUPPORTED),
        "; ".join(map(describe_published, check["published"])) or "–",
        f"{control['what']}: {_describe_effect(control)}, {control['verdict']}",
    ]


def _describe_effect(check):
    if check["effect"] is None:
        return "–"
    return "{:.3g} [{:.3g}, {:.3g}]".format(*(check[name] for name in ("effect", "low", "high")))


def _row(cells):
    return "| " + " | ".join(str(cell).replace("|", "∣") for cell in cells) + " |"
