"""Seconds of the estimation figure's errors to 10⁷ points × 10,000 repeats, and of drawing."""

import time

import numpy as np
from collapse.gaussian import gaussian

SIZES, N_REPEATS = [10, 30, 100, 500, 10**3, 10**4, 10**5, 10**6, 10**7], 10000


def main():
    """Print the time of the exact draw, of one sample of 10⁶ points, and their ratio."""
    start = time.process_time()
    rng = np.random.default_rng(1)
    gaussian.estimation_errors(SIZES, N_REPEATS, mean=0, std=1, ddof=0, rng=rng)
    exact = time.process_time() - start
    start = time.process_time()
    gaussian.fit(rng.standard_normal(10**6), ddof=0)
    per_point = (time.process_time() - start) / 10**6
    drawn = per_point * sum(SIZES) * N_REPEATS
    print(
        f"exact {exact:.3f} s; drawing would take {drawn / 3600:.2f} h: ratio {drawn / exact:,.0f}"
    )


if __name__ == "__main__":
    main()
