"""The 1-D Gaussian chain: fit a normal distribution, sample from the fit, fit again.

The *history* of chains is two arrays of shape (runs, generations): the mean and the standard
deviation of model(0), model(1), …. Runs are independent repetitions of the experiment.

References
----------
arXiv:2305.17493, section 4 (figures 4-7).
"""

import functools

import numpy as np

from collapse.process import chains, regimes


def is_exact(regime):
    """Whether a chain under `regime` depends on samples only through sufficient statistics.

    Under replace, with fresh real items or a fixed pool of them, and under accumulation without
    subsampling, the next fit depends on the new samples through their mean and sum of squares only.
    Under every other regime, individual items of earlier data can return.
    """
    if regime.accumulate or regime.previous:
        return not (regime.subsample or regime.previous)
    return regime.new == 1.0 or regime.fresh or regime.pool is not None


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


def fit(samples, weights=None, *, ddof):
    """Fit normal distributions.

    Parameters
    ----------
    samples : ndarray, shape (..., n)
    weights : ndarray, shape (n,), default None
        None means that all are equal.
    ddof : {0, 1}
        0 divides the sum of squares by n, 1 by n − 1. With weights w, n is Σw, and 1 is Σw²/Σw, so
        that the variance is unbiased if all items are from one distribution.

    Returns
    -------
    mean, std : ndarray, shape (...)
    """
    if weights is None:
        return samples.mean(axis=-1), samples.std(axis=-1, ddof=ddof)
    total = weights.sum()
    mean = samples @ weights / total
    squares = (samples - mean[..., None]) ** 2 @ weights
    return mean, np.sqrt(squares / (total - ddof * (weights**2).sum() / total))


def sample_statistics(mean, std, size, *, rng):
    """Draw the mean and the sum of squared deviations of a sample, without drawing the sample.

    The sample is `size` draws from N(mean, std²). Both statistics have their exact distributions
    and are independent (Cochran's theorem): the mean is N(mean, std²/size), the sum of squares
    std²·χ²(size − 1).

    Parameters
    ----------
    mean, std : float or ndarray of shape (runs,)
    size : int
        A single item has no deviation.
    rng : numpy.random.Generator

    Returns
    -------
    sample_mean, sum_of_squares : ndarray of shape (runs,)
    """
    sample_mean = mean + std / np.sqrt(size) * rng.standard_normal(np.shape(mean))
    if size == 1:
        return sample_mean, np.zeros(np.shape(mean))
    return sample_mean, std**2 * rng.chisquare(size - 1, np.shape(mean))


def merge_statistics(n_a, mean_a, squares_a, n_b, mean_b, squares_b):
    """Merge the statistics of two samples into those of their union (Chan et al. 1983).

    Parameters
    ----------
    n_a, n_b : float
        Numbers of items, or sums of their weights; then the sums of squares are weighted as well.
    mean_a, mean_b, squares_a, squares_b : float or ndarray
        Means, and sums of squared deviations from the mean.

    Returns
    -------
    n, mean, squares : float, ndarray, ndarray
    """
    n = n_a + n_b
    shift = mean_b - mean_a
    squares = squares_a + squares_b + shift**2 * n_a * n_b / n
    return n, mean_a + shift * n_b / n, squares


def added_statistics(regime, mean, std, size, *, truth, pool, rng):
    """Draw the statistics of what a generation adds: samples and real items, weighted.

    They are drawn without the items, except from a verifier, which looks at each, and from a pool.

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
    mean, std : ndarray, shape (runs,)
        The model that is sampled.
    size : int
        Items of data(0).
    truth : (float, float)
        True mean and standard deviation.
    pool : ndarray, shape (runs, items), or None
        Fixed pool of real items.
    rng : numpy.random.Generator

    Returns
    -------
    weight : float
    mean, squares : ndarray, shape (runs,)
    """
    n_new, n_real = regimes.added(regime, size)
    parts = []
    if n_new:
        parts.append((n_new, *_new_statistics(regime, mean, std, n_new, truth=truth, rng=rng)))
    if n_real:
        own = _real_statistics(n_real, len(mean), truth=truth, pool=pool, rng=rng)
        parts.insert(0, (n_real * regime.weight, own[0], own[1] * regime.weight))
    return functools.reduce(lambda a, b: merge_statistics(*a, *b), parts)


def _new_statistics(regime, mean, std, n, *, truth, rng):
    std = np.sqrt(regime.bias) * std
    if regime.verifier_keeps == 1:
        return sample_statistics(mean, std, n, rng=rng)
    drawn = rng.standard_normal((len(mean), round(n / regime.verifier_keeps)))
    drawn = mean[:, None] + std[:, None] * drawn
    ideal = truth[0] + regime.verifier_shift * truth[1]
    best = np.argpartition(np.abs(drawn - ideal), n - 1, axis=1)[:, :n]
    return _statistics(np.take_along_axis(drawn, best, axis=1))


def _real_statistics(n, n_runs, *, truth, pool, rng):
    if pool is None:
        return sample_statistics(np.full(n_runs, float(truth[0])), float(truth[1]), n, rng=rng)
    taken = rng.random(pool.shape).argpartition(n - 1, axis=1)[:, :n]
    return _statistics(np.take_along_axis(pool, taken, axis=1))


def _statistics(items):
    """Mean and sum of squared deviations of each row."""
    return items.mean(axis=1), items.var(axis=1) * items.shape[1]


def chain(regime, real, start, last_generation, *, ddof, seed, truth=(0.0, 1.0)):
    """Continue chains: by `chain_from_statistics` if that is exact, else `chain_from_samples`.

    Parameters and return values are those of `chain_from_samples`.
    """
    if is_exact(regime):
        options = {"ddof": ddof, "seed": seed, "truth": truth, "real": real}
        return chain_from_statistics(regime, start, last_generation, real.shape[1], **options)
    return chain_from_samples(
        regime, real, start, last_generation, ddof=ddof, seed=seed, truth=truth
    )


def chain_from_statistics(
    regime, start, last_generation, size, *, ddof, seed, truth=(0.0, 1.0), real=None
):
    """Continue chains by drawing sufficient statistics instead of samples.

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
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
    truth : (float, float)
        True mean and standard deviation, of fresh real items and for a verifier.
    real : ndarray, shape (runs, size), default None
        data(0) of every run. Only needed for a fixed pool.

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
    pool = _pool(regime, real, size, truth=truth, rng=streams.at(0))
    for g in range(start[0].shape[1], last_generation + 1):
        rng = streams.at(g)
        mean, std = means[:, g - 1], stds[:, g - 1]
        statistics = added_statistics(regime, mean, std, size, truth=truth, pool=pool, rng=rng)
        old, lost = _weight(regime, g - 1, size)
        if regime.accumulate and old:
            statistics = merge_statistics(old, mean, std**2 * (old - ddof * lost), *statistics)
        n, lost = _weight(regime, g, size)
        means[:, g], stds[:, g] = statistics[1], np.sqrt(statistics[2] / (n - ddof * lost))
    return means, stds


def _weight(regime, generation, size):
    """Sum of the weights of data(generation), Σw, and Σw²/Σw: 1 without weights."""
    new, real = regimes.added(regime, size)
    if regime.accumulate:
        new, real = generation * new, generation * real + regime.keep_real * size
    total = new + regime.weight * real
    return total, total and (new + regime.weight**2 * real) / total


def _pool(regime, real, size, *, truth, rng):
    """Fixed pools of real items, shape (runs, items); None if the regime has none."""
    n = regimes.checked_pool(regime, size)
    if n is None or n <= size:
        return n and real[:, :n]
    more = draw_real(len(real), n - size, mean=truth[0], std=truth[1], rng=rng)
    return np.concatenate([real, more], axis=1)


def chain_from_samples(regime, real, start, last_generation, *, ddof, seed, truth=(0.0, 1.0)):
    """Continue chains under any regime by drawing every sample, as the paper does.

    Samples of earlier generations are not stored. They are drawn again from the same seeds.

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
    real : ndarray, shape (runs, size)
        data(0) of every run.
    start : tuple of ndarray, shape (runs, generations so far ≥ 1)
        History so far: (means, stds).
    last_generation, ddof, seed, truth
        See `chain_from_statistics`.

    Returns
    -------
    means, stds : ndarray, shape (runs, last_generation + 1)
    """
    ideal, width = truth
    of_family = {
        "fit": lambda data, g, weights=None: fit(data, weights, ddof=ddof),
        "draw": lambda model, n, rng: model[0] + model[1] * rng.standard_normal(n),
        "truth": lambda n, rng: ideal + width * rng.standard_normal(n),
        "centre": lambda model: model[0],
        "rating": lambda items, shift: -np.abs(items - ideal - shift * width),
    }
    histories = [
        chains.follow(
            *(regime, data, last_generation),
            **of_family,
            seed=[seed, run],
            start=list(zip(start[0][run], start[1][run], strict=True)),
        )
        for run, data in enumerate(real)
    ]
    return tuple(np.moveaxis(np.array(histories), 2, 0))


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
