"""Chains of Gaussian mixtures: fit two components, sample, fit again."""
