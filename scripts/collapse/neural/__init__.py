"""Deterministic PyTorch, shared by the neural families."""
