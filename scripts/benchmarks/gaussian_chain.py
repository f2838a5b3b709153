"""How much the exact Gaussian chain saves against drawing every sample, as the paper's code does.

Both continue the same chains, in turn; medians of seconds per generation, and their ratio. The
exact chain runs the 1,000 generations of the figures, the other one fewer, to spare minutes.
"""

import functools
import statistics
import time

import numpy as np
from collapse.gaussian import gaussian
from collapse.process.regimes import FullRegime

N_RUNS, N_EXACT, N_DRAWN, N_PAIRS = 200, 1000, 20, 5


def seconds(function, *arguments, **options):
    """Processor seconds of one call."""
    start = time.process_time()
    function(*arguments, **options)
    return time.process_time() - start


def draw_and_fit(start, size):
    """The plain loop: draw all samples of all runs, fit, again."""
    rng = np.random.default_rng(2)
    mean, std = start[0][:, -1:], start[1][:, -1:]
    for _ in range(N_DRAWN):
        samples = mean + std * rng.standard_normal((N_RUNS, size))
        mean, std = (estimate[:, None] for estimate in gaussian.fit(samples, ddof=0))


def main():
    """Print one line per size M."""
    options = {"last_generation": N_EXACT, "ddof": 0, "seed": 2}
    for size in (100, 1000, 10000):
        real = gaussian.draw_real(N_RUNS, size, mean=0, std=1, rng=np.random.default_rng(1))
        start = tuple(estimate[:, None] for estimate in gaussian.fit(real, ddof=0))
        exact_chain = functools.partial(gaussian.chain_from_statistics, FullRegime(), start)
        pairs = [
            (
                seconds(draw_and_fit, start, size) / N_DRAWN,
                seconds(exact_chain, size=size, **options) / N_EXACT,
            )
            for _ in range(N_PAIRS)
        ]
        drawn, exact = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(
            f"M = {size:6}, {N_RUNS} runs: a generation takes {1e6 * drawn:,.0f} µs drawn, "
            f"{1e6 * exact:,.1f} µs exact: ratio {ratio:,.0f}"
        )


if __name__ == "__main__":
    main()
