"""Intervals of differences in loss cover the truth in simulated runs; other methods fail to."""

from functools import cache

import numpy as np
import pytest
from collapse.lm import drift
from oracles import LIMIT, agrees, z_of_mean
from scipy import stats

N_REPLICATES = 1500
N_ARMS, N_GENERATIONS, N_BLOCKS = 3, 4, 300
RUN_SD, BLOCK_SD, INTERACTION_SD = 0.03, 0.15, 0.05  # nats per token
AUTOCORRELATION = 0.5  # of the generations of a chain
DOCUMENTS = np.repeat(np.arange(15), 6 + 2 * np.arange(15))  # 15 documents of 6 to 34 blocks
INDEPENDENT = np.arange(N_BLOCKS)


def run_effects(rng, n_runs, *, common):
    """Draw (arms, generations, runs), variance 1: an autoregression, and generation 0 if `common`.

    Generation 0 is one model for all arms of a run, so that half of the variance is common.
    """
    effects = rng.standard_normal((N_ARMS, N_GENERATIONS, n_runs))
    for generation in range(1, N_GENERATIONS):
        effects[:, generation] *= np.sqrt(1 - AUTOCORRELATION**2)
        effects[:, generation] += AUTOCORRELATION * effects[:, generation - 1]
    return (effects - rng.standard_normal(n_runs)) / np.sqrt(2) if common else effects


def block_effects(rng, n, correlation):
    """Draw (n, blocks), variance 1, with the given correlation within documents."""
    blocks = rng.standard_normal((n, N_BLOCKS))
    of_document = rng.standard_normal((n, DOCUMENTS.max() + 1))[:, DOCUMENTS]
    return np.sqrt(correlation) * of_document + np.sqrt(1 - correlation) * blocks


def draw_cells(rng, n_runs, *, common, correlation):
    """Differences of all cells, (arms × generations, runs, blocks), of expectation 0."""
    n_cells = N_ARMS * N_GENERATIONS
    of_runs = RUN_SD * run_effects(rng, n_runs, common=common).reshape(n_cells, n_runs, 1)
    of_blocks = BLOCK_SD * block_effects(rng, n_cells, correlation)[:, None]
    return of_runs + of_blocks + INTERACTION_SD * rng.standard_normal((n_cells, n_runs, N_BLOCKS))


def intervals(cells):
    """Intervals of the first and last generation of one arm, by each method: (2, 3)."""
    pooled = drift.pooled_run_variance(cells)
    no_runs = drift.RunVariance(0.0, 1.0)
    ends = cells[[0, N_GENERATIONS - 1]]
    return {
        "documents": [drift.interval(cell, pooled, DOCUMENTS) for cell in ends],
        "blocks": [drift.interval(cell, pooled, INDEPENDENT) for cell in ends],
        "blocks only": [drift.interval(cell, no_runs, INDEPENDENT) for cell in ends],
    }


@cache
def simulated(n_runs, common, correlation):
    """Share of intervals that cover 0, and their mean half-width, (replicates,), by method."""
    rng = np.random.default_rng(6)
    replicates = [
        intervals(draw_cells(rng, n_runs, common=common, correlation=correlation))
        for _ in range(N_REPLICATES)
    ]
    covered, half_widths = {}, {}
    for method in replicates[0]:
        _, low, high = np.moveaxis([replicate[method] for replicate in replicates], -1, 0)
        covered[method] = ((low < 0) & (high > 0)).mean(axis=1)
        half_widths[method] = ((high - low) / 2).mean(axis=1)
    return covered, half_widths


@pytest.mark.parametrize("n_runs", [2, 3])
@pytest.mark.parametrize("correlation", [0.0, 0.1])
def test_the_interval_covers(n_runs, correlation):
    """At least .93, of nominally .95, in spite of a common generation 0 and few documents."""
    covered, _ = simulated(n_runs, True, correlation)
    assert z_of_mean(covered["documents"], 0.93) > -LIMIT


@pytest.mark.parametrize("n_runs", [2, 3])
def test_the_interval_covers_at_its_rate_if_arms_are_independent(n_runs):
    covered, _ = simulated(n_runs, False, 0.0)
    assert z_of_mean(covered["blocks"], 0.95) > -LIMIT
    assert z_of_mean(covered["blocks"], 0.93) > LIMIT


@pytest.mark.parametrize("common", [True, False])
@pytest.mark.parametrize(("n_runs", "expected"), [(2, 0.051), (3, 0.041)])
def test_half_widths(n_runs, expected, common):
    """As planned when the sizes of the experiment were chosen.

    5 % is for what the plan leaves out: the common generation 0 and the interaction.
    """
    _, half_widths = simulated(n_runs, common, 0.0)
    assert half_widths["blocks"].mean() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("n_runs", [2, 3])
def test_control_an_interval_over_blocks_only_does_not_cover(n_runs):
    covered, _ = simulated(n_runs, True, 0.0)
    assert z_of_mean(covered["blocks only"], 0.7) < -LIMIT


@pytest.mark.parametrize("n_runs", [2, 3])
def test_control_an_interval_that_ignores_documents_covers_less(n_runs):
    covered, _ = simulated(n_runs, True, 0.1)
    assert z_of_mean(covered["documents"] - covered["blocks"], 0) > LIMIT
    assert z_of_mean(covered["blocks"], 0.93) < -LIMIT


@pytest.mark.parametrize("n_runs", [2, 3])
def test_control_a_bootstrap_over_runs_and_blocks_does_not_cover(n_runs):
    rng = np.random.default_rng(7)
    runs = rng.multinomial(n_runs, np.full(n_runs, 1 / n_runs), size=400) / n_runs
    blocks = rng.multinomial(N_BLOCKS, np.full(N_BLOCKS, 1 / N_BLOCKS), size=400) / N_BLOCKS
    covered = []
    for _ in range(1000):
        cell = draw_cells(rng, n_runs, common=True, correlation=0.0)[0]
        means = ((runs @ cell) * blocks).sum(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        covered.append(low < 0 < high)
    assert z_of_mean(covered, 0.9) < -LIMIT


def test_estimates_of_variance_are_unbiased_but_for_the_interaction():
    """Each contains the interaction of runs and blocks, so that their sum counts it twice."""
    rng, runs, blocks = np.random.default_rng(8), [], []
    for _ in range(1500):
        cells = draw_cells(rng, 2, common=True, correlation=0.0)
        runs.append(drift.pooled_run_variance(cells).variance)
        blocks.append(drift.block_variance(cells[0].mean(axis=0), DOCUMENTS)[0])
    interaction = INTERACTION_SD**2 / N_BLOCKS
    assert agrees(z_of_mean(runs, RUN_SD**2 + interaction))
    # with independent blocks, documents of unequal size n bias by the factor below
    sizes = np.bincount(DOCUMENTS) / N_BLOCKS
    bias = len(sizes) / (len(sizes) - 1) * (1 - (sizes**2).sum())
    assert agrees(z_of_mean(blocks, bias * (BLOCK_SD**2 / N_BLOCKS + interaction / 2)))


def test_an_interval_worked_out_by_hand():
    cells = [np.array([[1.0, 3.0], [3.0, 5.0]]), np.array([[0.0], [3.0], [6.0]]), np.ones((1, 9))]
    pooled = drift.pooled_run_variance(cells)
    assert pooled.variance == pytest.approx((2 + 18) / 3)  # sums of squares over runs − 1
    assert pooled.df == 1.5
    differences = np.array([[0.0, 2.0, 4.0, 6.0]])
    variance, df = drift.block_variance(differences[0], [7, 7, 2, 9])
    assert variance == pytest.approx(3 / 2 * ((-4) ** 2 + 1**2 + 3**2) / 16)
    assert df == 2
    total, parts = 20 / 3 + 39 / 16, (20 / 3) ** 2 / 1.5 + (39 / 16) ** 2 / 2
    half = stats.t.ppf(0.975, total**2 / parts) * np.sqrt(total)
    found = drift.interval(differences, pooled, np.array([7, 7, 2, 9]))
    assert found == pytest.approx((3, 3 - half, 3 + half))


def test_without_documents_only_the_runs_count():
    pooled = drift.RunVariance(0.5, 4.0)
    half = stats.t.ppf(0.975, 4) * np.sqrt(0.5 / 2)
    found = drift.interval([[1.0, 2.0], [2.0, 7.0]], pooled)
    assert found == pytest.approx((3, 3 - half, 3 + half))


def test_one_run_in_every_cell_has_no_interval():
    pooled = drift.pooled_run_variance([np.ones((1, 5)), np.zeros((1, 5))])
    assert np.isnan(pooled).all()
    mean, low, high = drift.interval(np.ones((1, 4)), pooled, np.arange(4))
    assert mean == 1
    assert np.isnan([low, high]).all()


def test_at_least_one_degree_of_freedom_is_left():
    assert drift.pooled_run_variance([np.array([[0.0], [1.0]])]).df == 1


def test_identical_models_have_an_interval_of_no_width():
    same = np.zeros((2, 4))
    pooled = drift.pooled_run_variance([same])
    assert drift.interval(same, pooled, np.arange(4)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([1, 1, 1], "at least 2 different values, got 1"),
        ([1, 2], r"shape \(3,\), got \(2,\)"),
    ],
)
def test_documents_that_give_no_variance_are_refused(documents, message):
    with pytest.raises(ValueError, match=message):
        drift.interval(np.ones((2, 3)), drift.RunVariance(1.0, 1.0), documents)
