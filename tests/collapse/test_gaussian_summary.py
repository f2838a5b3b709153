"""Tables of the Gaussian chains: the law of replace, and steps between generations."""

import numpy as np
import pytest
from collapse import theory
from collapse.gaussian import growing, summary
from scipy.stats import chi2

ENDS = [0.05, 0.5, 0.95]


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("size", [10, 100])
def test_quantiles_of_one_fit_are_those_of_chi_square(size, ddof):
    found = theory.log_variance_quantiles([1], size, ENDS, ddof=ddof)[:, 0]
    exact = np.log(chi2.ppf(ENDS, size - 1) / (size - ddof))
    spread = theory.log_variance(1, size, ddof=ddof)[1] ** 0.5
    np.testing.assert_allclose(found, exact, rtol=0, atol=0.01 * spread)
    other = theory.log_variance_quantiles([1], size, ENDS, ddof=1 - ddof)[:, 0]
    assert abs(other - exact).max() > 0.01 * spread


def test_runs_lie_between_the_quantiles_of_the_law_as_often_as_they_should():
    runs, size, generations = 4000, 50, np.array([0, 4, 40])
    rng = np.random.default_rng(3)
    means, stds = growing.chain([size] * 41, runs, ddof=0, noise=0, rng=rng)
    law = summary.replace_law(generations, std=1.0, ddof=0, size=size)
    for name, values in (("std", stds), ("mean_error", abs(means))):
        for ending, share in (("_low", 0.05), ("", 0.5), ("_high", 0.95)):
            below = values[:, generations] < law[f"{name}_law{ending}"].to_numpy()
            known = law[f"{name}_law{ending}"].notna().to_numpy()
            # four standard errors, and what the expansions leave out
            margin = 4 * np.sqrt(share * (1 - share) / runs) + 0.01
            assert (abs(below.mean(axis=0) - share)[known] < margin).all()
    assert law["mean_error_law"].notna().tolist() == [True, True, False]  # 41 fits > M/10


def test_steps_are_averaged_over_windows_that_double():
    stds = np.ones((3, 6))
    means = np.array([0.0, 1.0, 3.0, 3.0, 3.0, 7.0]) * np.array([[1.0], [2.0], [3.0]])
    table = summary.steps(means, stds, std=2.0)
    assert table[["first", "last"]].to_numpy().tolist() == [[1, 1], [2, 3], [4, 5]]
    moved = [1.0, np.sqrt(4 / 2), np.sqrt(16 / 2)]
    np.testing.assert_allclose(table["step"], moved)  # run 1: twice as far, in units of 2
    np.testing.assert_allclose(table["step_high"] / table["step"], 1.45)


def test_steps_of_a_single_generation_or_run_are_a_table():
    assert summary.steps(np.zeros((4, 1)), np.ones((4, 1)), std=1.0).empty
    assert len(summary.steps(np.zeros((1, 3)), np.ones((1, 3)), std=1.0)) == 2


def test_the_log_error_does_not_saturate():
    stds = np.array([[1.0, 1e-2, 1e-4]])
    table = summary.errors(np.zeros((1, 3)), stds, mean=0, std=1, generations=[0, 1, 2])
    np.testing.assert_allclose(table["log_error"], [0, np.log(100), 2 * np.log(100)])
