"""Artefacts that travel: which of them belong to this code and configuration, and how they move."""
