"""Chains of kernel density estimates in one dimension."""
