"""Slurm: resuming interrupted runs and watching over running ones."""
