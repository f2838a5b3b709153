"""Closed forms against each other and against hand-worked values."""

import math

import numpy as np
import pytest
from collapse import theory


def test_c4_of_two_points():
    assert theory.c4(2) == pytest.approx(math.sqrt(2 / math.pi))
    # ln Γ(M/2) is about 6e6 there, and is rounded to 1 in 2⁵²
    assert theory.c4(10**6) == pytest.approx(1 - 1 / (4 * 10**6), abs=6e6 * 2**-52)


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
    assert theory.pooled_variance(10**5, 10) == pytest.approx(math.sin(angle) / angle, rel=2e-6)


def test_log_variance_falls_twice_as_fast_without_the_correction():
    slow, fast = (theory.log_variance(1, 1000, ddof=ddof)[0] for ddof in (1, 0))
    # the next terms of the digamma function's series are smaller by a factor of about 1/M
    assert slow == pytest.approx(-1 / 1000, rel=2 / 1000)
    assert fast == pytest.approx(-2 / 1000, rel=2 / 1000)
