"""Verdicts follow from numbers by the rule of each claim, and controls reverse them."""

import collections
import copy
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from collapse import theory
from collapse.claims import claims, goodness, measures, records, tables
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
RECORD = {
    **{"id": "G9", "short": "it falls", "statement": "s", "where": "w", "grade": "text"},
    "checks": [CHECK],
}
GATE = {
    **{"id": "starts", "name": "it starts at 0", "statement": "It must.", "source": "a choice"},
    **{"quantity": "log σ̂", "unit": "nats", "measure": "value", "of": PLACE},
    **{"arguments": {"generation": 0}, "rule": {"within": [-0.5, 0.5]}},
}
AGREEMENT = {
    **{"name": "as published", "quantity": "log σ̂", "unit": "nats", "measure": "difference"},
    **{"of": PLACE, "arguments": {"start": 0, "end": 100}, "interval": "mean"},
    **{"rule": {"within": [-12, -8]}, "published": [{"claim": "L1", "quantity": "perplexity"}]},
}


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


def judged(record, facts=(), gates=(), **series):
    (claim,) = claims.judge([record], results(**series), dict(facts), gates)
    return claim


def outcome(check=CHECK, **series):
    return judged({**RECORD, "checks": [check]}, **series)["checks"][0]


def test_every_claim_of_the_paper_has_a_record():
    found = records.validate(reference.claims(), reference.CLAIMS, reference.gates())
    assert {record["id"] for record in found} >= IDENTITIES
    assert all(any(check["decides"] for check in record["checks"]) for record in found)


def test_a_collapse_is_found_and_its_absence_too():
    found = outcome(replace=walks(0.1), pool=walks(0))
    assert found["verdict"] == claims.SUPPORTED
    assert found["effect"] == pytest.approx(-10, abs=1)
    assert found["control"]["verdict"] == claims.UNDECIDED
    contrary = outcome(replace=walks(-0.1), pool=walks(0))
    assert (contrary["verdict"], contrary["why"]) == (claims.NOT_SUPPORTED, claims.CONTRADICTS)


def test_an_interval_that_contains_the_bound_decides_nothing():
    claim = judged(RECORD, replace=walks(0), pool=walks(0))
    assert claim["checks"][0]["low"] < 0 < claim["checks"][0]["high"]
    assert claim["verdict"] == claims.UNDECIDED
    assert claim["why"] == f"it falls: {claims.STRADDLES}"


def test_a_verdict_that_its_own_control_earns_is_void():
    claim = judged(RECORD, replace=walks(0.1), pool=walks(0.1))
    assert claim["verdict"] == claims.NOT_TESTABLE
    assert "its control also holds: pool for replace, -" in claim["why"]
    assert claim["checks"][0]["effect"] == pytest.approx(-10, abs=1)
    contrary = judged(RECORD, replace=walks(-0.1), pool=walks(-0.1))  # a control must not hold
    assert contrary["verdict"] == claims.NOT_SUPPORTED


def test_a_failed_gate_closes_a_claim_in_both_directions():
    record = {**RECORD, "gates": ["starts"]}
    for fall, expected in ((0.1, claims.SUPPORTED), (-0.1, claims.NOT_SUPPORTED)):
        series = {"replace": walks(fall), "pool": walks(0)}
        claim = judged(record, gates=[GATE], **series)
        assert (claim["verdict"], claim["gates"][0]["result"]) == (expected, claims.PASSED)
        series["replace"] = series["replace"] + 0.7
        claim = judged(record, gates=[GATE], **series)
        assert claim["verdict"] == claim["checks"][0]["verdict"] == claims.NOT_TESTABLE
        words = r"gate 'it starts at 0' failed: 0\.\d+ nats, must be within -0\.5 to 0\.5"
        assert re.fullmatch(words, claim["why"])
        assert claim["gates"][0]["value"] == pytest.approx(0.7 - fall, abs=0.1)


def test_a_gate_that_cannot_be_measured_closes_and_one_that_does_not_apply_does_not():
    record, series = {**RECORD, "gates": ["starts"]}, {"replace": walks(0.1), "pool": walks(0)}
    missing = {**GATE, "of": {**PLACE, "size": 7}}
    claim = judged(record, gates=[missing], **series)
    assert claim["verdict"] == claims.NOT_TESTABLE
    assert "'it starts at 0' not measurable: there is no gaussian.log_std" in claim["why"]
    conditional = {**missing, "needs": {"lm.model": "own"}}
    other = judged(record, {"lm.model": "opt"}, [conditional], **series)
    assert other["verdict"] == claims.SUPPORTED
    assert other["gates"][0]["result"] == claims.DOES_NOT_APPLY
    own = judged(record, {"lm.model": "own"}, [conditional], **series)
    assert own["verdict"] == claims.NOT_TESTABLE
    with pytest.raises(UserError, match=r"needs 'lm\.model', which is unknown"):
        judged(record, {"lm.corpus": "own"}, [conditional], **series)


def test_a_gate_leaves_checks_of_other_families_alone():
    place = {"quantity": "vae.confidence", "regime": "replace"}
    check = {**CHECK, "decides": False, "of": place, "measure": "value", "no_control": "none"}
    check["arguments"] = {"generation": 0}
    del check["control"]
    runs = results(replace=walks(0.1), pool=walks(0))
    runs.add("vae.confidence", place, [0], np.array([[-1.0], [-1.1], [-1.2]]))
    record = {**RECORD, "gates": ["starts"], "checks": [CHECK, check]}
    (claim,) = claims.judge([record], runs, {}, [{**GATE, "rule": {"above": 99}}])
    assert [c["verdict"] for c in claim["checks"]] == [claims.NOT_TESTABLE, claims.SUPPORTED]


@pytest.mark.parametrize(
    ("bounds", "model", "expected"),
    [
        ([-12, -8], "opt", claims.AGREES),
        ([-2, -1], "opt", claims.DIFFERS),
        ([-20, -10], "opt", claims.UNDECIDED),
        ([-12, -8], "own", claims.NOT_COMPARABLE),
    ],
)
def test_agreement_with_published_numbers_is_apart_from_direction(bounds, model, expected):
    entry = {**AGREEMENT, "needs": {"lm.model": "opt"}, "rule": {"within": bounds}}
    record, series = {**RECORD, "agreement": [entry]}, {"replace": walks(0.1), "pool": walks(0)}
    claim = judged(record, {"lm.model": model}, **series)
    assert claim["verdict"] == claims.SUPPORTED
    assert claim["agreement"][0]["verdict"] == expected
    assert claim["agreement"][0]["effect"] == claim["checks"][0]["effect"]
    (shown,) = claims.compare([claim], reference.published())
    assert f"| {expected}" in tables.agreement([shown])


def test_claims_on_what_was_not_run_are_left_out():
    vae = {**CHECK, "of": {"quantity": "vae.confidence", "regime": "replace"}}
    other, both = (
        {**RECORD, "id": f"V{n}", "checks": c} for n, c in ((8, [vae]), (9, [CHECK, vae]))
    )
    runs = results(replace=walks(0.1), pool=walks(0))
    assert claims.left_out([RECORD, other, both], runs) == {"vae": ["V8"]}
    found = claims.judge([RECORD, other, both], runs, {})
    assert [claim["id"] for claim in found] == ["G9", "V9"]
    assert found[1]["verdict"] == claims.NOT_TESTABLE
    found = claims.compare(found, reference.published())
    page = tables.page(found, "s", {"vae": ["V8"]})
    assert page.splitlines()[0].endswith("left out: VAE (V8).")
    lines = tables.side_by_side({"s": found, "t": found[:1]}).splitlines()
    assert lines[-1].split(" | ")[-1] == "not run at this scale |"
    assert lines[2].count("**supported**: it falls: -") == 2


def language_models(n_runs, *, rise, run_sd=0.03, n_blocks=200, last=4, seed=2):
    """Losses of real text by setting: `rise` of each setting per generation, and both errors."""
    rng = np.random.default_rng(seed)
    runs, text = RunValues(), rng.normal(4, 0.5, n_blocks)
    for setting, step in rise.items():
        n = n_runs[setting]
        steps = np.concatenate([[0.3], step * np.arange(last + 1)])  # zero-shot first
        noise = rng.normal(0, run_sd, (n, last + 2, 1)) + rng.normal(0, 0.1, (n, 1, n_blocks))
        noise = noise + rng.normal(0, 0.1, (n, last + 2, n_blocks))
        noise[:, 0] = 0
        losses = text + steps[:, None] + noise
        runs.add_language_model(setting, {"losses": losses, "documents": np.arange(n_blocks) // 4})
    return runs


RISE = {
    **CHECK,
    **{"of": {"quantity": "lm.loss", "setting": "no_data_preserved"}, "interval": "blocks"},
    **{"arguments": {"start": 0, "end": {"by": 9}}, "rule": {"above": 0}},
    "control": {"what": "sham", "of": {"setting": "sham"}, "arguments": {"end": "last"}},
}


def of_language_models(check, runs):
    records.validate([{**RECORD, "checks": [check]}], "claims.yaml")
    return claims.judge([{**RECORD, "checks": [check]}], runs, {})[0]["checks"][0]


def test_blocks_of_text_are_paired_and_their_error_is_in_the_interval():
    n_runs = {"no_data_preserved": 2, "sham": 2}
    runs = language_models(n_runs, rise={"no_data_preserved": 0.06, "sham": 0.0})
    found = of_language_models(RISE, runs)
    assert found["verdict"] == claims.SUPPORTED
    assert found["control"]["verdict"] != claims.SUPPORTED
    assert (found["generation"], found["control"]["generation"]) == (4, None)
    assert found["low"] < 0.24 < found["high"]
    assert found["high"] - found["low"] < 0.4  # Student's t over two runs: about 0.5 or more
    values = runs.find("lm.loss", RISE["of"]).values
    assert found["effect"] == pytest.approx((values[:, 5] - values[:, 1]).mean(), rel=1e-5)
    same = np.repeat(values[:, :, :1], 200, axis=2)  # blocks that do not differ
    runs.add("lm.loss", RISE["of"], np.arange(-1, 5), same, documents=np.arange(200))
    narrower = of_language_models(RISE, runs)
    assert narrower["verdict"] == claims.SUPPORTED


def test_an_arm_with_one_run_borrows_the_error_between_runs():
    n_runs = {"no_data_preserved": 2, "sham": 2, "penalty2": 1}
    rise = {"no_data_preserved": 0.06, "sham": 0.0, "penalty2": 0.15}
    runs = language_models(n_runs, rise=rise)
    single = {**RISE, "of": {**RISE["of"], "setting": "penalty2"}}
    found = of_language_models(single, runs)
    assert (found["verdict"], found["runs"], found["sd"]) == (claims.SUPPORTED, 1, None)
    two = of_language_models(RISE, runs)
    assert found["high"] - found["low"] > two["high"] - two["low"]
    between = {**single, "measure": "difference_between", "against": RISE["of"]}
    between |= {"arguments": {"generation": {"by": 9}}, "control": {"what": "sham"}}
    between["control"]["of"] = {"setting": "sham"}
    contrast = of_language_models(between, runs)
    assert contrast["runs"] == 1
    values = [runs.find("lm.loss", one["of"]).values[0, 5] for one in (single, RISE)]
    assert contrast["effect"] == pytest.approx((values[0] - values[1]).mean(), rel=1e-5)


def test_without_two_runs_anywhere_there_is_no_interval():
    runs = language_models({"no_data_preserved": 1}, rise={"no_data_preserved": 0.06})
    found = of_language_models(RISE, runs)
    assert found["verdict"] == claims.NOT_TESTABLE
    assert "no setting has two runs" in found["why"]


def test_settings_are_compared_in_the_last_generation_that_both_have():
    generations = {"of": np.arange(5), "against": np.arange(3)}
    of, against = (Series(g, np.array([g, g + 10.0])) for g in generations.values())
    by = {"by": 9}
    assert measures.difference_between(of, against, generation=by).tolist() == [0, 0]
    assert measures.difference_at(of, against, generation=by, other="last").tolist() == [2, 2]
    assert measures.at(of, {"until": 3}).tolist() == [3, 13]


def test_what_must_last_until_a_generation_fails_early_and_what_must_happen_by_it_does_not():
    rise = {"no_data_preserved": -0.1, "sham": 0.0}
    runs = language_models({"no_data_preserved": 2, "sham": 2}, rise=rise)
    assert of_language_models(RISE, runs)["why"].startswith("not yet in generation 4")
    until = {**RISE, "arguments": {"start": 0, "end": {"until": 9}}}
    assert of_language_models(until, runs)["verdict"] == claims.NOT_SUPPORTED


def test_text_under_generation_0_is_compared_with_its_own_text():
    """One block in a hundred is beyond the 99 % quantile, and half are below the median."""
    rng = np.random.default_rng(5)
    own = rng.normal(size=(3, 1, 200))
    under_first = np.concatenate([own + 3, own, own + 1], axis=1)  # real text, generations 0 and 1
    runs = RunValues()
    runs.add_language_model("s", {"under_first": under_first})
    beyond = runs.find("lm.beyond_first", {"setting": "s"})
    below = runs.find("lm.below_first", {"setting": "s"})
    assert beyond.generations.tolist() == [-1, 0, 1]
    np.testing.assert_allclose(beyond.values[:, 1].mean(axis=1), 0.01)
    np.testing.assert_allclose(below.values[:, 1].mean(axis=1), 0.5)
    assert (beyond.values[:, 0].mean(axis=1) > 0.5).all()
    assert (below.values[:, 2].mean(axis=1) < 0.3).all()


FACTS = {"lm.model": "smollm2-135m", "lm.corpus": "state_of_the_union"}
LM_CLAIMS = ["L1", "L2", "L3", "L4", "L5", "L6", "X1"]
# per setting: runs, last generation, rise of the loss and shift of the text per generation
ARMS = {
    "no_data_preserved": (2, 4, 0.08, 0.3),
    "preserve10": (2, 4, 0.02, 0.1),
    "sham": (2, 2, 0.0, 0.0),
    "penalty2": (1, 2, 0.3, 0.3),
    "sampled": (1, 2, 0.1, 0.3),
    "real10": (1, 1, 0.25, 0.0),
}


def made_up_arms(arms=ARMS, *, ngram_loss=4.6, seed=3):
    """A collapse of language models as the paper describes it, in all settings."""
    rng, runs, n_blocks = np.random.default_rng(seed), RunValues(), 300
    text, prompts = rng.normal(4, 0.5, n_blocks), rng.normal(size=(2, n_blocks))
    for setting, (n, last, rise, shift) in arms.items():
        generations = np.arange(-1, last + 1)
        step = np.where(generations < 0, 0.4, rise * generations)[:, None]
        noise = rng.normal(0, 0.01, (n, last + 2, 1)) + rng.normal(0, 0.1, (n, last + 2, n_blocks))
        noise[:, 0] = 0
        drift = np.where(generations < 0, -1, shift * generations)[:, None]
        written = rng.normal(size=(n, last + 2, n_blocks))  # a narrower bulk and a longer tail
        under = np.where(written > 2, written + 2 * drift, written - drift)
        repeated = 0.5 + 0.1 * drift + 0.1 * (prompts[:n, None] + written)
        arrays = {"losses": text + step + noise, "documents": np.arange(n_blocks) // 3}
        runs.add_language_model(setting, arrays | {"under_first": under, "repeated": repeated})
    runs.add("lm.ngram_loss", {}, [0], np.full((2, 1), ngram_loss))
    return runs


def language_model_claims(runs, facts=FACTS):
    found = [record for record in reference.claims() if record["id"] in LM_CLAIMS]
    return claims.judge(found, runs, facts, reference.gates())


def test_the_claims_on_language_models_find_a_collapse():
    found = language_model_claims(made_up_arms())
    assert [(claim["id"], claim["verdict"]) for claim in found] == [
        (name, claims.SUPPORTED) for name in LM_CLAIMS
    ]
    results_of_gates = {gate["id"]: gate["result"] for claim in found for gate in claim["gates"]}
    assert set(results_of_gates.values()) == {claims.PASSED}
    compared = [entry for claim in found for entry in claim["agreement"]]
    assert {entry["verdict"] for entry in compared} == {claims.NOT_COMPARABLE}
    assert compared[0]["why"] == "lm.model is smollm2-135m, not opt-125m"


def test_the_claims_on_language_models_do_not_find_a_collapse_where_there_is_none():
    still = {name: (*arm[:2], 0.0, 0.0) for name, arm in ARMS.items()}
    found = {claim["id"]: claim for claim in language_model_claims(made_up_arms(still))}
    assert found.pop("L1")["verdict"] == claims.SUPPORTED
    assert claims.SUPPORTED not in [claim["verdict"] for claim in found.values()]
    minor = found["L3"]["checks"][0]  # it degrades as little without real data
    assert (minor["verdict"], minor["control"]["verdict"]) == (
        claims.NOT_TESTABLE,
        claims.SUPPORTED,
    )


@pytest.mark.parametrize(
    ("arms", "ngram_loss", "closed", "why"),
    [
        (ARMS, 4.0, LM_CLAIMS, "gate 'better than 3-grams' failed: "),
        ({**ARMS, "sham": (2, 2, 0.05, 0)}, 4.6, LM_CLAIMS[1:], "gate 'sham drift' failed: 0.1"),
        (
            {name: arm for name, arm in ARMS.items() if name != "sham"},
            *(4.6, LM_CLAIMS[1:]),
            "gate 'sham drift' not measurable: there is no lm.loss for setting sham",
        ),
        (
            {name: arm for name, arm in ARMS.items() if name != "real10"},
            *(4.6, ["X1"]),
            "better than the real data alone: there is no lm.loss for setting real10",
        ),
        (
            {name: arm for name, arm in ARMS.items() if name != "penalty2"},
            *(4.6, ["L5"]),
            "worse with the penalty: there is no lm.loss for setting penalty2",
        ),
    ],
    ids=["worse than 3-grams", "sham drifts", "no sham", "no real10", "no penalty2"],
)
def test_what_a_language_model_lacks_closes_the_claims_that_need_it(arms, ngram_loss, closed, why):
    for claim in language_model_claims(made_up_arms(arms, ngram_loss=ngram_loss)):
        expected = claims.NOT_TESTABLE if claim["id"] in closed else claims.SUPPORTED
        assert claim["verdict"] == expected, claim["id"]
        assert expected == claims.SUPPORTED or why in claim["why"]


@pytest.mark.parametrize(
    ("first", "expected"),
    [((2.2, 0.2, 0.7), claims.SUPPORTED), ((0.1, 0.02, 0.3), claims.NOT_TESTABLE)],
    ids=["a VAE that draws digits", "a VAE that never did"],
)
def test_a_vae_that_never_drew_digits_cannot_lose_them(first, expected):
    """Class entropy, pixel deviation and confidence of real, first and last images."""
    rng, runs = np.random.default_rng(6), RunValues()
    quantities = ("class_entropy", "pixel_deviation", "confidence")
    for name, *values in zip(quantities, (2.3, 0.26, 0.97), first, (0.0, 0.01, 0.2), strict=True):
        noise = rng.normal(0, 0.001, (5, 3))
        runs.add(f"vae.{name}", {"regime": "replace"}, [0, 1, 2], np.array(values) + noise)
    (record,) = (record for record in reference.claims() if record["id"] == "V1")
    (claim,) = claims.judge([record], runs, FACTS, reference.gates())
    assert claim["verdict"] == expected
    assert ("'the first VAE draws many digits' failed" in claim["why"]) == (
        expected == claims.NOT_TESTABLE
    )
    (ungated,) = claims.judge([{**record, "gates": []}], runs, FACTS)
    assert ungated["verdict"] == expected  # its controls alone make the verdict void
    assert ("its control also holds" in ungated["why"]) == (expected == claims.NOT_TESTABLE)


ENDS = {
    **{"name": "the law holds", "decides": True, "quantity": "χ²", "unit": "p-value"},
    **{"measure": "value", "arguments": {"generation": "last"}, "interval": "chi_square"},
    **{"rule": {"above": 0.05}, "refuted_by": "a rejection"},
    "of": {"quantity": "discrete.end_state", "distribution": "true", "size": 9},
    "control": {"what": "uniform", "of": {"quantity": "discrete.end_state_if_equal"}},
}
ZIPF = 1 / np.arange(1, 51) / (1 / np.arange(1, 51)).sum()


def ended(states, true=ZIPF):
    """Results of discrete chains that end in the given states."""
    runs, n = RunValues(), len(states)
    arrays = {"true": true, "generation_9": np.array([0, 9]), "absorbed_in_9": states}
    arrays |= {"rare_9": np.ones((n, 2)), "common_9": np.zeros((n, 2))}
    arrays["heterozygosity_9"] = np.zeros((n, 2))
    runs.add_discrete("true", 9, arrays)
    return runs


def test_end_states_are_tested_against_their_law_and_against_a_wrong_one():
    states = np.random.default_rng(3).choice(50, 2000, p=ZIPF)
    found = of_language_models(ENDS, ended(states))
    assert found["verdict"] == claims.SUPPORTED
    assert found["control"]["verdict"] == claims.NOT_SUPPORTED
    assert found["low"] == found["effect"] == found["high"]
    assert re.search(r"not rejected: χ² = .* 49 degrees of freedom; in 80% .* by 12%", found["why"])
    tempered = ZIPF**0.8 / (ZIPF**0.8).sum()
    wrong = of_language_models(ENDS, ended(np.random.default_rng(3).choice(50, 2000, p=tempered)))
    assert wrong["verdict"] == claims.NOT_SUPPORTED
    assert wrong["why"].startswith("the law is rejected")
    few = of_language_models(ENDS, ended(states[:6]))
    assert (few["verdict"], few["why"]) == (
        claims.NOT_TESTABLE,
        "6 runs are too few for a chi-square test",
    )


def test_the_chi_square_test_errs_as_often_as_it_says_and_has_the_power_it_says():
    rng, n, n_tests = np.random.default_rng(8), 2000, 1500
    df = goodness.chi_square(np.zeros(n, dtype=int), ZIPF).df
    w = goodness.detectable(df, n)
    signs = np.where(np.arange(50) % 2, 1, -1) * np.sqrt(ZIPF)
    signs -= (signs * np.sqrt(ZIPF)).sum() * np.sqrt(ZIPF)  # the deviations sum to zero
    other = ZIPF + w * signs / np.sqrt((signs**2).sum()) * np.sqrt(ZIPF)
    assert np.sqrt(((other - ZIPF) ** 2 / ZIPF).sum()) == pytest.approx(w)
    for law, expected in ((ZIPF, goodness.LEVEL), (other, goodness.POWER)):
        draws = rng.choice(50, (n_tests, n), p=law)
        share = np.mean([goodness.chi_square(states, ZIPF).p < goodness.LEVEL for states in draws])
        error = np.sqrt(expected * (1 - expected) / n_tests)
        assert agrees((share - expected) / np.hypot(error, 0.01))  # χ² is an approximation


def test_rare_states_share_a_bin():
    numbers = goodness.bins(np.array([9.0, 3, 1, 1, 4, 2, 2]))
    assert numbers.tolist() == [0, 1, 1, 1, 2, 2, 2]
    expected = np.bincount(goodness.bins(ZIPF * 300), weights=ZIPF * 300)
    assert expected.min() >= goodness.LEAST_EXPECTED
    assert goodness.bins(np.array([1.0, 1])).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("interval", "rule", "expected"),
    [
        ((0.1, 0.2), {"above": 0}, "supported"),
        ((-0.1, 0.2), {"above": 0}, "undecided"),
        ((-0.2, -0.1), {"above": 0}, "not supported"),
        ((0, 0), {"above": 0}, "not supported"),
        ((-0.2, -0.1), {"below": 0}, "supported"),
        ((0.9, 1.05), {"within": [0.8, 1.1]}, "supported"),
        ((0.7, 1.2), {"within": [0.8, 1.1]}, "undecided"),
        ((0.7, 0.9), {"within": [0.8, 1.1]}, "undecided"),
        ((1.2, 1.3), {"within": [0.8, 1.1]}, "not supported"),
    ],
)
def test_sides_of_a_bound(interval, rule, expected):
    assert claims.side(*interval, rule)[0] == expected


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
    ("changed", "why"),
    [
        ({"of": {**PLACE, "size": 7}}, "no gaussian.log_std for regime replace, ddof 0"),
        ({"arguments": {"start": 0, "end": 200}}, "generation 200 is not among those run"),
        ({"interval": "geometric"}, "no geometric mean"),
    ],
)
def test_what_was_not_run_is_not_testable(changed, why):
    found = outcome({**CHECK, **changed}, replace=walks(0.1), pool=walks(0))
    assert found["verdict"] == claims.NOT_TESTABLE
    assert why in found["why"]
    assert found["effect"] is None


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
    with pytest.raises(
        UserError, match="'it falls' in the file of claims cannot be measured"
    ) as caught:
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
        (["undecided", "not supported", "not testable at this scale"], "not supported"),
        (["supported", "undecided", "not testable at this scale"], "undecided"),
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


def test_steps_and_displacements_need_every_generation():
    thinned = Series(np.array([*range(200), 300]), np.arange(201.0)[None])
    for measure, arguments in (
        (measures.displacement_exponent, {"lags": [1, 10]}),
        (measures.fluctuation_ratio, {"early": [1, 9], "late": [20, 30]}),
    ):
        with pytest.raises(NotTestable, match="not every generation"):
            measure(thinned, **arguments)


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


swapped = {"what": "start and end swapped", "arguments": {"start": 100, "end": 0}}
trivial = {"what": "start for end", "arguments": {"end": 0}}


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
        (["checks", 0, "control"], None, "G9, check 'it falls' needs a control, or no_control"),
        (["checks", 0, "no_control"], "none", "needs a control, or no_control"),
        (["checks", 0, "control"], swapped, "only exchanges what is compared"),
        (["checks", 0, "control"], trivial, "compares a series with itself"),
        (["checks", 0, "control", "reversed"], True, "has an unknown field 'reversed'"),
        (["checks", 0, "interval"], "blocks", "of.quantity with interval blocks is 'gaussian.log"),
        (
            ["checks", 0, "interval"],
            "chi_square",
            "measure with interval chi_square is 'difference",
        ),
        (["checks", 0, "other_reading"], True, "decides, so that it is not another reading"),
        (["short"], None, "G9 lacks the field 'short'"),
        (["gates"], ["ends"], "gates is 'ends': choose one of starts"),
        (["agreement"], [{**AGREEMENT, "rule": {"above": 1}}], "write within: [<low>, <high>]"),
        (["agreement"], [{**AGREEMENT, "decides": True}], "has an unknown field 'decides'"),
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
    assert records.validate([RECORD], "claims.yaml", [GATE]) == [RECORD]
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        records.validate([broken(path, value)], "claims.yaml", [GATE])
    assert "\n" not in str(caught.value)
    assert "G9" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"measure": "guess"}, "gate starts: measure is 'guess': choose one of value"),
        ({"rule": {"above": "0"}}, "gate starts: rule is {'above': '0'}"),
        ({"interval": "mean"}, "gate starts has an unknown field 'interval'"),
        ({"of": {}}, "gate starts: of.quantity is None"),
    ],
)
def test_a_bad_gate_is_reported_in_one_line(change, words):
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        records.validate([RECORD], "claims.yaml", [{**GATE, **change}])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "control"),
    [
        (
            {"measure": "ratio_between", "arguments": {"generation": 1}},
            {"of": {"regime": "pool"}, "against": {"regime": "replace"}},
        ),
        (
            {"measure": "ratio_between", "arguments": {"generation": 1}},
            {"of": {"regime": "pool"}},
        ),
        (
            {"measure": "slope", "arguments": {"sizes": [1, 2, 3], "generation": 1}},
            {"of": {"size": [3, 2, 1]}},
        ),
        (
            {"measure": "fluctuation_ratio", "arguments": {"early": [0, 1], "late": [2, 3]}},
            {"arguments": {"early": [2, 3], "late": [0, 1]}},
        ),
    ],
    ids=["of and against swapped", "against itself", "order of sizes", "early and late swapped"],
)
def test_a_control_that_cannot_fail_is_reported(change, control):
    check = {**CHECK, **change, "control": {"what": "x", **control}}
    if "ratio_between" in change.values():
        check["against"] = {**PLACE, "regime": "pool"}
    if "slope" in change.values():
        check["of"] = {**PLACE, "size": [1, 2, 3]}
    with pytest.raises(UserError, match="so that it cannot fail: give it another regime"):
        records.validate([{**RECORD, "checks": [check]}], "claims.yaml")


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
    found = [{"id": "G9", "checks": [{**CHECK, "published": [wanted]}], "agreement": []}]
    (filled,) = claims.compare(found, known)[0]["checks"][0]["published"]
    assert filled["values"] == [0.4665, 0.431, 0.4583, 0.428, 0.4329]
    assert filled["grades"] == ["code"]
    wanted["generation"] = 77
    with pytest.raises(UserError, match="G9: no published value has"):
        claims.compare(found, known)


def follows_from_its_numbers(claim):
    """Whether a written claim's verdicts are what the rule makes of the written numbers."""
    for check in claim["checks"]:
        numbers = check["low"], check["high"]
        if check["effect"] is not None and check["verdict"] != claims.NOT_TESTABLE:
            assert check["verdict"] == claims.side(*numbers, check["rule"])[0], check["name"]
    return claim["verdict"] == claims.verdict(claim["checks"], claim["gates"])["verdict"]


def test_the_committed_verdicts_follow_from_their_numbers_and_controls_turn_them():
    written = files.read_json(LAPTOP)
    found = written["claims"]
    without = {name for names in written["left_out"].values() for name in names}
    assert {claim["id"] for claim in found} | without == {c["id"] for c in reference.claims()}
    assert all(follows_from_its_numbers(claim) for claim in found)
    supported = [
        check
        for claim in found
        for check in claim["checks"]
        if check["verdict"] == claims.SUPPORTED
    ]
    assert len(supported) > 30
    controls = [check["control"]["verdict"] for check in supported if "control" in check]
    assert len(controls) > 20
    assert claims.SUPPORTED not in controls


def test_the_pages_show_the_committed_verdicts():
    found = files.read_json(LAPTOP)["claims"]
    assert tables.summary(found) in LAPTOP.with_suffix(".md").read_text(encoding="utf-8")
    verdicts = collections.Counter(claim["verdict"] for claim in found)
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"the paper's {len(found)} claims" in readme
    for verdict, number in verdicts.items():
        verb = "is" if number == 1 else "are"
        assert f"{number} {verb} {verdict.removesuffix(' at this scale')}" in readme


def test_the_readme_counts_the_committed_verdicts_on_later_claims():
    table = pd.read_csv(LAPTOP.with_name("claims_later.csv")).drop_duplicates("id")
    supported = (table["claim"] == claims.SUPPORTED).sum()
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"of [{len(table)} claims](results/laptop/tables/claims_later.md)" in readme
    assert f"claims_later.md), {supported} are supported." in readme
    profile = pd.read_csv(LAPTOP.with_name("collapse_profile.csv"))
    seen = profile[(profile["setting"] == "pool") & (profile["outcome"] == "seen")]
    assert list(seen["definition"]) == ["rise"]  # as the README says of this regime
    assert "a Gaussian that keeps all earlier data shows one: its risk rises" in readme


def test_the_readme_shows_the_committed_changes_of_the_pretrained_model():
    table = pd.read_csv(ROOT / "results/pretrained/tables/lm_changes.csv")
    found = table.set_index(["setting", "generation"])
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

    def change(setting, generation):
        mean, low, high = found.loc[(setting, generation), ["mean", "low", "high"]]
        return f"{mean:.3f} [{low:.3f}, {high:.3f}]".replace("-", "−")

    alone, mixed, sham, penalty = (
        [change(setting, g) for g in generations]
        for setting, *generations in (
            ("no_data_preserved", 1, 4), ("preserve10", 1, 4), ("sham", 2), ("penalty2", 2)
        )
    )  # fmt: skip
    assert f"by {alone[0]} nats in generation 1 and {alone[1]} in generation 4" in readme
    assert f"with a tenth of real data it is {mixed[0]} and {mixed[1]}." in readme
    assert f"changes it by {sham[0]}." in readme
    assert f"{penalty[0]} in generation 2." in readme
    judged = files.read_json(ROOT / "results/pretrained/tables/claims.json")["claims"]
    supported = [claim["id"] for claim in judged if claim["verdict"] == claims.SUPPORTED]
    assert supported == ["L1", "L2", "L5"]
    assert f"the paper's {len(judged)} claims about language models, [3 are supported]" in readme
    once = table[table["runs"] == 1]["setting"].unique()
    assert set(once) == {"penalty2", "sampled", "real10"} and set(table["runs"]) == {1, 2}
    assert "Two runs of the first three settings, one of the others" in readme


def test_the_smallest_run_has_a_verdict_for_every_claim(finished):
    folder = finished.folder / "results" / "smoke" / "tables"
    found = files.read_json(folder / "claims.json")["claims"]
    assert {claim["id"] for claim in found} >= IDENTITIES
    assert all(follows_from_its_numbers(claim) for claim in found)
    tried = [check for claim in found for check in claim["checks"] if check["effect"] is not None]
    assert "vae" in {check["of"]["quantity"].partition(".")[0] for check in tried}
