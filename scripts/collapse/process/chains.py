"""Chains of generations for families that are cheap enough to run in one process."""

import numpy as np

from collapse.process import generations


def follow(regime, real, last_generation, *, fit, draw, seed, start=()):
    """Fit, draw and mix, generation after generation, for one run.

    Parameters
    ----------
    regime : collapse.process.generations.Regime
    real : ndarray, shape (size, ...)
        data(0).
    last_generation : int
        Last generation to fit.
    fit : callable
        ``fit(data, g)`` returns model(g).
    draw : callable
        ``draw(model, g)`` returns samples(g), shape (size, ...). Samples are not kept: repeated
        calls for the same generation must return the same samples.
    seed : [int, int]
        Seed of the chain, and the number of the run. The mixing is derived from it.
    start : sequence, default ()
        Models of the first generations, if an earlier job has fitted them.

    Returns
    -------
    list
        model(0) … model(last_generation).
    """
    mix_seed = int(np.random.SeedSequence(seed).generate_state(1)[0])
    models, held = list(start), {generations.REAL: real}
    for g in range(len(models), last_generation + 1):
        names = generations.sources(regime, g)
        wanted = [generations.REAL, *names]
        held = {name: held[name] if name in held else draw(models[name], name) for name in wanted}
        source, item = generations.composition(regime, g, len(real), seed=mix_seed)
        data = generations.assemble([held[name] for name in names], source, item)
        models.append(fit(data, g))
    return models


def measure(regime, real, last_generation, *, fit, draw, quantity, seed):
    """Compute one number, or an array of numbers, for every model of every run.

    The fit must not need random numbers.

    Parameters
    ----------
    regime, last_generation
        See `follow`.
    real : ndarray, shape (runs, size, ...)
        data(0) of every run.
    fit : callable
        ``fit(data)`` returns a model.
    draw : callable
        ``draw(model, size, rng)`` returns samples, shape (size, ...).
    quantity : callable
        ``quantity(model)`` returns a number, or an array of numbers.
    seed : int
        Seed of the chains. The generator of each run and generation is derived from it.

    Returns
    -------
    ndarray, shape (runs, last_generation + 1, ...)
    """

    def numbers(run, data):
        def samples(model, g):
            return draw(model, len(data), np.random.default_rng([seed, run, g]))

        models = follow(
            *(regime, data, last_generation),
            fit=lambda data, g: fit(data),
            draw=samples,
            seed=[seed, run],
        )
        return [quantity(model) for model in models]

    return np.array([numbers(run, data) for run, data in enumerate(real)])
