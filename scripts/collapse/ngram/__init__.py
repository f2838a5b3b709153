"""Chains of n-gram models of words: count the n-grams, draw a text, count again."""
