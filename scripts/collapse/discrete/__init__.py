"""Chains of discrete distributions: count, draw, count again."""
