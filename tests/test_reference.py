"""Reference values: found by their columns, and a damaged file is one sentence."""

import math
from pathlib import Path

import pytest
from collapse import reference
from collapse.errors import UserError

PUBLISHED = Path(__file__).resolve().parents[1] / "reference" / "published_values.csv"


def test_values_have_known_grades():
    table = reference.values(PUBLISHED)
    assert set(table["grade"]) <= {"text", "code", "recalled", "derived"}
    assert table["value"].notna().all()


def test_values_are_found_by_any_column():
    third = reference.values(PUBLISHED, quantity="latent_std", generation=3)
    assert third["value"].tolist() == [0.5541, 0.5296, 0.5336, 0.5235, 0.5273]
    assert len(reference.values(PUBLISHED, quantity="nonsense")) == 0


def test_an_interval_from_quantiles_from_moments_or_from_nothing():
    replace = reference.values(PUBLISHED, setting="replace ddof=0 M=500", generation=1000)
    assert reference.interval(replace, "std") == (0.136, 0.027, 0.72)
    pool = reference.values(PUBLISHED, setting="pool ddof=0 M=100", generation=1000)
    assert reference.interval(pool, "std") == pytest.approx((0.98, 0.822, 1.138), abs=5e-4)
    middle, low, high = reference.interval(replace, "abs_mean")
    assert middle == 0.5
    assert math.isnan(low)
    assert math.isnan(high)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", 'claim,"quantity\n1'])
def test_a_damaged_file_is_one_sentence(tmp_path, text):
    path = tmp_path / "values.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=r"values\.csv.*put it back") as caught:
        reference.values(path)
    assert "\n" not in str(caught.value)
