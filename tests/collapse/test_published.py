"""Published values are selected by their columns."""

import math

import pandas as pd
import pytest
from collapse.claims import published

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
