"""Published values are selected by their columns."""

import math

import pandas as pd
import pytest
from collapse.claims import published
from pipeline import reference

KNOWN = pd.DataFrame(
    {
        "quantity": ["std_median", "std_q05", "std_q95", "std_mean", "std_sd", "abs_mean_median"],
        "setting": ["replace", "replace", "replace", "pool", "pool", "replace"],
        "value": [0.136, 0.027, 0.72, 0.98, 0.1, 0.5],
    }
)


def test_values_are_selected_by_any_columns():
    assert published.select(KNOWN, setting="pool")["value"].tolist() == [0.98, 0.1]
    assert published.select(KNOWN, setting="pool", quantity="std_sd")["value"].tolist() == [0.1]
    assert len(published.select(KNOWN, quantity="nonsense")) == 0


def test_an_interval_from_quantiles_from_moments_or_from_nothing():
    replace = published.select(KNOWN, setting="replace")
    assert published.interval(replace, "std") == (0.136, 0.027, 0.72)
    pool = published.select(KNOWN, setting="pool")
    assert published.interval(pool, "std") == pytest.approx((0.98, 0.8155, 1.1445))
    middle, low, high = published.interval(replace, "abs_mean")
    assert middle == 0.5
    assert math.isnan(low)
    assert math.isnan(high)


def test_changes_of_loss_are_logarithms_of_published_ratios_run_by_run():
    known = reference.published()
    table = published.loss_changes(known).set_index(["setting", "generation"])
    assert set(table.index.get_level_values("setting")) == {"penalty3", "no_data_preserved"}
    assert table.loc["no_data_preserved", "mean"].tolist() == pytest.approx(
        [0, math.log(61.1 / 36.7)]
    )
    last = table.loc["penalty3", 9]
    own = [54.9 / 36.5, 58.6 / 36.6, 52.5 / 36.5, 53.5 / 36.6, 57.1 / 36.7]
    assert last["runs"] == 5
    assert last["mean"] == pytest.approx(sum(map(math.log, own)) / 5)
    assert (last["low"], last["high"]) == pytest.approx((math.log(min(own)), math.log(max(own))))
    # the control: a ratio of means is not the mean of ratios
    assert last["mean"] != pytest.approx(math.log(276.6 / 182.9), abs=1e-5)


def test_ranges_of_the_change_of_loss_are_published_without_a_series():
    ranges = published.loss_ranges(reference.published())
    assert ranges["paper"] == pytest.approx((math.log(54 / 34), math.log(62 / 34)))
    assert ranges["replication"] == pytest.approx((math.log(43 / 36.7), math.log(49 / 36.7)))
    assert published.zero_shot_change(reference.published()) == pytest.approx(math.log(115 / 34))
