"""Chains of kernel density estimates against the exact expectation of their variance."""

import numpy as np
import pytest
from collapse.kde import kde
from collapse.process.regimes import FullRegime
from oracles import agrees, z_of_mean

REPLACE, POOL = FullRegime(), FullRegime(accumulate=True)
REAL = np.random.default_rng(1).uniform(-(3**0.5), 3**0.5, (200, 20))  # variance 1, not normal


def z(chain, law):
    """How far a chain's last variance is, in the mean, from the expectation of another chain."""
    measured = kde.variances(chain[0], REAL, last_generation=3, bandwidth=chain[1], seed=2)
    expected = kde.expected_variances(law[0], 20, last_generation=3, bandwidth=law[1])
    return z_of_mean(measured[:, 3], expected[3])


@pytest.mark.parametrize("chain", [(REPLACE, None), (REPLACE, 0.4), (POOL, None), (POOL, 0.4)])
def test_variance_follows_its_expectation(chain):
    assert agrees(z(chain, chain))


def test_control_another_regime_or_bandwidth_breaks_it():
    assert not agrees(z((POOL, None), (REPLACE, None)))
    assert not agrees(z((POOL, None), (POOL, 0.4)))
