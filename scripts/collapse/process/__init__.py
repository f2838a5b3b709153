"""The generational process: mixes of training data, seeds, chains, and intervals over runs."""
