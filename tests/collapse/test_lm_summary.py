"""Tables of the language model over runs, against numbers worked out by hand."""

import numpy as np
import pytest
from collapse.lm import summary


def test_perplexities_are_averaged_as_losses_and_zero_shot_stands_before_real():
    runs = [
        {"token": np.array([8.0, 2.0, 1.0]), "sequence": np.array([9.0, 3.0, 5.0])},
        {"token": np.array([8.0, 2.0, 4.0]), "sequence": np.array([9.0, 3.0, 5.0])},
    ]
    table = summary.perplexities(runs)
    assert list(table["model"]) == ["zero-shot", "real", "generation 1"] * 2
    assert list(table["generation"]) == [-1, 0, 1] * 2
    last = table.iloc[2]
    assert last["mean"] == pytest.approx(2)  # the root of 1 x 4
    half = 12.706204736 * np.log(2)  # Student's t with one degree of freedom, 97.5 %
    assert np.log(last["high"] / 2) == pytest.approx(half)
    assert np.log(last["low"] / 2) == pytest.approx(-half)
    assert (last["run00"], last["run01"]) == (1, 4)
    assert table["low"].iloc[0] == pytest.approx(8)


def test_histograms_hold_the_share_of_texts_in_each_bin():
    first = np.array([[1.5, 1.5, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]])
    second = np.array([[1.5, 1.5, 1.5, 1.5], [3.0, 3.0, 3.0, 3.0]])
    table = summary.histograms([first, second], np.array([1.0, 2.0, 4.0]))
    assert list(table["generation"]) == [-1, -1, 0, 0]
    np.testing.assert_allclose(table["mean"], [0.75, 0.25, 0, 1])
    np.testing.assert_allclose(table["low"], [0.525, 0.025, 0, 1])
    np.testing.assert_allclose(table["high"], [0.975, 0.475, 0, 1])


def test_every_value_lies_in_a_bin():
    values = np.array([3.0, 700.0, 41.0])
    edges = summary.edges_for(values)
    assert len(edges) == 41
    assert np.histogram(values, edges)[0].sum() == 3


def test_intervals_of_shares_stay_shares():
    table = summary.texts([{"distinct_1": [0.9, 0.0]}, {"distinct_1": [0.5, 0.1]}])
    assert list(table["generation"]) == [-1, 0]
    assert table["mean"].tolist() == pytest.approx([0.7, 0.05])
    assert table["high"].iloc[0] == 1
    assert table["low"].iloc[1] == 0
