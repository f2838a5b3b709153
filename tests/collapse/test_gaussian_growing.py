"""Chains with growing samples and with noise against their closed forms, and controls."""

import numpy as np
import pytest
from collapse import theory
from collapse.gaussian import growing
from oracles import agrees, same_law, z_of_mean

N_RUNS, SIZES = 20000, theory.growing_sizes(10, 1.5, 6)


def chain(sizes=SIZES, *, ddof=1, noise=0.0, seed=1, n_runs=N_RUNS):
    rng = np.random.default_rng(seed)
    return growing.chain(sizes, n_runs, ddof=ddof, noise=noise, rng=rng)


def z_of_distance(means, stds, *, sizes=SIZES, ddof=1, noise=0.0):
    expected = theory.growing_wasserstein(sizes, ddof=ddof) + noise**2 * np.arange(1, 7)
    distance = means**2 + (stds - 1) ** 2
    return [z_of_mean(distance[:, fit], expected[fit]) for fit in range(len(sizes))]


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_distance_follows_its_closed_form(ddof, noise):
    assert agrees(z_of_distance(*chain(ddof=ddof, noise=noise), ddof=ddof, noise=noise))


def test_control_other_sizes_other_ddof_and_unseen_noise_break_it():
    reversed_sizes = SIZES[::-1]
    assert not agrees(z_of_distance(*chain(reversed_sizes)))
    assert not agrees(z_of_distance(*chain(ddof=0), ddof=1))
    assert not agrees(z_of_distance(*chain(noise=0.3), noise=0.0))


def test_the_exact_chain_has_the_law_of_drawn_samples():
    rng, mean, std = np.random.default_rng(2), np.zeros(2000), np.ones(2000)
    for size in SIZES[:3]:
        drawn = mean[:, None] + std[:, None] * rng.standard_normal((2000, size))
        mean, std = drawn.mean(axis=1) + 0.1 * rng.standard_normal(2000), drawn.std(axis=1, ddof=1)
    means, stds = chain(noise=0.1, n_runs=4000)
    assert same_law(mean, means[:, 2])
    assert same_law(std, stds[:, 2])
    assert not same_law(std, chain(ddof=0, noise=0.1, n_runs=4000)[1][:, 2])


@pytest.mark.parametrize("ddof", [0, 1])
def test_table_holds_theory_beside_measurement(ddof):
    means, stds = chain(ddof=ddof, noise=0.1)
    shown = np.array([0, 3, 5])
    measured = growing.measure(means, stds, shown)
    table = growing.against_theory(measured, SIZES, ddof=ddof, noise=0.1, generations=shown)
    assert table["samples"].tolist() == SIZES[[0, 3, 5]].tolist()
    logs = 2 * np.log(stds)
    laws = zip([0, 3, 5], table["log_variance_theory"], strict=True)
    assert agrees([z_of_mean(logs[:, generation], law) for generation, law in laws])
    assert table["error_term"].to_numpy() == pytest.approx([0.01, 0.04, 0.06])
    assert table["bound"].isna().all() == (ddof == 0)
    assert not (table["bound"] > table["wasserstein_theory"]).any()


def chain_in_three_dimensions(errors, *, size=12, n_runs=4000):
    """Means and covariances (ddof 1) refitted to drawn samples, an error added to each mean."""
    rng, covariance = np.random.default_rng(3), np.diag([1.0, 2.0, 3.0])
    mean, root = np.zeros((n_runs, 3)), np.broadcast_to(np.sqrt(covariance), (n_runs, 3, 3))
    own = rng.standard_normal((len(errors), n_runs, 3))
    for step, error in enumerate(errors):
        z = rng.standard_normal((n_runs, size, 3))
        x = mean[:, None] + z @ root.transpose(0, 2, 1)
        away = x - x.mean(axis=1, keepdims=True)
        mean = x.mean(axis=1) + error(own, step)
        root = np.linalg.cholesky(away.transpose(0, 2, 1) @ away / (size - 1))
    return (mean**2).sum(axis=1)


def test_noisy_bound_is_the_means_part_in_any_dimension():
    """The mean's squared distance, which W₂² exceeds, has the bound for its expectation."""
    bound = theory.noisy_wasserstein_bound(np.full(4, 12) / 6, 3 * 0.2**2)[-1]  # Tr Σ = 6
    independent = [lambda own, step: 0.2 * own[step]] * 4
    assert agrees(z_of_mean(chain_in_three_dimensions(independent), bound))
    # errors that undo one another are correlated, and of them the bound does not hold
    undone = [lambda own, step: 0.2 * (-1) ** step * own[0]] * 4
    assert z_of_mean(chain_in_three_dimensions(undone), bound) < -5


def test_limits():
    assert growing.limit(100, 2, ddof=1, noise=0) == theory.growing_wasserstein_limit(100, 2)
    assert growing.limit(100, 2, ddof=1, noise=0.1) == np.inf
    assert np.isnan(growing.limit(100, 2, ddof=0, noise=0))
