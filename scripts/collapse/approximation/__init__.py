"""Errors of a fit, each alone: finite samples, an unsuitable family, incomplete learning."""
