"""Paths that rules compute."""

from types import SimpleNamespace

import pytest
from pipeline import layout


@pytest.mark.parametrize(
    ("generation", "block", "before"),
    [
        ("1000", 250, "0750"),
        ("0250", 250, "0000"),
        ("1002", 500, "1000"),
        ("03", 1, "02"),
        ("01", 1, "00"),
    ],
)
def test_a_job_continues_the_last_complete_block(generation, block, before):
    assert layout.previous(SimpleNamespace(generation=generation), block) == before
