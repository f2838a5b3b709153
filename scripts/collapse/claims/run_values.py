"""Values of every run by generation, for all families: the data on which claims are judged.

A quantity is named ``<family>.<quantity>``. It is known at some *settings*, which give a value to
each of its keys in `QUANTITIES`.
"""

import itertools
from typing import NamedTuple

import numpy as np

from collapse.discrete import discrete
from collapse.mixture import mixture, summary

_DISCRETE = ("distribution", "size")
_VAE = ("regime",)
_TEXTS = ("setting",)

# name of each quantity: keys of its settings
QUANTITIES = {
    # fitted normal distribution: (μ̂ − μ)/σ, and ln(σ̂/σ)
    **dict.fromkeys(("gaussian.mean", "gaussian.log_std"), ("regime", "ddof", "size")),
    # replace with M(g) = size·(g + 1)^power: W₂², total variance of a sample, ln(σ̂²/σ²)
    **dict.fromkeys(
        ("growing.squared_distance", "growing.sample_variance", "growing.log_variance"),
        ("ddof", "noise", "power", "size"),
    ),
    # see collapse.mixture.summary.quantities
    **dict.fromkeys(("gmm.l2", "gmm.total_std", "gmm.component_std"), ("regime", "data", "size")),
    # share left of all states, of those with q ≤ 1/M, of those with q > 1/M; 1 if one state is left
    **dict.fromkeys(
        [f"discrete.{name}" for name in ("states", "rare", "common", "absorbed")], _DISCRETE
    ),
    # state in which a run is absorbed. position: true probability of all states before it plus half
    # of its own. first: 1/q of the most probable state if it is that state, else 0. The suffix
    # _if_equal means the same quantity with equal probabilities for all states.
    **dict.fromkeys(
        [f"discrete.end_{name}" for name in ("position", "position_if_equal")], _DISCRETE
    ),
    **dict.fromkeys([f"discrete.end_{name}" for name in ("first", "first_if_equal")], _DISCRETE),
    # generation g is data(g), that is samples(g − 1); for the loss it is model(g)
    **dict.fromkeys(
        [
            f"vae.{name}"
            for name in ("latent_std", "latent_tail_share", "class_entropy", "confidence")
        ],
        _VAE,
    ),
    **dict.fromkeys(("vae.pixel_deviation", "vae.last_epoch_loss"), _VAE),
    # generation of the model, −1 before fine-tuning
    "lm.perplexity": ("setting", "definition"),
    # generation of the model that wrote the text, −1 for real text. first_q50 and first_q99 are
    # quantiles of the perplexity of the blocks of text under generation 0.
    **dict.fromkeys([f"lm.repeated_{n}gram_share" for n in (2, 3, 4)], _TEXTS),
    **dict.fromkeys([f"lm.distinct_{n}" for n in (1, 2, 3)], _TEXTS),
    **dict.fromkeys(("lm.vocabulary_coverage", "lm.tail_coverage"), _TEXTS),
    **dict.fromkeys(("lm.first_q50", "lm.first_q99"), _TEXTS),
}


class Series(NamedTuple):
    """One quantity at one setting.

    Parameters
    ----------
    generations : ndarray of int, shape (n,)
    values : ndarray, shape (runs, n)
    """

    generations: np.ndarray
    values: np.ndarray


class RunValues:
    """All series, by quantity and setting."""

    def __init__(self):
        self._series = {}

    def add(self, quantity, setting, generations, values):
        """Add one series.

        Parameters
        ----------
        quantity : str
            One of `QUANTITIES`.
        setting : mapping
            A value for each key of the quantity; other keys are ignored.
        generations : array_like of int, shape (n,)
        values : array_like, shape (runs, n)
        """
        key = tuple(setting[name] for name in QUANTITIES[quantity])
        self._series[quantity, key] = Series(np.asarray(generations), np.asarray(values))

    def find(self, quantity, setting):
        """Return the `Series` of a quantity at a setting, or None if there is none."""
        key = tuple(setting[name] for name in QUANTITIES[quantity])
        return self._series.get((quantity, key))

    def add_gaussian(self, chains, *, regime, mean, std):
        """Add the Gaussian chains of one regime.

        Parameters
        ----------
        chains : iterable of (dict, dict)
            Setting, and arrays means and stds, each of shape (runs, generations).
        regime : str
        mean, std : float
            True mean and standard deviation.
        """
        for setting, arrays in chains:
            means, stds = arrays["means"], arrays["stds"]
            at, generations = {"regime": regime, **setting}, np.arange(means.shape[1])
            self.add("gaussian.mean", at, generations, (means - mean) / std)
            self.add("gaussian.log_std", at, generations, np.log(stds / std))

    def add_growing(self, arrays, grid, *, size):
        """Add replace chains with a growing number of samples.

        Parameters
        ----------
        arrays : dict of ndarray
            generations, shape (n,); means and stds, shape (settings, runs, n). The truth is
            N(0, 1).
        grid : iterable of (int, float, float)
            ddof, noise and power of each setting.
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
        """Add chains of mixtures.

        Parameters
        ----------
        chains : iterable of (dict, dict)
            Setting, and arrays of `collapse.mixture.mixture.Mixtures` with the leading axes
            (runs, generations).
        """
        for setting, arrays in chains:
            for name, values in summary.quantities(mixture.Mixtures(**arrays)).items():
                if name != "steps":
                    self.add(f"gmm.{name}", setting, np.arange(values.shape[1]), values)

    def add_discrete(self, distribution, size, arrays):
        """Add the discrete chains of one distribution and size M.

        Parameters
        ----------
        distribution : str
        size : int
        arrays : dict of ndarray
            true, the true probabilities, and the results of `collapse.discrete.discrete.chain`,
            with the size as suffix of each name.
        """
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
        """Add the series of a table, as far as they are in `QUANTITIES`.

        Parameters
        ----------
        family : str
        table : DataFrame
            Columns quantity, generation, run00, run01, … and `keys`.
        keys : list of str
            Columns of the setting.
        """
        runs = table.filter(regex=r"^run\d+$").columns
        for place, rows in table.groupby(["quantity", *keys], sort=False):
            quantity, at = f"{family}.{place[0]}", dict(zip(keys, place[1:], strict=True))
            if quantity in QUANTITIES:
                self.add(quantity, at, rows["generation"], rows[runs].to_numpy(float).T)

    def add_under_first(self, setting, runs):
        """Add quantiles of the perplexity of text under generation 0.

        Parameters
        ----------
        setting : str
        runs : list of ndarray, each of shape (1 + generations, blocks)
            Perplexity of each block, real text first; see `collapse.lm.summary.histograms`.
        """
        generations = np.arange(-1, len(runs[0]) - 1)
        for percent in (50, 99):
            values = np.stack([np.percentile(run, percent, axis=1) for run in runs])
            self.add(f"lm.first_q{percent}", {"setting": setting}, generations, values)


def collect(results, settings):
    """Collect the series of all families.

    Parameters
    ----------
    results : dict
        Arguments of the methods of `RunValues`: gaussian, an iterable of regime and chains;
        growing, arrays; discrete, an iterable of distribution and arrays; gmm, chains; vae,
        lm_perplexity and lm_text, tables; lm_runs, an iterable of setting and runs.
    settings : dict
        truth (mean and std), growing (ddof, noise, powers and size), discrete (sizes).

    Returns
    -------
    RunValues
    """
    runs = RunValues()
    for regime, chains in results["gaussian"]:
        runs.add_gaussian(chains, regime=regime, **settings["truth"])
    growing = settings["growing"]
    grid = itertools.product(*(growing[name] for name in ("ddof", "noise", "powers")))
    runs.add_growing(results["growing"], grid, size=growing["size"])
    for distribution, arrays in results["discrete"]:
        for size in settings["discrete"]["sizes"]:
            runs.add_discrete(distribution, size, arrays)
    runs.add_mixtures(results["gmm"])
    runs.add_table("vae", results["vae"], ["regime"])
    perplexity = results["lm_perplexity"].assign(quantity="perplexity")
    runs.add_table("lm", perplexity, ["setting", "definition"])
    runs.add_table("lm", results["lm_text"], ["setting"])
    for setting, under_first in results["lm_runs"]:
        runs.add_under_first(setting, under_first)
    return runs
