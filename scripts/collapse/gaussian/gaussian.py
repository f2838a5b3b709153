"""The 1-D Gaussian chain: fit a normal distribution, sample from the fit, fit again.

The *history* of chains is two arrays of shape (runs, generations): the mean and the standard
deviation of model(0), model(1), …. Runs are independent repetitions of the experiment.

References
----------
arXiv:2305.17493, section 4 (figures 4-7).
"""

import numpy as np

from collapse.process import generations


def is_exact(regime):
    """Whether a chain under `regime` depends on samples only through sufficient statistics.

    Under replace, and under accumulation without subsampling, the next fit depends on the new
    samples through their mean and sum of squares only. Under every other regime, individual items
    of earlier data can return.
    """
    return not regime.subsample if regime.accumulate else regime.new == 1.0


def draw_real(n_runs, size, *, mean, std, rng):
    """Draw data(0) of every run.

    Parameters
    ----------
    n_runs, size : int
        Number of runs, and samples in each.
    mean, std : float
        True mean and standard deviation.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_runs, size)
    """
    return mean + std * rng.standard_normal((n_runs, size))


def fit(samples, *, ddof):
    """Fit normal distributions.

    Parameters
    ----------
    samples : ndarray, shape (..., n)
    ddof : {0, 1}
        0 divides the sum of squares by n, 1 by n − 1.

    Returns
    -------
    mean, std : ndarray, shape (...)
    """
    return samples.mean(axis=-1), samples.std(axis=-1, ddof=ddof)


def sample_statistics(mean, std, size, *, rng):
    """Draw the mean and the sum of squared deviations of a sample, without drawing the sample.

    The sample is `size` draws from N(mean, std²). Both statistics have their exact distributions
    and are independent (Cochran's theorem): the mean is N(mean, std²/size), the sum of squares
    std²·χ²(size − 1).

    Parameters
    ----------
    mean, std : float or ndarray of shape (runs,)
    size : int
        At least 2.
    rng : numpy.random.Generator

    Returns
    -------
    sample_mean, sum_of_squares : ndarray of shape (runs,)
    """
    sample_mean = mean + std / np.sqrt(size) * rng.standard_normal(np.shape(mean))
    return sample_mean, std**2 * rng.chisquare(size - 1, np.shape(mean))


def merge_statistics(n_a, mean_a, squares_a, n_b, mean_b, squares_b):
    """Merge the statistics of two samples into those of their union (Chan et al. 1983).

    Parameters
    ----------
    n_a, n_b : int
    mean_a, mean_b, squares_a, squares_b : float or ndarray
        Means, and sums of squared deviations from the mean.

    Returns
    -------
    n, mean, squares : int, ndarray, ndarray
    """
    n = n_a + n_b
    shift = mean_b - mean_a
    squares = squares_a + squares_b + shift**2 * n_a * n_b / n
    return n, mean_a + shift * n_b / n, squares


def chain(regime, real, start, last_generation, *, ddof, seed):
    """Continue chains: by `chain_from_statistics` if that is exact, else `chain_from_samples`.

    Parameters and return values are those of `chain_from_samples`.
    """
    if is_exact(regime):
        size = real.shape[1]
        return chain_from_statistics(regime, start, last_generation, size, ddof=ddof, seed=seed)
    return chain_from_samples(regime, real, start, last_generation, ddof=ddof, seed=seed)


def chain_from_statistics(regime, start, last_generation, size, *, ddof, seed):
    """Continue chains by drawing sufficient statistics instead of samples.

    Parameters
    ----------
    regime : collapse.process.generations.Regime
        A regime for which `is_exact` is true.
    start : tuple of ndarray, shape (runs, generations so far ≥ 1)
        History so far: (means, stds).
    last_generation : int
        Last generation to compute.
    size : int
        Samples per generation (M in the paper), at least 2.
    ddof : {0, 1}
        0 as in the released code, 1 as in Theorem 3.1.
    seed : int
        Seed of the chains. The generator of each generation is derived from it.

    Returns
    -------
    means, stds : ndarray, shape (runs, last_generation + 1)

    Raises
    ------
    ValueError
        If `is_exact` is false for `regime`.
    """
    if not is_exact(regime):
        raise ValueError(f"{regime} is not determined by sufficient statistics: draw the samples")
    means, stds = _extended(start, last_generation)
    streams = _Streams(seed)
    for g in range(start[0].shape[1], last_generation + 1):
        rng = streams.at(g)
        mean, std = means[:, g - 1], stds[:, g - 1]
        n, new_mean, squares = size, *sample_statistics(mean, std, size, rng=rng)
        pooled = len(generations.sources(regime, g - 1)) if regime.accumulate else 0
        if pooled and (regime.keep_real or g > 1):
            old_n = pooled * size
            old = old_n, mean, std**2 * (old_n - ddof)
            n, new_mean, squares = merge_statistics(*old, n, new_mean, squares)
        means[:, g], stds[:, g] = new_mean, np.sqrt(squares / (n - ddof))
    return means, stds


def chain_from_samples(regime, real, start, last_generation, *, ddof, seed):
    """Continue chains under any regime by drawing every sample, as the paper does.

    Samples of earlier generations are not stored. They are drawn again from the same seeds.

    Parameters
    ----------
    regime : collapse.process.generations.Regime
    real : ndarray, shape (runs, size)
        data(0) of every run.
    start : tuple of ndarray, shape (runs, generations so far ≥ 1)
        History so far: (means, stds).
    last_generation, ddof, seed
        See `chain_from_statistics`.

    Returns
    -------
    means, stds : ndarray, shape (runs, last_generation + 1)
    """
    means, stds = _extended(start, last_generation)
    first = start[0].shape[1]
    for run in range(real.shape[0]):
        _run_from_samples(
            regime, real[run], means[run], stds[run], first, ddof=ddof, seed=[seed, run]
        )
    return means, stds


def _run_from_samples(regime, real, means, stds, first, *, ddof, seed):
    """Fill the history of one run in place, from generation `first` on."""
    size, last = real.size, means.size - 1
    mix_seed = int(np.random.SeedSequence(seed).generate_state(1)[0])
    pool = np.empty((last + 1, size))  # row 0: data(0); row g + 1: samples(g)
    pool[0] = real
    remembers = regime.accumulate or regime.previous
    for g in range(0 if remembers else first - 1, last + 1):
        if g >= first:
            names = generations.sources(regime, g)
            rows = np.array([0 if name == generations.REAL else name + 1 for name in names])
            source, item = generations.composition(regime, g, size, seed=mix_seed)
            means[g], stds[g] = fit(pool[rows[source], item], ddof=ddof)
        if g < last:
            rng = np.random.default_rng([*seed, g])
            pool[g + 1] = means[g] + stds[g] * rng.standard_normal(size)


class _Streams:
    """One random generator that can jump to the start of every generation's stream.

    Streams start a golden-ratio stride apart in one sequence, as with NumPy's ``jumped``. (With a
    power of two as stride, low bits would be equal and streams correlated.) Jumping is several
    times cheaper than seeding a new generator, which would double the cost of a generation.
    """

    STRIDE = 210306068529402873165736369884012333109  # (φ − 1)·2¹²⁸

    def __init__(self, seed):
        self._bits = np.random.PCG64DXSM(seed)
        self._origin = self._bits.state
        self._rng = np.random.Generator(self._bits)

    def at(self, generation):
        """Return the generator, moved to the start of the stream of `generation`."""
        self._bits.state = self._origin
        self._bits.advance(generation * self.STRIDE % 2**128)
        return self._rng


def _extended(start, last_generation):
    """Copies of the arrays of a history, with room up to `last_generation`."""
    n_runs, done = start[0].shape
    room = np.empty((n_runs, last_generation + 1 - done))
    return tuple(np.concatenate([array, room], axis=1) for array in start)


def estimation_errors(sizes, n_repeats, *, mean, std, ddof, rng):
    """Errors of repeated estimates of the mean and standard deviation of N(mean, std²).

    Parameters
    ----------
    sizes : sequence of int
        Numbers of points per estimate, each at least 2.
    n_repeats : int
        Estimates for each number of points.
    mean, std : float
        True mean and standard deviation.
    ddof : {0, 1}
    rng : numpy.random.Generator

    Returns
    -------
    mean_errors, std_errors : ndarray, shape (len(sizes), n_repeats)
        Absolute errors.
    """
    errors = np.empty((2, len(sizes), n_repeats))
    for row, size in enumerate(sizes):
        centre = np.full(n_repeats, float(mean))
        estimate, squares = sample_statistics(centre, float(std), size, rng=rng)
        errors[0, row] = abs(estimate - mean)
        errors[1, row] = abs(np.sqrt(squares / (size - ddof)) - std)
    return errors[0], errors[1]
