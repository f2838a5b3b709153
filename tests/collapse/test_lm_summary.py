"""Tables of the language model over runs, against numbers worked out by hand."""

import numpy as np
import pytest
from collapse.lm import summary
from scipy import stats


def losses_of(*perplexities):
    """Losses of two blocks for each model: half and twice its perplexity, (models, 2)."""
    return np.log([[p / 2, p * 2] for p in perplexities]).astype(np.float32)


def test_perplexities_are_averaged_as_losses_and_zero_shot_comes_before_real():
    table = summary.perplexities([losses_of(8, 2, 1), losses_of(8, 2, 4)])
    assert list(table["model"]) == ["zero-shot", "real", "generation 1"] * 2
    assert list(table["generation"]) == [-1, 0, 1] * 2
    assert list(table["definition"]) == ["token"] * 3 + ["sequence"] * 3
    last = table.iloc[2]
    assert last["mean"] == pytest.approx(2, rel=1e-6)  # the root of 1 × 4
    half = 12.706204736 * np.log(2)  # Student's t with one degree of freedom, 97.5 %
    assert np.log(last["high"] / 2) == pytest.approx(half, rel=1e-6)
    assert np.log(last["low"] / 2) == pytest.approx(-half, rel=1e-6)
    assert (last["run00"], last["run01"]) == pytest.approx((1, 4), rel=1e-6)
    assert table["low"].iloc[0] == pytest.approx(8, rel=1e-6)
    by_sequence = table[table["definition"] == "sequence"]  # the mean of p/2 and 2p
    assert by_sequence["mean"].tolist() == pytest.approx([10, 2.5, 2.5], rel=1e-6)


def test_one_run_has_perplexities_without_intervals():
    table = summary.perplexities([losses_of(8, 2)])
    assert table["mean"].tolist() == pytest.approx([8, 2, 10, 2.5], rel=1e-6)
    assert table[["low", "high", "sd"]].isna().all(axis=None)


DOCUMENTS = np.array([7, 7, 3, 3, 3])


def made_up_losses():
    """Losses of an arm with two runs and three generations, and of an arm with one run and two."""
    rng = np.random.default_rng(4)
    draw = rng.normal
    return {"long": [draw(3, 1, (4, 5)), draw(3, 1, (4, 5))], "short": [draw(3, 1, (3, 5))]}


def expected_interval(cell, cells):
    """Interval of one cell, shape (runs, blocks), from the formulas in `drift` written out."""
    means = [[sum(run) / len(run) for run in other] for other in cells]
    over_runs = sum((runs[0] - runs[1]) ** 2 / 2 for runs in means) / len(means)
    over_runs, runs_df = over_runs / len(cell), max(len(means) / 2, 1)
    block_means = [sum(column) / len(column) for column in zip(*cell, strict=True)]
    mean = sum(block_means) / len(block_means)
    sums = [sum(x - mean for x, d in zip(block_means, DOCUMENTS, strict=True) if d == n)
            for n in (3, 7)]  # fmt: skip
    over_blocks = 2 / 1 * sum(s**2 for s in sums) / len(block_means) ** 2  # two documents
    total = over_runs + over_blocks
    df = total**2 / (over_runs**2 / runs_df + over_blocks**2 / 1)
    half = stats.t.ppf(0.975, df) * total**0.5
    return mean, mean - half, mean + half


def test_changes_are_means_over_runs_and_blocks_against_generation_0_of_the_same_run():
    losses = made_up_losses()
    table = summary.changes(losses, DOCUMENTS)
    assert list(zip(table["setting"], table["generation"], table["runs"], strict=True)) == [
        *(("long", g, 2) for g in (-1, 1, 2)),
        *(("short", g, 1) for g in (-1, 1)),
    ]
    cells = {
        (setting, g): [[run[g + 1][b] - run[1][b] for b in range(5)] for run in runs]
        for setting, runs in losses.items()
        for g in ((-1, 1, 2) if setting == "long" else (-1, 1))
    }
    pooled = [cells["long", 1], cells["long", 2]]  # trained models of arms with two runs
    for row in table.to_dict("records"):
        cell = cells[row["setting"], row["generation"]]
        found = row["mean"], row["low"], row["high"]
        assert found == pytest.approx(expected_interval(cell, pooled), rel=1e-9)
        own = [np.mean(run) for run in cell]
        assert [row[f"run{k:02d}"] for k in range(len(own))] == pytest.approx(own, rel=1e-12)
    short = table[table["setting"] == "short"]
    assert short["run01"].isna().all()
    # the control: with the model before fine-tuning, which all runs share, in the pool
    wrong = expected_interval(cells["short", 1], [*pooled, cells["long", -1]])
    assert short["low"].iloc[1] != pytest.approx(wrong[1], rel=1e-3)


def test_changes_are_measured_from_generation_0_not_from_the_model_before_fine_tuning():
    losses = made_up_losses()
    before = summary.changes(losses, DOCUMENTS).set_index(["setting", "generation"])["mean"]
    for runs in losses.values():
        for run in runs:
            run[0] += 1.0
    after = summary.changes(losses, DOCUMENTS).set_index(["setting", "generation"])["mean"]
    moved = {key: pytest.approx(1.0 if key[1] == -1 else 0.0, abs=1e-12) for key in before.index}
    assert (after - before).to_dict() == moved


def test_one_run_of_every_arm_has_changes_without_intervals():
    """The control: an interval of one run comes from other arms only."""
    table = summary.changes({"short": made_up_losses()["short"]}, DOCUMENTS)
    assert table["mean"].notna().all()
    assert table[["low", "high"]].isna().all(axis=None)


def test_runs_with_other_blocks_are_refused():
    losses = made_up_losses()
    with pytest.raises(ValueError, match="documents must have shape"):
        summary.changes(losses, DOCUMENTS[:-1])


def test_histograms_hold_the_share_of_texts_in_each_bin():
    first = np.array([[1.5, 1.5, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]])
    second = np.array([[1.5, 1.5, 1.5, 1.5], [3.0, 3.0, 3.0, 3.0]])
    table = summary.histograms([first, second], np.array([1.0, 2.0, 4.0]))
    assert list(table["generation"]) == [-1, -1, 0, 0]
    np.testing.assert_allclose(table["mean"], [0.75, 0.25, 0, 1])
    np.testing.assert_allclose(table["low"], [0.525, 0.025, 0, 1])
    np.testing.assert_allclose(table["high"], [0.975, 0.475, 0, 1])


def test_the_share_beyond_a_perplexity_is_that_of_a_direct_count():
    rng = np.random.default_rng(5)
    runs = [np.exp(rng.normal(4, 1, (3, 200))) for _ in range(4)]
    edges = summary.edges_for(runs)
    table = summary.histograms(runs, edges)
    for generation, rows in table.groupby("generation"):
        counted = np.array(
            [[(run[generation + 1] >= edge).mean() for edge in edges[:-1]] for run in runs]
        )
        assert rows["beyond"].to_numpy() == pytest.approx(counted.mean(axis=0), abs=1e-12)
        for quantile, name in ((0.05, "beyond_low"), (0.95, "beyond_high")):
            expected = np.quantile(counted, quantile, axis=0)
            assert rows[name].to_numpy() == pytest.approx(expected, abs=1e-12)
        assert rows["beyond"].iloc[0] == pytest.approx(1, abs=1e-12)
        assert (np.diff(rows["beyond"]) <= 1e-12).all()
        at_least_next = (np.array(runs)[:, generation + 1] >= edges[20]).mean()
        assert rows["beyond"].iloc[19] != pytest.approx(at_least_next, abs=1e-12)  # the control


def test_every_value_lies_in_a_bin():
    values = np.array([3.0, 700.0, 41.0])
    edges = summary.edges_for([values[:1], values[1:]])
    assert len(edges) == 41
    assert np.histogram(values, edges)[0].sum() == 3


def test_intervals_of_shares_stay_shares():
    table = summary.texts([{"distinct_1": [0.9, 0.0]}, {"distinct_1": [0.5, 0.1]}])
    assert list(table["generation"]) == [-1, 0]
    assert table["mean"].tolist() == pytest.approx([0.7, 0.05])
    assert table["high"].iloc[0] == 1
    assert table["low"].iloc[1] == 0
