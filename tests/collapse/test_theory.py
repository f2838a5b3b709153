"""Closed forms against each other and against hand-worked values."""

import math

import numpy as np
import oracles
import pytest
from collapse import theory


def test_c4_of_two_points():
    assert theory.c4(2) == pytest.approx(math.sqrt(2 / math.pi))
    for size in (10**4, 10**6, 10**14):  # the next term is smaller than 1/M²
        assert theory.c4(size) == pytest.approx(1 - 1 / (4 * size), abs=1 / size**2 + 2**-50)


def test_wasserstein_starts_at_three_halves_over_m():
    """Published leading order; M = 100 and ten fits give 0.15."""
    assert theory.wasserstein_leading_order(10, 100) == pytest.approx(0.15)
    for size in (100, 1000, 10000):
        exact = theory.wasserstein(10, size, ddof=1)
        # ln c₄ = −1/(4M − 4) + O(M⁻³), so the remainder is (t/2 − t²/16)/M² + O((t/M)³)
        second = (10 / 2 - 10**2 / 16) / size**2
        assert abs(exact - 15 / size - second) < (10 / size) ** 3


def test_wasserstein_diverges_for_ddof_1_and_saturates_for_ddof_0():
    fits = np.array([10**3, 10**5, 10**7])
    distance = theory.wasserstein(fits, 100, ddof=1)
    assert ((1 + fits / 100 < distance) & (distance <= 2 + fits / 100)).all()
    assert theory.wasserstein(fits[-1], 100, ddof=0) == pytest.approx(2)


def test_variance_is_conserved_for_ddof_0_only():
    fits = np.arange(1, 50)
    assert theory.sample_variance(fits, 7, ddof=0) == pytest.approx(np.ones(49))
    assert theory.sample_variance(fits, 7, ddof=1) == pytest.approx(1 + fits / 7)


def test_pooled_variance_tends_to_the_sine():
    angle = math.pi / math.sqrt(10)
    # the product's tail after t factors is 1 + O(1/(M t))
    assert oracles.pooled_variance(10**5, 10) == pytest.approx(math.sin(angle) / angle, rel=2e-6)


def test_log_variance_falls_twice_as_fast_without_the_correction():
    slow, fast = (theory.log_variance(1, 1000, ddof=ddof)[0] for ddof in (1, 0))
    # the next terms of the digamma function's series are smaller by a factor of about 1/M
    assert slow == pytest.approx(-1 / 1000, rel=2 / 1000)
    assert fast == pytest.approx(-2 / 1000, rel=2 / 1000)


def test_growing_forms_with_equal_sizes_are_the_constant_ones():
    fits, sizes = np.arange(1, 40), np.full(39, 8)
    for ddof in (0, 1):
        for growing, constant in (
            (theory.growing_variance, theory.expected_variance),
            (theory.growing_mean_drift, theory.mean_drift),
            (theory.growing_wasserstein, theory.wasserstein),
        ):
            found, known = growing(sizes, ddof=ddof), constant(fits, 8, ddof=ddof)
            np.testing.assert_allclose(found, known * np.ones(39), rtol=1e-12)
    leading = theory.growing_wasserstein_leading_order(sizes)
    np.testing.assert_allclose(leading, theory.wasserstein_leading_order(fits, 8))


def test_variance_is_conserved_for_growing_sizes_with_ddof_0_only():
    sizes = theory.growing_sizes(5, 1.5, 30)
    assert sizes[:4].tolist() == [5, 14, 26, 40]
    for ddof, conserved in ((0, True), (1, False)):
        total = theory.growing_variance(sizes, ddof=ddof)
        total = total + theory.growing_mean_drift(sizes, ddof=ddof)
        assert np.allclose(total, 1, rtol=1e-12) is conserved


def test_the_exact_distance_starts_with_the_published_order():
    """The next order is (S/4)²-like for S = Σ 1/M_i, so smaller than S² for any growth."""
    for power in (0, 1, 2):
        sizes = theory.growing_sizes(1000, power, 50)
        exact = theory.growing_wasserstein(sizes, ddof=1)
        leading = theory.growing_wasserstein_leading_order(sizes)
        assert (abs(exact - leading) < np.cumsum(1 / sizes) ** 2 + 1e-15).all()
        assert (abs(exact - leading) > 0).any()


def test_distance_stays_finite_only_if_samples_grow_faster_than_linearly():
    n = 10**6
    sums = {p: theory.growing_wasserstein(theory.growing_sizes(100, p, n), ddof=1) for p in (1, 2)}
    # linear: a hundred times as many fits add (3/2)·ln(100)/M, less what E(σ − σ₀)² saturates by
    step = sums[1][-1] - sums[1][n // 100 - 1]
    assert np.log(100) / 100 < step < 1.5 * np.log(100) / 100
    # quadratic: what is left after n fits is below (3/2)·Σ_{i>n} 1/(M i²) < (3/2)/(M n)
    assert sums[2][-1] - sums[2][n // 100 - 1] < 1.5 / (100 * (n // 100))
    limit = theory.growing_wasserstein_limit(100, 2)
    assert limit == pytest.approx(1.5 * math.pi**2 / 6 / 100)
    assert abs(sums[2][-1] - limit) < (math.pi**2 / 6 / 100) ** 2
    for power in (0, 0.5, 1):
        assert theory.growing_wasserstein_limit(100, power) == math.inf


def test_biased_fits_stay_within_two_of_the_truth_however_samples_grow():
    for power in (0, 1, 2):
        sizes = theory.growing_sizes(10, power, 5000)
        distance = theory.growing_wasserstein(sizes, ddof=0)
        assert (distance <= 2).all()
        assert (np.diff(distance) > -1e-12).all()


def test_noisy_bound_and_what_it_leaves_out_make_up_the_distance():
    sizes = theory.growing_sizes(20, 1, 30)
    without = theory.noisy_wasserstein_bound(sizes, 0.0) + oracles.std_error(sizes)
    np.testing.assert_allclose(without, theory.growing_wasserstein(sizes, ddof=1), rtol=1e-12)
    errors = np.linspace(0, 0.1, 30)
    more = theory.noisy_wasserstein_bound(sizes, errors) - theory.noisy_wasserstein_bound(sizes, 0)
    np.testing.assert_allclose(more, errors.cumsum(), rtol=1e-12)


def test_pooled_variance_limit_is_what_the_product_tends_to():
    # the factors after t are 1 + O(1/(M t))
    assert oracles.pooled_variance(10**5, 50) == pytest.approx(
        oracles.pooled_variance_limit(50), rel=1 / (50 * 10**5) * 2
    )
