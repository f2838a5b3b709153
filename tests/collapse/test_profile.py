"""The meanings of collapse: every one is looked for in every family, and each outcome can occur."""

import copy
import math

import numpy as np
import pytest
from collapse.claims import measures, profile, records, run_values
from collapse.claims.run_values import RunValues, Series
from collapse.errors import UserError
from collapse.mixture import mixture, summary
from pipeline import reference
from scipy import integrate, stats

PROFILE = profile.validate(reference.profile(), reference.PROFILE)
TRUTH = {"means": [[-2.0, 0.0], [2.0, 0.0]], "std": 1.0}
LAST, RUNS = 100, 3000


def gaussian_runs(std, *, shift=0.0):
    """Chains of 100 generations whose standard deviation is `std(generation)`, with noise."""
    rng, runs = np.random.default_rng(1), RunValues()
    generations = np.arange(LAST + 1)
    for size in (100, 500, 1000, 10000):
        noise = rng.normal(0, 1 / math.sqrt(size), (2, RUNS, len(generations)))
        means = noise[0] + shift * generations / LAST
        arrays = {"generations": generations, "means": means}
        arrays["stds"] = std(generations) * np.exp(noise[1] / math.sqrt(2))
        at = {"ddof": 0, "size": size}
        runs.add_gaussian([(at, arrays)], regime="replace", mean=0.0, std=1.0)
    return runs


def outcomes(runs, gates=(), facts=None):
    cells = profile.measure(PROFILE, runs, gates, facts or {})
    assert {cell["family"] for cell in cells} <= {"gaussian"}
    assert len(cells) == len(PROFILE["definitions"])
    return {cell["definition"]: cell["outcome"] for cell in cells}


def test_a_chain_that_shrinks_is_seen_and_one_that_stays_is_not():
    shrinking = outcomes(gaussian_runs(lambda g: 0.97**g))
    assert shrinking.pop("modes") == profile.UNDEFINED
    assert shrinking.pop("unreal") == profile.NOT_SEEN
    assert set(shrinking.values()) == {profile.SEEN}
    staying = outcomes(gaussian_runs(np.ones_like))
    assert staying.pop("modes") == profile.UNDEFINED
    assert staying.pop("rise") in (profile.NOT_SEEN, profile.UNDECIDED)
    assert set(staying.values()) == {profile.NOT_SEEN}


def test_fits_that_have_moved_away_make_unreal_data_and_keep_their_spread():
    moved = outcomes(gaussian_runs(np.ones_like, shift=2.0))
    assert moved["unreal"] == profile.SEEN
    assert moved["variance"] == moved["tails"] == profile.NOT_SEEN


def test_an_interval_with_the_bound_is_undecided_and_a_closed_gate_makes_untestable():
    runs = gaussian_runs(lambda g: 0.5 ** (g / LAST))
    assert outcomes(runs)["variance"] == profile.UNDECIDED
    gate = {
        **{"id": "g", "name": "g", "unit": "", "measure": "value", "rule": {"above": 5}},
        "of": {"quantity": "gaussian.risk", "regime": "replace", "ddof": 0, "size": 100},
        "arguments": {"generation": 0},
    }
    shut = outcomes(runs, [gate])
    assert set(shut.values()) == {profile.NOT_TESTABLE, profile.UNDEFINED}
    assert outcomes(runs, [{**gate, "rule": {"below": 5}}])["variance"] == profile.UNDECIDED


def test_what_was_not_run_is_undefined():
    runs = gaussian_runs(np.ones_like)
    del runs._series["gaussian.risk", ("replace", 0, 10000)]
    cells = profile.measure(PROFILE, runs, (), {})
    scaling = next(cell for cell in cells if cell["definition"] == "scaling")
    assert scaling["outcome"] == profile.UNDEFINED
    assert scaling["why"].startswith("nothing to measure: exponent")


def test_the_risk_is_the_divergence_of_the_truth_from_the_fit():
    shift, spread = np.array([0.7]), np.array([0.6])
    found = run_values._normal_risks(shift, spread)

    def integrand(x):
        p, q = stats.norm(), stats.norm(0.7, 0.6)
        return p.pdf(x) * (p.logpdf(x) - q.logpdf(x))

    expected, error = integrate.quad(integrand, -12, 12)
    assert found["risk"][0] == pytest.approx(expected, abs=10 * error)
    swapped = math.log(1 / 0.6) + (0.36 + 0.49) / 2 - 0.5  # the other direction
    assert abs(found["risk"][0] - swapped) > 0.1
    at_truth = run_values._normal_risks(np.zeros(1), np.ones(1))
    assert {name: values[0] for name, values in at_truth.items()} == pytest.approx(
        {"risk": 0, "tail_lost": 0, "unreal": 1}
    )


def test_mixtures_are_compared_with_the_truth():
    true = mixture.truth(**TRUTH)
    history = mixture.Mixtures(*(np.stack([array, array])[None] for array in true))
    history.means[0, 1, 1] = (-2.0, 0.0)  # the second generation has lost a mode
    found = summary.against_truth(history, TRUTH)
    assert found["risk"][0, 0] == pytest.approx(0, abs=1e-15)
    assert found["risk"][0, 1] > 0
    assert found["mode_density"][0, 0] == pytest.approx(1)
    # what is left at the lost mode: the tail of the other, four standard deviations away
    tail = math.exp(-8)
    assert found["mode_density"][0, 1] == pytest.approx(2 * tail / (1 + tail))
    grid = np.stack(np.meshgrid(*[np.linspace(-9, 9, 181)] * 2), axis=-1)
    mass = np.exp(mixture.log_density(true, grid)).sum() * 0.1**2
    assert mass == pytest.approx(1, abs=1e-6)


def test_the_change_of_a_slope_is_that_of_the_exponent():
    sizes = [10, 100]
    of = [Series(np.array([0, 1]), np.array([[m**-1.0, m**-0.25]])) for m in sizes]
    change = measures.slope_change(of, sizes=sizes, start=0, end=1)
    assert change == pytest.approx([0.75])
    assert measures.resolve("middle", of[0]) == 0


def without(*path):
    def change(found):
        for key in path[:-1]:
            found = found[key]
        del found[path[-1]]

    return change


def test_mistakes_in_the_file_are_named():
    def change_side(found):
        found["definitions"][0]["gaussian"]["not_seen_if"] = {"above": 1}

    mistakes = {
        "must hold families": without("families"),
        "lacks the field 'vae'": without("definitions", 1, "vae"),
        "needs one of seen_if and not_seen_if: found 0": without(
            "definitions", 0, "gaussian", "seen_if"
        ),
        "found 2 of them": change_side,
        "lacks the field 'rows'": without("families", "vae", "rows"),
        "has rise twice": lambda found: found["definitions"].append(found["definitions"][1]),
    }
    for message, change in mistakes.items():
        found = copy.deepcopy(PROFILE)
        change(found)
        with pytest.raises(UserError, match=message):
            profile.validate(found, "file")


def test_the_page_has_a_line_for_every_setting_and_a_reason_for_every_empty_cell():
    cells = profile.measure(PROFILE, gaussian_runs(np.ones_like), (), {})
    page = profile.page(PROFILE, cells, "smoke")
    assert page.count("| 1-D Gaussian | no real data kept |") == 1
    assert "- 1-D Gaussian: a normal distribution has one mode" in page
    table = profile.table(cells)
    assert list(table["outcome"]) == [cell["outcome"] for cell in cells]
    assert set(table["setting"]) == {"replace"}
    assert records.identities(PROFILE["definitions"], "") == list(table["definition"])
    assert list(profile.table([]).columns) == list(table.columns)  # where no such family is run
