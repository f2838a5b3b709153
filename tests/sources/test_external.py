"""Folders outside the project: which of their files jobs take, and what is wrong with them."""

import pytest
from collapse.errors import UserError
from sources import external


@pytest.fixture
def folder(tmp_path):
    """A function that makes a folder with files of these names and texts."""

    def make(**texts):
        for name, text in texts.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        return str(tmp_path)

    return make


def test_a_models_files_are_those_that_its_reader_may_take(folder, tmp_path):
    place = folder(config_json="{}", tokenizer_json="{}", README_md="#", _hidden="")
    (tmp_path / "onnx").mkdir()
    names = ["config.json", "tokenizer.json"]
    assert external.of_model(place) == [f"{place}/{name}" for name in names]


@pytest.mark.parametrize("name", ["own", "smollm2-135m", "facebook/opt-125m", "/no/such/folder"])
def test_a_model_from_elsewhere_has_no_files(name):
    assert external.of_model(name) == []


def from_folder(path):
    return {"mnist": {"path": None}, "wikitext2": {"path": path}}


def test_a_corpuss_files_are_those_of_its_splits(folder):
    place = folder(train_txt="a", test_txt="b", other_txt="c")
    found = external.of_corpus("wikitext2", from_folder(place))
    assert found == [f"{place}/test.txt", f"{place}/train.txt"]
    assert external.of_corpus("state_of_the_union", from_folder(place)) == []
    assert external.of_corpus("wikitext2", from_folder(None)) == []


@pytest.mark.parametrize("empty", ["", " \n\n"])
def test_an_empty_split_is_named(folder, empty):
    place = folder(train_txt="a", test_txt=empty)
    with pytest.raises(UserError, match=rf"wikitext2\.path: {place}/test\.txt is empty: put"):
        external.check_corpus(from_folder(place))
    external.check_corpus(from_folder(folder(test_txt="b")))
    external.check_corpus(from_folder(None))
