"""Every run's value of every quantity by generation, whatever family it is of: what claims are
judged on.

A quantity has a name, ``<family>.<quantity>``, and is known at some *settings*, each a value for
every key in `QUANTITIES`.
"""

import itertools
from typing import NamedTuple

import numpy as np
import pandas as pd

from collapse import discrete, files, gaussian, mixture, mixture_summary

_DISCRETE = ("distribution", "size")
_VAE = ("regime",)
_TEXTS = ("setting",)

# name: the keys of its settings
QUANTITIES = {
    # of the fitted normal: (μ̂ − μ)/σ, and ln(σ̂/σ)
    **dict.fromkeys(("gaussian.mean", "gaussian.log_std"), ("regime", "ddof", "size")),
    # replace with M(g) = size·(g + 1)^power: W₂², variance of a sample over all chance, ln(σ̂²/σ²)
    **dict.fromkeys(
        ("growing.squared_distance", "growing.sample_variance", "growing.log_variance"),
        ("ddof", "noise", "power", "size"),
    ),
    # see mixture_summary.quantities
    **dict.fromkeys(("gmm.l2", "gmm.total_std", "gmm.component_std"), ("regime", "data", "size")),
    # share left of all states, of those with q ≤ 1/M and of the others; 1 once one state is left
    **dict.fromkeys(
        [f"discrete.{name}" for name in ("states", "rare", "common", "absorbed")], _DISCRETE
    ),
    # of the state that a run ends in: the true probability of all states before it and half its
    # own; 1/p₀(1) if it is the most probable one, else 0; the same were all states equally probable
    **dict.fromkeys(
        [f"discrete.end_{name}" for name in ("position", "position_if_equal")], _DISCRETE
    ),
    **dict.fromkeys([f"discrete.end_{name}" for name in ("first", "first_if_equal")], _DISCRETE),
    # by g, of data(g), that is of samples(g − 1); the loss is model(g)'s
    **dict.fromkeys(
        [
            f"vae.{name}"
            for name in ("latent_std", "latent_tail_share", "class_entropy", "confidence")
        ],
        _VAE,
    ),
    **dict.fromkeys(("vae.pixel_deviation", "vae.last_epoch_loss"), _VAE),
    # by model, −1 before fine-tuning
    "lm.perplexity": ("setting", "definition"),
    # by the model that wrote the text, −1 for real text; the quantiles are of the texts'
    # perplexities under generation 0
    **dict.fromkeys([f"lm.repeated_{n}gram_share" for n in (2, 3, 4)], _TEXTS),
    **dict.fromkeys([f"lm.distinct_{n}" for n in (1, 2, 3)], _TEXTS),
    **dict.fromkeys(("lm.vocabulary_coverage", "lm.tail_coverage"), _TEXTS),
    **dict.fromkeys(("lm.first_q50", "lm.first_q99"), _TEXTS),
}


class Series(NamedTuple):
    """One quantity at one setting: generations (n,), and values (runs, n)."""

    generations: np.ndarray
    values: np.ndarray


class RunValues:
    """All series of a project's results."""

    def __init__(self):
        self._series = {}

    def add(self, quantity, setting, generations, values):
        """Keep a series; `setting` may hold more than the quantity's keys."""
        key = tuple(setting[name] for name in QUANTITIES[quantity])
        self._series[quantity, key] = Series(np.asarray(generations), np.asarray(values))

    def find(self, quantity, setting):
        """The series, or None where these results have none."""
        key = tuple(setting[name] for name in QUANTITIES[quantity])
        return self._series.get((quantity, key))

    def add_gaussian(self, chains, *, regime, mean, std):
        """Add the chains of one regime: pairs of setting and (means, stds), as they are read."""
        for setting, means, stds in chains:
            at, generations = {"regime": regime, **setting}, np.arange(means.shape[1])
            self.add("gaussian.mean", at, generations, (means - mean) / std)
            self.add("gaussian.log_std", at, generations, np.log(stds / std))

    def add_growing(self, arrays, grid, *, size):
        """Add the replace chains with a growing number of samples.

        Parameters
        ----------
        arrays : dict of ndarray
            generations (n,); means and stds, shape (settings, runs, n), the truth being N(0, 1).
        grid : sequence of (ddof, noise, power)
        size : int
            M of generation 0.
        """
        for place, means, stds in zip(grid, arrays["means"], arrays["stds"], strict=True):
            at = {**dict(zip(("ddof", "noise", "power"), place, strict=True)), "size": size}
            for name, values in (
                ("squared_distance", means**2 + (stds - 1) ** 2),
                ("sample_variance", means**2 + stds**2),
                ("log_variance", 2 * np.log(stds)),
            ):
                self.add(f"growing.{name}", at, arrays["generations"], values)

    def add_mixtures(self, chains):
        """Add chains of mixtures: pairs of setting and history, as they are read."""
        for setting, history in chains:
            for name, values in mixture_summary.quantities(history).items():
                if name != "steps":
                    self.add(f"gmm.{name}", setting, np.arange(values.shape[1]), values)

    def add_discrete(self, distribution, size, arrays):
        """Add what `discrete.chain` observed of one distribution and size M, as it is stored."""
        at, true = {"distribution": distribution, "size": size}, arrays["true"]
        observed = {
            name.removesuffix(f"_{size}"): values
            for name, values in arrays.items()
            if name.endswith(f"_{size}")
        }
        generations, rare = observed["generation"], int(discrete.is_rare(true, size).sum())
        left = observed["rare"] + observed["common"]
        self.add("discrete.states", at, generations, left / len(true))
        self.add("discrete.absorbed", at, generations, (left == 1).astype(float))
        for name, whole in (("rare", rare), ("common", len(true) - rare)):
            if whole:
                self.add(f"discrete.{name}", at, generations, observed[name] / whole)
        ended = observed["absorbed_in"][observed["absorbed_in"] >= 0]
        equal = np.full(len(true), 1 / len(true))
        for law, suffix in ((true, ""), (equal, "_if_equal")):
            position, first = np.cumsum(law) - law / 2, np.eye(1, len(law))[0] / law[0]
            for name, of_state in (("position", position), ("first", first)):
                values = of_state[ended][:, None]
                self.add(f"discrete.end_{name}{suffix}", at, generations[-1:], values)

    def add_table(self, family, table, keys):
        """Add a table with columns quantity, generation, run00, run01, … and those named."""
        runs = table.filter(regex=r"^run\d+$").columns
        for place, rows in table.groupby(["quantity", *keys], sort=False):
            quantity, at = f"{family}.{place[0]}", dict(zip(keys, place[1:], strict=True))
            if quantity in QUANTITIES:
                self.add(quantity, at, rows["generation"], rows[runs].to_numpy(float).T)

    def add_under_first(self, setting, runs):
        """Add quantiles of the texts' perplexities under generation 0.

        Parameters
        ----------
        setting : str
        runs : list of ndarray, each of shape (1 + generations, texts)
            Real text first, as for `lm_summary.histograms`.
        """
        generations = np.arange(-1, len(runs[0]) - 1)
        for percent in (50, 99):
            values = np.stack([np.percentile(run, percent, axis=1) for run in runs])
            self.add(f"lm.first_q{percent}", {"setting": setting}, generations, values)


def read(given, settings):
    """All series of a project's results.

    Parameters
    ----------
    given : dict
        Paths. Lists, in the order of their settings: gaussian, discrete, gmm, lm_runs; files:
        growing, vae, lm_perplexity, lm_text.
    settings : dict
        truth, gaussian (regimes, grid), growing (ddof, noise, powers, size), discrete
        (distributions, sizes), gmm (grid), lm (settings).

    Returns
    -------
    RunValues
    """
    runs, grid = RunValues(), settings["gaussian"]["grid"]
    for regime, paths in _by(settings["gaussian"]["regimes"], given["gaussian"]):
        runs.add_gaussian(gaussian.read_chains(paths, grid), regime=regime, **settings["truth"])
    growing = settings["growing"]
    places = itertools.product(*(growing[name] for name in ("ddof", "noise", "powers")))
    runs.add_growing(files.read_arrays(given["growing"]), places, size=growing["size"])
    for name, (path,) in _by(settings["discrete"]["distributions"], given["discrete"]):
        arrays = files.read_arrays(path)
        for size in settings["discrete"]["sizes"]:
            runs.add_discrete(name, size, arrays)
    runs.add_mixtures(mixture.read_chains(given["gmm"], settings["gmm"]))
    runs.add_table("vae", pd.read_csv(given["vae"]), ["regime"])
    perplexity = pd.read_csv(given["lm_perplexity"]).assign(quantity="perplexity")
    runs.add_table("lm", perplexity, ["setting", "definition"])
    runs.add_table("lm", pd.read_csv(given["lm_text"]), ["setting"])
    for name, paths in _by(settings["lm"], given["lm_runs"]):
        runs.add_under_first(name, [files.read_arrays(path)["under_first"] for path in paths])
    return runs


def _by(names, paths):
    """Pairs of a name and its share of the paths."""
    return zip(names, np.reshape(paths, (len(names), -1)).tolist(), strict=True)
