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
