"""One run of a family that is cheap enough to go through many generations in one process."""

import numpy as np

from collapse import generations


def follow(regime, real, last_generation, *, fit, draw, seed, start=()):
    """The models of one run: fit, draw, mix, fit again.

    Parameters
    ----------
    regime : collapse.generations.Regime
    real : ndarray, shape (size, ...)
        data(0).
    last_generation : int
        Generation to end with.
    fit : callable
        model(g) from data(g) and g.
    draw : callable
        samples(g), shape (size, ...), from model(g) and g; the same whenever it is asked for.
    seed : [int, int]
        The chain's, and the run's number; what is mixed is drawn from it.
    start : sequence
        Models of the first generations, where an earlier job has made them.

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
    """A number of every model of every run, where fits need no random numbers.

    Parameters
    ----------
    regime, last_generation
        As in `follow`.
    real : ndarray, shape (runs, size, ...)
        data(0) of every run.
    fit : callable
        A model from its data.
    draw : callable
        Samples, shape (size, ...), from a model, `size` and a generator.
    quantity : callable
        The number from a model.
    seed : int
        Of the chains; each run's and generation's is derived from it.

    Returns
    -------
    ndarray, shape (runs, last_generation + 1)
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
