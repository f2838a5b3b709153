"""Comparing samples with known laws, with tolerances computed from one error rate for the suite."""

import numpy as np
from scipy import stats

# chance that a correct program fails any of the suite's statistical comparisons, were seeds redrawn
FAMILY_WISE_ERROR = 1e-3
N_COMPARISONS = 400
ALPHA = FAMILY_WISE_ERROR / N_COMPARISONS
LIMIT = stats.norm.isf(ALPHA / 2)


def z_of_mean(values, expected):
    """Standardised distance of a sample mean from its expectation."""
    values = np.asarray(values, dtype=float)
    return (values.mean() - expected) / (values.std(ddof=1) / np.sqrt(values.size))


def z_of_variance(values, expected):
    """Standardised distance of a sample variance from its expectation."""
    squares = (np.asarray(values) - np.mean(values)) ** 2
    return z_of_mean(squares, expected * (1 - 1 / squares.size))


def agrees(z):
    """Whether a standardised distance is one that chance allows."""
    return bool(np.all(np.abs(z) < LIMIT))


def same_law(a, b):
    """Whether two samples may come from one distribution (Kolmogorov-Smirnov)."""
    return stats.ks_2samp(a, b).pvalue > ALPHA
