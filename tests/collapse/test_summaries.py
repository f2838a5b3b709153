"""Intervals cover what they promise."""

import numpy as np
from collapse.process import summaries
from oracles import agrees


def test_confidence_interval_covers_at_its_rate():
    draws = np.random.default_rng(5).normal(3, 2, size=(5, 20000))
    _, low, high = summaries.confidence(draws)
    covered = ((low < 3) & (high > 3)).mean()
    assert agrees((covered - 0.95) / np.sqrt(0.95 * 0.05 / 20000))


def test_control_normal_quantiles_would_not_cover_with_five_runs():
    draws = np.random.default_rng(5).normal(3, 2, size=(5, 20000))
    half = 1.96 * draws.std(axis=0, ddof=1) / np.sqrt(5)
    covered = (abs(draws.mean(axis=0) - 3) < half).mean()
    assert not agrees((covered - 0.95) / np.sqrt(0.95 * 0.05 / 20000))


def test_one_run_has_no_interval():
    mean, low, high = summaries.confidence(np.array([[1.0, 2.0]]))
    assert mean.tolist() == [1, 2]
    assert np.isnan([low, high]).all()


def test_band_is_made_of_quantiles():
    median, low, high = summaries.band(np.arange(101.0))
    assert (median, low, high) == (50, 5, 95)


def test_spaced_generations_keep_both_ends_and_thin_out():
    shown = summaries.spaced_generations(1000)
    assert shown[0] == 0
    assert shown[-1] == 1000
    assert {1, 10, 100} <= set(shown.tolist())
    assert len(shown) < 80
    assert summaries.spaced_generations(1).tolist() == [0, 1]


def test_a_mean_stands_beside_its_law():
    values = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 5.0]])
    table = summaries.against_law("x", values, np.array([2.5, np.nan]))
    assert list(table) == ["generation", "x", "x_low", "x_high", "x_theory"]
    assert table["x"].tolist() == [2.0, 3.0]
    assert table["x_low"][0] < 1 < 3 < table["x_high"][0]
    assert table["x_theory"][0] == 2.5
