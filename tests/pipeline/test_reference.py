"""Reference files are complete, and a damaged one is reported in one line."""

import pytest
from collapse.claims import published
from collapse.errors import UserError
from pipeline import reference


def test_published_values_have_known_grades():
    table = reference.published()
    assert set(table["grade"]) <= {"text", "code", "recalled", "derived"}
    assert table["value"].notna().all()


def test_published_values_are_as_published():
    table = reference.published()
    third = published.select(table, quantity="latent_std", generation=3)
    assert third["value"].tolist() == [0.5541, 0.5296, 0.5336, 0.5235, 0.5273]
    pool = published.select(table, setting="pool ddof=0 M=100", generation=1000)
    assert published.interval(pool, "std") == pytest.approx((0.98, 0.822, 1.138), abs=5e-4)


def test_claims_and_choices_are_read():
    assert {"G1", "L6"} <= {claim["id"] for claim in reference.claims()}
    assert reference.choices()["vae_samples"]["keys"] == {"vae.samples": "streaming"}


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", 'claim,"quantity\n1'])
def test_a_damaged_file_is_reported_in_one_line(tmp_path, text):
    path = tmp_path / "values.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=r"values\.csv.*restore the file") as caught:
        reference.published(path)
    assert "\n" not in str(caught.value)
