"""How fast a mixture is fitted, against scikit-learn's own EM, and what paper scale takes by it.

Both fit the same samples from the same k-means start, in turn; medians of processor seconds a fit,
their ratio, and the minutes of 2,050 generations: of each chain, and of one run of all of them on
two cores, where each chain is a job of its own. One blob, to which two components are fitted, is
the slower of the two readings of the data: EM takes tens of steps where it takes a few for two
separate Gaussians.
"""

import statistics
import time

import numpy as np
from collapse.mixture import mixture
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

OPTIONS = {"tol": 1e-5, "max_iter": 2000, "reg_covar": 1e-6}
N_PAIRS, N_GENERATIONS, N_CORES = 3, 2050, 2
TRUTHS = {
    "one blob": mixture.truth(means=[[0, 0]], std=1),
    "two Gaussians": mixture.truth(means=[[-2, 0], [2, 0]], std=1),
}


def seconds(function):
    """Processor seconds of one call, and what it returned."""
    start = time.process_time()
    value = function()
    return time.process_time() - start, value


def one_pair(samples, seed):
    """Seconds of scikit-learn's fit, of the project's, of the k-means within both, and EM steps."""
    estimator = GaussianMixture(2, random_state=seed, **OPTIONS)
    theirs, _ = seconds(lambda: estimator.fit(samples))
    ours, fitted = seconds(lambda: mixture.fit(samples, seed=seed, **OPTIONS))
    start, _ = seconds(lambda: KMeans(2, n_init=1, random_state=seed).fit(samples))
    if fitted.steps != estimator.n_iter_:
        raise SystemExit(f"{fitted.steps} steps, but scikit-learn takes {estimator.n_iter_}")
    return theirs, ours, start, int(fitted.steps)


def makespan(durations, n_cores):
    """Time until all jobs are done, each in turn, the longest first, on the core that is free."""
    busy = n_cores * [0.0]
    for duration in sorted(durations, reverse=True):
        busy[busy.index(min(busy))] += duration
    return max(busy)


def main():
    """Print one line per truth and size N, and the time of all of them."""
    chains = []
    for name, truth in TRUTHS.items():
        for size in (500, 1000, 10000, 50000, 200000):
            rng = np.random.default_rng(1)
            samples = mixture.draw(truth, size, rng=rng)
            one_pair(samples, 0)  # imports and warms up
            rows = [one_pair(samples, seed) for seed in range(N_PAIRS)]
            theirs, ours, start, steps = (statistics.median(c) for c in zip(*rows, strict=True))
            ratio = statistics.median(row[0] / row[1] for row in rows)
            draw, _ = seconds(lambda: mixture.draw(truth, size, rng=rng))  # noqa: B023
            minutes = N_GENERATIONS * (ours + draw) / 60
            chains.append(minutes)
            print(
                f"{name:13}, N = {size:6}: {1e3 * theirs:7.1f} ms scikit-learn, "
                f"{1e3 * ours:6.1f} ms here (k-means {1e3 * start:5.1f}), ratio {ratio:4.1f}, "
                f"{steps:2.0f} steps; {minutes:5.2f} minutes for {N_GENERATIONS:,} generations"
            )
    print(
        f"all of them, one run: {sum(chains):.0f} minutes of one core, "
        f"{makespan(chains, N_CORES):.0f} minutes on {N_CORES} cores"
    )


if __name__ == "__main__":
    main()
