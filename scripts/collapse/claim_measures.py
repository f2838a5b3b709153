"""What is measured for a claim: one number a run, from that run's series.

Every measure takes `of`, a `run_values.Series`, some of them `against`, another one with as many
runs, and returns an array of shape (runs,), or (runs, n) where each of n numbers has to hold. A
generation is a number, ``last``, or ``{by: n}``: n, or the last one where the chain ends before it.
"""

import numpy as np

from collapse import theory


class NotTestable(Exception):
    """Why these results cannot answer."""


def at(of, generation):
    """Values at a generation, shape (runs,)."""
    last = int(of.generations[-1])
    if generation == "last":
        generation = last
    elif isinstance(generation, dict):
        generation = min(generation["by"], last)
    if not isinstance(generation, int):
        raise ValueError(f"{generation!r} is no generation")
    found = np.flatnonzero(of.generations == generation)
    if not found.size:
        raise NotTestable(f"generation {generation} is not among those run (the last is {last})")
    return of.values[:, found[0]]


def value(of, *, generation):
    """The quantity itself."""
    return at(of, generation)


def difference(of, *, start, end):
    """How much it grows from one generation to another."""
    return at(of, end) - at(of, start)


def ratio(of, *, start, end):
    """How many times what it was at `start` it is at `end`."""
    return at(of, end) / at(of, start)


def difference_between(of, against, *, generation):
    """By how much it exceeds the other series in the same generation."""
    return at(of, generation) - at(against, generation)


def ratio_between(of, against, *, generation):
    """How many times the other series it is in the same generation."""
    return at(of, generation) / at(against, generation)


def ratio_of_ratios(of, against, *, start, end):
    """How many times as much as the other series it has been multiplied by, from start to end."""
    return ratio(of, start=start, end=end) / ratio(against, start=start, end=end)


def steps(of, *, start, end):
    """How much it grows from each generation to the next, shape (runs, end − start)."""
    first, last = int(of.generations[0]), int(of.generations[-1])
    end = last if end == "last" else end
    if start < first or end > last:
        raise NotTestable(f"generations {start} to {end} are asked for, {first} to {last} were run")
    return np.diff(of.values[:, (of.generations >= start) & (of.generations <= end)])


def displacement_exponent(of, *, lags):
    """How the mean square displacement grows with the lag, as a power of it.

    1 for a random walk, 0 for noise about a fixed value, 2 for a steady drift; the mean is over all
    pairs of generations that lie one of two `lags` apart.
    """
    short, long = lags
    if len(of.generations) <= long:
        raise NotTestable(f"the chain has no two generations {long} apart")
    square = [((of.values[:, k:] - of.values[:, :-k]) ** 2).mean(axis=1) for k in lags]
    return np.log(square[1] / square[0]) / np.log(long / short)


def fluctuation_ratio(of, *, early, late):
    """Root mean square step from a generation to the next: late ones in multiples of early ones.

    `early` and `late` are the first and the last generation of each.
    """
    early, late = (
        np.sqrt((steps(of, start=start, end=end) ** 2).mean(axis=1)) for start, end in (early, late)
    )
    return late / early


def slope(of, *, sizes, generation):
    """How it falls or rises with M, as a power of it: the slope of log against log.

    `of` is a list of series, one for each of the `sizes`.
    """
    logs = np.log([at(series, generation) for series in of])  # (sizes, runs)
    centred = np.log(sizes) - np.log(sizes).mean()
    return centred @ logs / (centred @ centred)


def against_law(of, *, law, generation, size, ddof):
    """In multiples of what a closed form says that its mean is under replace."""
    return at(of, generation) / LAWS[law](generation + 1, size, ddof=ddof)


def against_limit(of, *, generation, size, power):
    """In multiples of the distance that M(g) = size·(g + 1)^power never exceeds."""
    return at(of, generation) / theory.growing_wasserstein_limit(size, power)


def relative_growth(of, *, start, end):
    """How much it grows from start to end, in multiples of its mean over runs at `start`."""
    return difference(of, start=start, end=end) / at(of, start).mean()


LAWS = {
    "wasserstein": theory.wasserstein,
    "wasserstein_leading_order": lambda t, size, ddof: theory.wasserstein_leading_order(t, size),
    "sample_variance": theory.sample_variance,
    "log_variance": lambda t, size, ddof: theory.log_variance(t, size, ddof=ddof)[0],
}

MEASURES = {
    measure.__name__: measure
    for measure in (
        *(value, difference, ratio, difference_between, ratio_between, ratio_of_ratios),
        *(steps, displacement_exponent, fluctuation_ratio, slope),
        *(against_law, against_limit, relative_growth),
    )
}
