"""Chains of generations for families that are cheap enough to run in one process."""

import numpy as np

from collapse.process import regimes


def follow(
    regime,
    real,
    last_generation,
    *,
    fit,
    draw,
    seed,
    start=(),
    truth=None,
    centre=None,
    rating=None,
):
    """Fit, draw and mix, generation after generation, for one run.

    Parameters
    ----------
    regime : collapse.process.regimes.FullRegime
    real : ndarray, shape (size, ...)
        data(0).
    last_generation : int
        Last generation to fit.
    fit : callable
        ``fit(data, g)`` returns model(g). Where items have different weights, it is
        ``fit(data, g, weights)``.
    draw, centre, rating : callable
        See `collapse.process.regimes.samples`. Samples are not kept if an earlier job has fitted
        the next model: they are drawn again from the same seed.
    truth : callable
        See `collapse.process.regimes.Mixer`.
    seed : [int, int]
        Seed of the chain, and the number of the run. All random numbers are derived from it.
    start : sequence, default ()
        Models of the first generations, if an earlier job has fitted them.

    Returns
    -------
    list
        model(0) … model(last_generation).
    """
    models, size = list(start), len(real)
    mixer = regimes.Mixer(regime, real, last_generation, seed=seed, truth=truth)
    own = {"draw": draw, "centre": centre, "rating": rating}
    for g in range(0 if mixer.remembers else len(start), last_generation + 1):
        if g:
            new = None
            if mixer.needs_samples:
                rng = np.random.default_rng([*seed, g - 1])
                new = regimes.samples(regime, models[g - 1], size, rng=rng, **own)
            mixer.add(g, new)
        if g >= len(start):
            data, weights = mixer.data(g)
            models.append(fit(data, g) if weights is None else fit(data, g, weights))
    return models


def measure(regime, real, last_generation, *, fit, quantity, seed, **of_family):
    """Compute one number, or an array of numbers, for every model of every run.

    The fit must not need random numbers.

    Parameters
    ----------
    regime, last_generation
        See `follow`.
    real : ndarray, shape (runs, size, ...)
        data(0) of every run.
    fit : callable
        ``fit(data)``, or ``fit(data, weights)``, returns a model.
    quantity : callable
        ``quantity(model)`` returns a number, or an array of numbers.
    seed : int
        Seed of the chains. The generator of each run and generation is derived from it.
    **of_family : callable
        `draw`, and where the regime needs them `truth`, `centre` and `rating`; see `follow`.

    Returns
    -------
    ndarray, shape (runs, last_generation + 1, ...)
    """

    def numbers(run, data):
        models = follow(
            *(regime, data, last_generation),
            fit=lambda data, g, *weights: fit(data, *weights),
            seed=[seed, run],
            **of_family,
        )
        return [quantity(model) for model in models]

    return np.array([numbers(run, data) for run, data in enumerate(real)])
