"""Chains of one-dimensional Gaussians: fit, sample, fit again."""
