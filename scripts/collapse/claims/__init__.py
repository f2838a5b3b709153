"""Verdicts on the paper's claims, comparison with published values, headline numbers."""
