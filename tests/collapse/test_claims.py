"""Verdicts follow from numbers by the rule of each claim, and controls reverse them."""

import collections
import copy
import re
from pathlib import Path

import numpy as np
import pytest
from collapse import theory
from collapse.claims import claims, measures, records, tables
from collapse.claims.measures import NotTestable
from collapse.claims.run_values import RunValues, Series
from collapse.errors import UserError
from oracles import agrees
from pipeline import files, reference

ROOT = Path(__file__).resolve().parents[2]
LAPTOP = ROOT / "results" / "laptop" / "tables" / "claims.json"
IDENTITIES = {
    *("G1", "G2", "G3", "G4", "D1", "D2", "M1", "M2", "V1", "V2", "V3"),
    *("L1", "L2", "L3", "L4", "L5", "L6", "X1"),
}
PLACE = {"quantity": "gaussian.log_std", "regime": "replace", "ddof": 0, "size": 100}
CHECK = {
    **{"name": "it falls", "decides": True, "quantity": "log σ̂", "unit": "nats"},
    **{"measure": "difference", "of": PLACE, "arguments": {"start": 0, "end": 100}},
    **{"interval": "mean", "rule": {"below": 0}, "refuted_by": "none"},
    "control": {"what": "pool for replace", "of": {"regime": "pool"}},
}
RECORD = {"id": "G9", "statement": "s", "where": "w", "grade": "text", "checks": [CHECK]}


def walks(fall, n_runs=30):
    """Chains whose log spread falls by `fall` a generation, but for chance."""
    steps = np.random.default_rng(1).normal(-fall, 0.1, (n_runs, 101))
    return np.cumsum(steps, axis=1)


def results(**series):
    """Results that know log σ̂ under the regimes named."""
    runs = RunValues()
    for regime, values in series.items():
        runs.add("gaussian.log_std", {**PLACE, "regime": regime}, np.arange(101), values)
    return runs


def outcome(check=CHECK, facts=(), **series):
    (claim,) = claims.judge([{**RECORD, "checks": [check]}], results(**series), dict(facts))
    return claim["checks"][0]


def test_every_claim_of_the_paper_has_a_record():
    found = records.validate(reference.claims(), reference.CLAIMS)
    assert {record["id"] for record in found} >= IDENTITIES
    assert all(any(check["decides"] for check in record["checks"]) for record in found)


def test_a_collapse_is_found_and_its_absence_too():
    found = outcome(replace=walks(0.1), pool=walks(0))
    assert found["verdict"] == claims.SUPPORTED
    assert found["effect"] == pytest.approx(-10, abs=1)
    assert found["control"]["verdict"] == claims.NOT_SUPPORTED
    absent = outcome(replace=walks(0), pool=walks(0))
    assert (absent["verdict"], absent["why"].split()[2]) == (claims.NOT_SUPPORTED, "straddles")
    contrary = outcome(replace=walks(-0.1), pool=walks(0))
    assert (contrary["verdict"], contrary["why"].split()[2]) == (
        claims.NOT_SUPPORTED,
        "contradicts",
    )


def test_a_reversed_chain_is_the_other_way_round():
    check = {**CHECK, "control": {"what": "in reverse", "reversed": True}}
    found = outcome(check, replace=walks(0.1))
    assert found["control"]["effect"] == pytest.approx(-found["effect"], rel=1e-5)


@pytest.mark.parametrize(
    ("interval", "rule", "expected"),
    [
        ((0.1, 0.2), {"above": 0}, "supported"),
        ((-0.1, 0.2), {"above": 0}, "straddles"),
        ((-0.2, -0.1), {"above": 0}, "contradicts"),
        ((0, 0), {"above": 0}, "contradicts"),
        ((-0.2, -0.1), {"below": 0}, "supported"),
        ((0.9, 1.05), {"within": [0.8, 1.1]}, "supported"),
        ((0.7, 1.2), {"within": [0.8, 1.1]}, "straddles"),
        ((0.7, 0.9), {"within": [0.8, 1.1]}, "straddles"),
        ((1.2, 1.3), {"within": [0.8, 1.1]}, "contradicts"),
    ],
)
def test_sides_of_a_bound(interval, rule, expected):
    verdict, why = claims.side(*interval, rule)
    assert (verdict == claims.SUPPORTED) == (expected == "supported")
    assert expected == "supported" or expected in why


def test_nothing_is_supported_more_often_than_its_interval_errs():
    """Where there is no effect, 2.5 % of intervals of five runs lie on the claimed side."""
    rng = np.random.default_rng(7)
    verdicts = []
    for _ in range(1500):
        values = np.zeros((5, 101))
        values[:, 100] = rng.normal(size=5)
        verdicts.append(outcome(replace=values)["verdict"] == claims.SUPPORTED)
    assert agrees((np.mean(verdicts) - 0.025) / np.sqrt(0.025 * 0.975 / 1500))


@pytest.mark.parametrize(
    ("changed", "facts", "why"),
    [
        ({"of": {**PLACE, "size": 7}}, {}, "no gaussian.log_std for regime replace, ddof 0"),
        ({"arguments": {"start": 0, "end": 200}}, {}, "generation 200 is not among those run"),
        ({"interval": "geometric"}, {}, "no geometric mean"),
    ],
)
def test_what_was_not_run_is_not_testable(changed, facts, why):
    found = outcome({**CHECK, **changed}, facts, replace=walks(0.1), pool=walks(0))
    assert found["verdict"] == claims.NOT_TESTABLE
    assert why in found["why"]
    assert found["effect"] is None


def test_what_another_model_did_is_told_but_judges_nothing():
    check = {**CHECK, "needs": {"lm.model": "opt"}}
    found = outcome(check, {"lm.model": "own"}, replace=walks(0.1), pool=walks(0))
    assert (found["verdict"], found["why"]) == (claims.NOT_TESTABLE, "lm.model is own, not opt")
    assert found["effect"] == pytest.approx(-10, abs=1)
    same = outcome(check, {"lm.model": "opt"}, replace=walks(0.1), pool=walks(0))
    assert same["verdict"] == claims.SUPPORTED
    with pytest.raises(UserError, match=r"unknown need lm\.model: choose one of lm\.corpus"):
        outcome(check, {"lm.corpus": "own"}, replace=walks(0.1), pool=walks(0))


def test_what_is_not_finite_is_not_testable():
    check = {**CHECK, "measure": "ratio"}
    found = outcome(check, replace=np.zeros((5, 101)), pool=walks(0))
    assert (found["verdict"], found["why"]) == (
        claims.NOT_TESTABLE,
        "it is not finite in every run",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"arguments": {"start": 0, "end": {"bye": 3}}},
        {"arguments": {"start": [0], "end": 3}},
        {"arguments": {"start": 0, "end": "lst"}},
        {"interval": "proportion"},
        {"measure": "displacement_exponent", "arguments": {"lags": [10]}},
    ],
    ids=str,
)
def test_arguments_that_do_not_work_are_one_sentence(changed):
    with pytest.raises(UserError, match="'it falls' of a claim cannot be measured") as caught:
        outcome({**CHECK, **changed}, replace=walks(0.1), pool=walks(0))
    assert "\n" not in str(caught.value)


def test_one_run_is_not_testable():
    found = outcome(replace=walks(0.1, n_runs=1))
    assert (found["verdict"], found["why"]) == (claims.NOT_TESTABLE, "one run has no interval")


def test_a_claim_about_a_later_generation_may_come_true_early_but_not_fail_early():
    check = {**CHECK, "arguments": {"start": 0, "end": {"by": 500}}}
    assert outcome(check, replace=walks(0.1))["verdict"] == claims.SUPPORTED
    later = outcome(check, replace=walks(-0.1))
    assert later["verdict"] == claims.NOT_TESTABLE
    assert "not yet in generation 100" in later["why"]
    over = {**CHECK, "arguments": {"start": 0, "end": {"by": 50}}}
    assert outcome(over, replace=walks(-0.1))["verdict"] == claims.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "not supported", "not testable at this scale"], "not supported"),
        (["supported", "not testable at this scale"], "not testable at this scale"),
    ],
)
def test_a_claim_is_as_good_as_its_worst_deciding_check(verdicts, expected):
    checks = [{"decides": True, "verdict": v, "why": "", "name": v} for v in verdicts]
    checks.append({"decides": False, "verdict": "not supported", "why": "", "name": "other"})
    assert claims.verdict(checks)["verdict"] == expected


def series(values):
    return Series(np.arange(values.shape[1]), values)


def test_the_exponent_tells_walks_from_noise_and_drift():
    noise = np.random.default_rng(2).normal(size=(200, 1001))
    exponents = {
        name: measures.displacement_exponent(series(values), lags=[10, 100]).mean()
        for name, values in (
            ("noise", noise),
            ("walk", np.cumsum(noise, axis=1)),
            ("drift", np.arange(1001.0)[None] + 0 * noise),
        )
    }
    assert exponents["noise"] == pytest.approx(0, abs=0.01)
    assert exponents["walk"] == pytest.approx(1, abs=0.1)
    assert exponents["drift"] == pytest.approx(2)


def test_slopes_steps_and_ratios_of_known_series():
    law = [series(np.full((3, 5), size**-0.5)) for size in (100, 1000, 10000)]
    slope = measures.slope(law, sizes=[100, 1000, 10000], generation=2)
    np.testing.assert_allclose(slope, -0.5)
    squares = series(np.array([[0.0, 1, 4, 9, 16]]))
    assert measures.steps(squares, start=1, end="last").tolist() == [[3, 5, 7]]
    assert measures.ratio(squares, start=1, end={"by": 9}) == 16
    fluctuation = measures.fluctuation_ratio(squares, early=[0, 1], late=[3, 4])
    assert fluctuation == 7
    with pytest.raises(NotTestable, match="0 to 9 are asked for, 0 to 4 were run"):
        measures.steps(squares, start=0, end=9)


def test_laws_are_those_of_as_many_fits_as_there_were():
    """Generation g is fit number g + 1: a series that is the law gives 1, a later one does not."""
    law = theory.sample_variance(np.arange(1, 31), 100, ddof=1)
    arguments = {"law": "sample_variance", "generation": 10, "size": 100, "ddof": 1}
    assert measures.against_law(series(np.tile(law, (2, 1))), **arguments)[0] == 1
    assert measures.against_law(series(np.tile(law[1:], (2, 1))), **arguments)[0] > 1.008
    limit = theory.growing_wasserstein_limit(100, 2)
    of = series(np.array([[0.5, 1], [0.5, 2]]) * limit)
    assert measures.against_limit(of, generation=1, size=100, power=2).tolist() == [1, 2]
    growth = measures.relative_growth(of, start=0, end=1)
    np.testing.assert_allclose(growth, [1, 3])


STEPS = {**CHECK, "measure": "steps", "rule": {"above": 0}}


def test_every_step_must_hold_and_a_plateau_contradicts_nothing():
    """The mean of each run's least step would be below zero on a plateau, from noise alone."""
    noise = np.random.default_rng(4).normal(size=(30, 101))
    rise = np.cumsum(np.full((30, 101), 10.0), axis=1) + noise
    assert outcome(STEPS, replace=rise)["verdict"] == claims.SUPPORTED
    for plateau in (rise * (np.arange(101) < 90) + noise * (np.arange(101) >= 90),):
        plateau[:, 90:] += rise[:, 89].mean()
        check = {**STEPS, "arguments": {"start": 91, "end": 94}}
        assert outcome(check, replace=plateau)["why"] == claims.STRADDLES
    fallen = rise.copy()
    fallen[:, 50] -= 100
    assert outcome(STEPS, replace=fallen)["why"] == claims.CONTRADICTS


def test_states_that_end_by_their_probability_lie_evenly():
    """The position of the state that is left, against draws from p₀ and from equal chances."""
    true = 1 / np.arange(1, 51)
    true /= true.sum()
    rng, runs, n = np.random.default_rng(3), RunValues(), 4000
    arrays = {"true": true, "generation_9": np.array([0, 9]), "absorbed_in_9": None}
    arrays |= {"rare_9": np.ones((n, 2)), "common_9": np.zeros((n, 2))}
    at = {"size": 9, "distribution": "true"}
    runs.add_discrete("true", 9, {**arrays, "absorbed_in_9": rng.choice(50, n, p=true)})
    position = runs.find("discrete.end_position", at).values
    assert agrees((position.mean() - 0.5) / (position.std() / np.sqrt(n)))
    first = runs.find("discrete.end_first", at).values
    assert agrees((first.mean() - 1) / (first.std() / np.sqrt(n)))
    wrong = runs.find("discrete.end_position_if_equal", at).values
    assert not agrees((wrong.mean() - 0.5) / (wrong.std() / np.sqrt(n)))


def broken(path, value):
    """The record with the value put at the path, or what stands there taken out."""
    record = copy.deepcopy(RECORD)
    *parents, last = path
    place = record
    for name in parents:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return record


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["statement"], None, "G9 lacks the field 'statement'"),
        (["grade"], "hearsay", "G9: grade is 'hearsay': choose one of text, code"),
        (["checks", 0, "measure"], "guess", "measure is 'guess': choose one of value"),
        (["checks", 0, "control"], None, "G9, check 'it falls' lacks the field 'control'"),
        (["checks", 0, "control"], {"what": "nothing"}, "control changes nothing"),
        (["checks", 0, "control", "of", "regime"], "replace", "control changes nothing"),
        (["checks", 0, "rule"], {"below": float("nan")}, "write above: <number>"),
        (["checks", 0, "rule"], {"within": [0, "a"]}, "write above: <number>"),
        (["checks", 0, "of", "quantity"], ["a"], "G9: {"),
        (["checks", 0, "decides"], False, "has no check with 'decides: true'"),
        (["checks", 0, "of", "quantity"], "gaussian.mood", "of.quantity is 'gaussian.mood'"),
        (["checks", 0, "of", "size"], None, "of lacks the field 'size'"),
        (["checks", 0, "control", "of"], {"colour": 1}, "of has an unknown field 'colour'"),
        (["checks", 0, "arguments"], {"start": 0}, "takes end, of, start: correct end"),
        (["checks", 0, "rule"], {"below": "0"}, "rule is {'below': '0'}: write above: <number>"),
        (["checks", 0, "decides"], "yes", "decides is 'yes', but must be a bool"),
        (["checks", 0, "threshold"], 1, "has an unknown field 'threshold'"),
    ],
)
def test_a_bad_record_is_reported_in_one_line(path, value, words):
    assert records.validate([RECORD], "claims.yaml") == [RECORD]
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        records.validate([broken(path, value)], "claims.yaml")
    assert "\n" not in str(caught.value)
    assert "G9" in str(caught.value)


def test_a_repeated_identity_is_reported():
    with pytest.raises(UserError, match="has G9 twice"):
        records.validate([RECORD, RECORD], "claims.yaml")


@pytest.mark.parametrize("found", [None, [], {}, "none", ["G9"]])
def test_a_file_without_claims_is_reported(found):
    with pytest.raises(UserError, match=r"^claims\.yaml"):
        records.validate(found, "claims.yaml")


def test_published_values_are_added_and_missing_ones_reported():
    known = reference.published()
    wanted = {"claim": "V2", "quantity": "latent_std", "generation": 5}
    judged = [{"id": "G9", "checks": [{**CHECK, "published": [wanted]}]}]
    (found,) = claims.compare(judged, known)[0]["checks"][0]["published"]
    assert found["values"] == [0.4665, 0.431, 0.4583, 0.428, 0.4329]
    assert found["grades"] == ["code"]
    wanted["generation"] = 77
    with pytest.raises(UserError, match="G9: no published value has"):
        claims.compare(judged, known)


def follows_from_its_numbers(claim):
    """Whether a written claim's verdicts are what the rule makes of the written numbers."""
    for check in claim["checks"]:
        numbers = check["low"], check["high"]
        if check["effect"] is not None and check["verdict"] != claims.NOT_TESTABLE:
            assert check["verdict"] == claims.side(*numbers, check["rule"])[0], check["name"]
    return claim["verdict"] == claims.verdict(claim["checks"])["verdict"]


def test_the_committed_verdicts_follow_from_their_numbers_and_controls_turn_them():
    judged = files.read_json(LAPTOP)["claims"]
    assert [claim["id"] for claim in judged] == [claim["id"] for claim in reference.claims()]
    assert all(follows_from_its_numbers(claim) for claim in judged)
    supported = [
        (claim["id"], check["name"], check["control"]["verdict"])
        for claim in judged
        for check in claim["checks"]
        if check["verdict"] == claims.SUPPORTED
    ]
    assert len(supported) > 40
    assert [place for place in supported if place[2] != claims.NOT_SUPPORTED] == []


def test_the_pages_show_the_committed_verdicts():
    judged = files.read_json(LAPTOP)["claims"]
    assert tables.summary(judged) in LAPTOP.with_suffix(".md").read_text(encoding="utf-8")
    verdicts = collections.Counter(claim["verdict"] for claim in judged)
    documented = (ROOT / "docs" / "verdicts.md").read_text(encoding="utf-8")
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"the paper's {len(judged)} claims" in readme
    for verdict, number in verdicts.items():
        assert f"| {verdict} ({number}) |" in documented
        assert f"{number} are {verdict.removesuffix(' at this scale')}" in readme


def test_the_smallest_run_has_a_verdict_for_every_claim(finished):
    folder = finished.folder / "results" / "smoke" / "tables"
    judged = files.read_json(folder / "claims.json")["claims"]
    assert {claim["id"] for claim in judged} >= IDENTITIES
    assert all(follows_from_its_numbers(claim) for claim in judged)
    tried = [check for claim in judged for check in claim["checks"] if check["effect"] is not None]
    assert "vae" in {check["of"]["quantity"].partition(".")[0] for check in tried}
