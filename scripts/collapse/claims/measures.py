"""Measures for claims: functions of a series that return one number for each run.

Every measure takes `of`, a `run_values.Series`. Some also take `against`, another series: runs are
compared with the runs of the same number, as far as both series have them. Measures return an array
of shape (runs,), or of shape (runs, n) if each of n numbers must satisfy the rule of a check. Of
values for each block, `DIFFERENCES` return an array of shape (runs, blocks).

A generation is a number, ``"last"``, ``"middle"`` (half of the last), or a mapping. ``{"by": n}``
is for what must happen by generation n, ``{"until": n}`` for what must not happen until then. Both
mean n, or the last generation of the chain if it is shorter; where two series are compared, the
last that both have.
"""

import numpy as np

from collapse import theory


class NotTestable(Exception):
    """The results cannot decide a check; the message says why."""


def resolve(generation, *series):
    """Number of a generation.

    Parameters
    ----------
    generation : int, "last", "middle", or dict
    *series : run_values.Series

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `generation` is none of these.
    """
    last = min(int(one.generations[-1]) for one in series)
    match generation:
        case "last":
            return last
        case "middle":
            return last // 2
        case {"by": int(wanted)} | {"until": int(wanted)} if len(generation) == 1:
            return min(wanted, last)
        case bool():
            pass
        case int():
            return generation
    raise ValueError(f"{generation!r} is not a generation")


def at(of, generation):
    """Values at a generation, shape (runs,) or (runs, blocks).

    Raises
    ------
    NotTestable
        If the series does not include this generation.
    """
    generation = resolve(generation, of)
    found = np.flatnonzero(of.generations == generation)
    if not found.size:
        last = int(of.generations[-1])
        raise NotTestable(f"generation {generation} is not among those run (the last is {last})")
    return of.values[:, found[0]]


def pair(of, against, generation):
    """Values of two series in the same generation, of the runs that both have."""
    generation = resolve(generation, of, against)
    n_runs = min(len(of.values), len(against.values))
    return at(of, generation)[:n_runs], at(against, generation)[:n_runs]


def value(of, *, generation):
    """The quantity itself."""
    return at(of, generation)


def difference(of, *, start, end):
    """Growth of the quantity from generation `start` to `end`."""
    return at(of, end) - at(of, start)


def ratio(of, *, start, end):
    """Quantity at `end`, in multiples of that at `start`."""
    return at(of, end) / at(of, start)


def difference_between(of, against, *, generation):
    """Difference to the other series in the same generation."""
    one, other = pair(of, against, generation)
    return one - other


def difference_at(of, against, *, generation, other):
    """Difference of the quantity in `generation` to the other series in its generation `other`."""
    n_runs = min(len(of.values), len(against.values))
    return at(of, generation)[:n_runs] - at(against, other)[:n_runs]


def ratio_between(of, against, *, generation):
    """Quantity in multiples of the other series in the same generation."""
    one, other = pair(of, against, generation)
    return one / other


def steps(of, *, start, end):
    """Growth from each generation to the next, shape (runs, end − start)."""
    first, last = int(of.generations[0]), int(of.generations[-1])
    end = last if end == "last" else end
    if start < first or end > last:
        raise NotTestable(f"generations {start} to {end} are asked for, {first} to {last} were run")
    _check_consecutive(of)
    return np.diff(of.values[:, (of.generations >= start) & (of.generations <= end)])


def displacement_exponent(of, *, lags):
    """Exponent of the growth of the mean square displacement with the lag.

    It is 1 for a random walk, 0 for noise about a fixed value, and 2 for a steady drift. The mean
    is over all pairs of generations that are one of the two `lags` apart.
    """
    short, long = lags
    if len(of.generations) <= long:
        raise NotTestable(f"the chain has no two generations {long} apart")
    _check_consecutive(of)
    square = [((of.values[:, k:] - of.values[:, :-k]) ** 2).mean(axis=1) for k in lags]
    return np.log(square[1] / square[0]) / np.log(long / short)


def _check_consecutive(of):
    if (np.diff(of.generations) != 1).any():
        raise NotTestable("not every generation of the chain is kept")


def fluctuation_ratio(of, *, early, late):
    """Root mean square step between generations, of late ones in multiples of early ones.

    `early` and `late` are pairs of first and last generation.
    """
    early, late = (
        np.sqrt((steps(of, start=start, end=end) ** 2).mean(axis=1)) for start, end in (early, late)
    )
    return late / early


def slope(of, *, sizes, generation):
    """Exponent of the growth of the quantity with M: the slope of logarithms, by least squares.

    `of` is a list of series, one for each of the `sizes`.
    """
    logs = np.log([at(series, generation) for series in of])  # (sizes, runs)
    centred = np.log(sizes) - np.log(sizes).mean()
    return centred @ logs / (centred @ centred)


def slope_change(of, *, sizes, start, end):
    """Growth of the exponent of `slope` from generation `start` to `end`."""
    return slope(of, sizes=sizes, generation=end) - slope(of, sizes=sizes, generation=start)


def against_law(of, *, law, generation, size, ddof):
    """Quantity in multiples of its expectation under replace, by the closed form `law`."""
    return at(of, generation) / LAWS[law](generation + 1, size, ddof=ddof)


def against_limit(of, *, generation, size, power):
    """Quantity in multiples of the limit of the distance for M(g) = size·(g + 1)^power."""
    return at(of, generation) / theory.growing_wasserstein_limit(size, power)


def relative_growth(of, *, start, end):
    """Growth from `start` to `end`, in multiples of the mean over runs at `start`."""
    return difference(of, start=start, end=end) / at(of, start).mean()


def growth_against_law(of, *, start, end, size, power, ddof):
    """Relative growth of W₂² in multiples of that of its closed form, if M grows as a power."""
    law = theory.growing_wasserstein(theory.growing_sizes(size, power, end + 1), ddof=ddof)
    return relative_growth(of, start=start, end=end) / (law[end] / law[start] - 1)


LAWS = {
    "wasserstein": theory.wasserstein,
    "wasserstein_leading_order": lambda t, size, ddof: theory.wasserstein_leading_order(t, size),
    "sample_variance": theory.sample_variance,
    "log_variance": lambda t, size, ddof: theory.log_variance(t, size, ddof=ddof)[0],
}

MEASURES = {
    measure.__name__: measure
    for measure in (
        *(value, difference, ratio, difference_between, difference_at, ratio_between),
        *(steps, displacement_exponent, fluctuation_ratio, slope, slope_change),
        *(against_law, against_limit, relative_growth, growth_against_law),
    )
}
DIFFERENCES = ("difference", "difference_between", "difference_at")
