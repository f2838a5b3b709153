"""Reference files are complete, and a damaged one is reported in one line."""

import re

import pytest
from collapse import labels
from collapse.claims import published
from collapse.errors import UserError
from pipeline import paths, reference, yaml_files


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


# keys whose texts readers see, and keys of mappings that hold names
TEXTS = {"name", "short", "statement", "quantity", "note", "refuted_by", "what", "no_control",
         "default", "question", "text", "released"}  # fmt: skip
HIDDEN = {"of", "against", "arguments", "published", "keys", "measured", "needs"}
NAMES = re.compile(r"[{}]|\bddof\b|\b\w+_\w+\b|\b(replace|preserve10|penalty\d|real10)\b")


def texts(value, key=""):
    """Texts that readers see, of records of claims, gates or choices."""
    if isinstance(value, str):
        return [value] * (key in TEXTS)
    if isinstance(value, dict):
        inner = [item for item in value.items() if item[0] not in HIDDEN]
    else:
        inner = [(key, item) for item in value] if isinstance(value, list) else []
    return [text for name, item in inner for text in texts(item, name)]


def test_texts_have_the_labels_of_figures_instead_of_names():
    claims = reference.claims() + reference.claims(reference.LATER)
    shown = texts([claims, reference.gates(), list(reference.choices().values())])
    assert len(shown) > 400
    assert [text for text in shown if NAMES.search(text)] == []
    assert any(labels.REGIMES["pool_subsample"] in text for text in shown)
    raw = yaml_files.read_yaml(paths.source(reference.CLAIMS))["claims"]
    assert [text for text in texts(raw) if NAMES.search(text)]  # control: names are found


def test_a_name_without_a_label_is_one_line(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text("claims: [{note: '“{poool}”'}]\n")
    with pytest.raises(
        UserError, match=r"claims\.yaml: \{poool\} has no label: choose one of repl"
    ):
        reference.claims(path)


def test_published_settings_are_readable():
    assert labels.readable("pool ddof=0 M=100") == "all earlier data kept, divide by M, M=100"
    assert labels.of("ddof", 1) == "divide by M − 1"
    assert (labels.of("size", 1), labels.of("data", "one_blob")) == (1, "one blob")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", 'claim,"quantity\n1'])
def test_a_damaged_file_is_reported_in_one_line(tmp_path, text):
    path = tmp_path / "values.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=r"values\.csv.*restore the file") as caught:
        reference.published(path)
    assert "\n" not in str(caught.value)
