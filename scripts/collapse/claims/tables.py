"""Tables of judged claims: one for programs, and Markdown for readers."""

import pandas as pd

from collapse import labels
from collapse.claims import claims
from collapse.claims.claims import describe_effect, describe_rule

FAMILIES = {
    **{"gaussian": "1-D Gaussian", "growing": "growing sample sizes"},
    **{"discrete": "discrete distributions", "gmm": "Gaussian mixture"},
    **{"human_data": "real data in every generation", "vae": "VAE", "lm": "language model"},
}


def table(judged):
    """Tabulate judged claims, one row per check and per agreement.

    Parameters
    ----------
    judged : list of dict
        From `claims.judge` and `claims.compare`.

    Returns
    -------
    DataFrame
        decides is yes or no for checks, and agreement for agreements.
    """
    rows = []
    for claim in judged:
        for entry in [*claim["checks"], *claim["agreement"]]:
            control = entry.get("control", {})
            decides = {True: "yes", False: "no"}.get(entry.get("decides"), "agreement")
            rows.append(
                {
                    **{"id": claim["id"], "grade": claim["grade"], "claim": claim["verdict"]},
                    **{"check": entry["name"], "decides": decides, "verdict": entry["verdict"]},
                    **{"why": entry["why"], "quantity": entry["quantity"], "unit": entry["unit"]},
                    **{name: entry[name] for name in ("effect", "low", "high", "runs")},
                    "rule": describe_rule(entry["rule"]),
                    "published": "; ".join(map(describe_published, entry["published"])),
                    "control": control.get("what", entry.get("no_control", "")),
                    "control_verdict": control.get("verdict", ""),
                    "control_effect": control.get("effect"),
                }
            )
    return pd.DataFrame(rows)


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
    place = f", {labels.readable(published['setting'])}" if "setting" in published else ""
    place += f", generation {published['generation']:g}" if "generation" in published else ""
    quantity = published["quantity"].replace("_", " ")
    return f"{quantity}{place}: {numbers} [{', '.join(published['grades'])}]"


def describe_control(check):
    """Describe the control of a check and its verdict, or say why there is none."""
    if "no_control" in check:
        return f"none: {check['no_control'][0].lower()}{check['no_control'][1:]}"
    control = check["control"]
    missing = f": {control['why']}" if control["effect"] is None else ""
    return f"{control['what']}: {describe_effect(control)}, {control['verdict']}{missing}"


def describe_runs(outcome):
    """Number of runs, and the last generation if it is not the one that was asked for."""
    runs = f"{outcome['runs']} run{'s' * (outcome['runs'] != 1)}"
    if outcome["generation"] is not None:
        runs += f", until generation {outcome['generation']}"
    return runs


def deciding(claim):
    """The number that decides a claim.

    Parameters
    ----------
    claim : dict
        From `claims.judge`.

    Returns
    -------
    str
        The gate that failed, or else the first deciding check whose verdict is the claim's, with
        effect, interval and rule; then the checks that are another reading of the claim.
    """
    if shut := claims.closed(claim["gates"]):
        return claim["why"] if len(shut) == 1 else claims.why_closed(shut[:1]) + "; …"
    check = next(c for c in claim["checks"] if c["decides"] and c["verdict"] == claim["verdict"])
    others = [check for check in claim["checks"] if check.get("other_reading")]
    return "; ".join([_number(check), *(f"other reading, {_number(c, True)}" for c in others)])


def _number(check, with_verdict=False):
    verdict = f"{check['verdict']}, " * with_verdict
    number = f"{check['name']}: {verdict}{describe_effect(check)}"
    if check["effect"] is None:
        return f"{check['name']}: {check['why']}"
    wanted = f"{number}, claimed {describe_rule(check['rule'])}"
    if check["generation"] is not None:
        wanted += f", in generation {check['generation']}"
    return wanted + f" ({check['why']})" * (check["verdict"] == claims.NOT_TESTABLE)


def summary(judged):
    """Summarise judged claims as a Markdown table: in a few words, verdict, and the number."""
    lines = _head("id", "claim", "verdict", "the number that decides")
    for claim in judged:
        lines.append(
            _row([claim["id"], claim["short"], f"**{claim['verdict']}**", deciding(claim)])
        )
    return "\n".join(lines) + "\n"


def side_by_side(by_scale):
    """Compare the verdicts of several scales in a Markdown table.

    Parameters
    ----------
    by_scale : dict of str to list of dict
        Judged claims of each scale, as in claims.json.

    Returns
    -------
    str
        One row per claim, in the order in which claims first appear, and one column per scale with
        verdict and deciding number. A claim that a scale leaves out is "not run at this scale".
    """
    of_scale = {scale: {c["id"]: c for c in judged} for scale, judged in by_scale.items()}
    known = {name: claim["short"] for found in of_scale.values() for name, claim in found.items()}
    lines = _head("id", "claim", *(f"`{scale}`" for scale in by_scale))
    for name, short in known.items():
        cells = [
            f"**{found[name]['verdict']}**: {deciding(found[name])}"
            if name in found
            else "not run at this scale"
            for found in of_scale.values()
        ]
        lines.append(_row([name, short, *cells]))
    return "\n".join(lines) + "\n"


def gates(judged):
    """Tabulate the gates of judged claims in Markdown; empty if no claim has gates."""
    used = {}
    for claim in judged:
        for gate in claim["gates"]:
            used.setdefault(gate["id"], (gate, []))[1].append(claim["id"])
    lines = _head("gate", "why", "measured", "result", "claims")
    for gate, names in used.values():
        measured = f"{gate['quantity']}: {gate['why']}"
        what = f"{gate['statement']} {gate['source']}"
        lines.append(_row([gate["name"], what, measured, gate["result"], ", ".join(names)]))
    return "\n".join(lines) + "\n" if used else ""


def agreement(judged):
    """Tabulate agreement with published numbers in Markdown; empty if no claim has any."""
    lines = _head("claim", "number", "here [95 % interval]", "bounds", "published", "verdict")
    n_head = len(lines)
    for claim in judged:
        for entry in claim["agreement"]:
            cells = [f"{entry['quantity']} ({entry['unit']})", describe_effect(entry)]
            bounds = f"{describe_rule(entry['rule'])}. {entry.get('note', '')}".strip()
            found = "; ".join(map(describe_published, entry["published"]))
            verdict = entry["verdict"] + f": {entry['why']}" * (entry["verdict"] != claims.AGREES)
            lines.append(_row([claim["id"], *cells, bounds, found, verdict]))
    return "\n".join(lines) + "\n" if len(lines) > n_head else ""


def describe_left_out(left_out):
    """One line that names the families that were not run and their claims; empty if all were."""
    named = [f"{FAMILIES[family]} ({', '.join(names)})" for family, names in left_out.items()]
    return f"Claims on what was not run are left out: {', '.join(named)}." if named else ""


def page(judged, scale, left_out):
    """Describe all claims and checks on a page of Markdown.

    Parameters
    ----------
    judged : list of dict
        From `claims.judge` and `claims.compare`.
    scale : str
        Name of the scale of the experiments.
    left_out : dict of str to list of str
        From `claims.left_out`.

    Returns
    -------
    str
    """
    count = {name: sum(claim["verdict"] == name for claim in judged) for name in claims.OUTCOMES}
    counted = ", ".join(f"{number} {name}" for name, number in count.items())
    counted = f"{len(judged)} claims at the scale `{scale}`: {counted}."
    parts = [
        " ".join(filter(None, [counted, describe_left_out(left_out)])),
        summary(judged),
        _titled("Conditions under which claims can be tested (gates)", gates(judged)),
        _titled("Agreement with published numbers, which decides nothing", agreement(judged)),
        _titled("How a verdict is made", claims.RULE),
        _titled("All checks", _checks(judged)),
    ]
    return "\n\n".join(part.rstrip() for part in parts if part) + "\n"


def _titled(title, text):
    return f"**{title}**\n\n{text}" if text else ""


def _checks(judged):
    head = ["claim and check", "measured", "effect [95 % interval], runs", "rule", "verdict"]
    lines = _head(*head, "published", "control, and its verdict")
    for claim in judged:
        where = f"**{claim['id']}** {claim['statement']} ({claim['where']}) [{claim['grade']}]"
        where += f" {claim['note']}" if "note" in claim else ""
        lines.append(_row([where, "", "", "", f"**{claim['verdict']}**", "", ""]))
        lines += [_row(_cells(check)) for check in claim["checks"]]
    return "\n".join(lines) + "\n"


def _cells(check):
    notes = f" {check['note']}" if "note" in check else ""
    quiet = check["verdict"] == claims.SUPPORTED and check["interval"] != "chi_square"
    return [
        check["name"] + ("" if check["decides"] else " (does not decide)"),
        f"{check['quantity']} ({check['unit']})",
        describe_effect(check) + f", {describe_runs(check)}" * bool(check["runs"]),
        f"{describe_rule(check['rule'])}; refuted by {check['refuted_by']}.{notes}",
        check["verdict"] + f": {check['why']}" * (not quiet),
        "; ".join(map(describe_published, check["published"])) or "–",
        describe_control(check),
    ]


def _head(*names):
    return [_row(names), "|" + " --- |" * len(names)]


def _row(cells):
    return "| " + " | ".join(str(cell).replace("|", "∣") for cell in cells) + " |"
