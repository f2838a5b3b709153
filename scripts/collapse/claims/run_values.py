"""Values of every run by generation, for all families: the data on which claims are judged.

A quantity is named ``<family>.<quantity>``. It is known at some *settings*, which give a value to
each of its keys in `QUANTITIES`.
"""

import itertools
from typing import NamedTuple

import numpy as np
from scipy import stats

from collapse.discrete import discrete
from collapse.human_data import phase
from collapse.mixture import mixture, summary

_DISCRETE = ("distribution", "size")
_VAE = ("regime",)
_TEXTS = ("setting",)
_MIX = ("map", "real", "size", "bias")

# name of each quantity: keys of its settings
QUANTITIES = {
    # fitted normal distribution: (μ̂ − μ)/σ, and ln(σ̂/σ); the Kullback-Leibler divergence of the
    # truth from it; whether its probability beyond 2 σ of μ is less than half of the truth's; its
    # probability beyond 3.29 σ of μ, over the truth's
    **dict.fromkeys(
        [f"gaussian.{name}" for name in ("mean", "log_std", "risk", "tail_lost", "unreal")],
        ("regime", "ddof", "size"),
    ),
    # replace with M(g) = size·(g + 1)^power: W₂², total variance of a sample, ln(σ̂²/σ²)
    **dict.fromkeys(
        ("growing.squared_distance", "growing.sample_variance", "growing.log_variance"),
        ("ddof", "noise", "power", "size"),
    ),
    # see collapse.mixture.summary.quantities; risk: squared L2 distance to the truth; mode_density:
    # least density at a mean of the truth, over the truth's
    **dict.fromkeys(
        [f"gmm.{name}" for name in ("l2", "total_std", "component_std", "risk", "mode_density")],
        ("regime", "data", "size"),
    ),
    # share left of all states, of those with q ≤ 1/M, of those with q > 1/M; 1 if one state is
    # left; chance that two draws differ, over the truth's
    **dict.fromkeys(
        [f"discrete.{name}" for name in ("states", "rare", "common", "absorbed", "diversity")],
        _DISCRETE,
    ),
    # state in which each absorbed run ends, to be tested against its law: the true probabilities,
    # or equal ones
    **dict.fromkeys(("discrete.end_state", "discrete.end_state_if_equal"), _DISCRETE),
    # generation g is data(g), that is samples(g − 1); for the loss it is model(g)
    **dict.fromkeys(
        [
            f"vae.{name}"
            for name in (
                *("latent_mean", "latent_std", "latent_tail_share"),
                *("class_entropy", "confidence"),
            )
        ],
        _VAE,
    ),
    **dict.fromkeys(("vae.pixel_deviation", "vae.last_epoch_loss"), _VAE),
    # what is kept in the long run, see collapse.human_data.phase; the generation is not numbered
    "human_data.kept": _MIX,
    # generation of the model, −1 before fine-tuning: loss of real test text in nats per token, by
    # block; perplexity, see `RunValues.add_language_model`
    "lm.loss": _TEXTS,
    "lm.perplexity": ("setting", "definition"),
    # generation of the model that wrote the text, −1 for real text. repeated_3gram_share,
    # beyond_first and below_first are by block, first_q50 and first_q99 of all blocks of a run.
    **dict.fromkeys(("lm.repeated_3gram_share", "lm.beyond_first", "lm.below_first"), _TEXTS),
    **dict.fromkeys(("lm.first_q50", "lm.first_q99"), _TEXTS),
    # generation 0: loss of an n-gram model on the same test text
    "lm.ngram_loss": (),
}

BLOCKS = ("lm.loss", "lm.repeated_3gram_share", "lm.beyond_first", "lm.below_first")
WITH_LAW = ("discrete.end_state", "discrete.end_state_if_equal")


def family(quantity):
    """Family of experiments that a quantity belongs to."""
    return quantity.partition(".")[0]


class Series(NamedTuple):
    """One quantity at one setting.

    Parameters
    ----------
    generations : ndarray of int, shape (n,)
    values : ndarray, shape (runs, n) or, for quantities in `BLOCKS`, (runs, n, blocks)
    documents : ndarray of int, shape (blocks,), optional
        Document of each block, if the blocks are the same in all runs.
    law : ndarray, shape (states,), optional
        For quantities in `WITH_LAW`: probability of each state.
    """

    generations: np.ndarray
    values: np.ndarray
    documents: np.ndarray | None = None
    law: np.ndarray | None = None


class RunValues:
    """All series, by quantity and setting."""

    def __init__(self):
        self._series = {}

    def add(self, quantity, setting, generations, values, **facts):
        """Add one series.

        Parameters
        ----------
        quantity : str
            One of `QUANTITIES`.
        setting : mapping
            A value for each key of the quantity; other keys are ignored.
        generations : array_like of int, shape (n,)
        values : array_like, shape (runs, n) or (runs, n, blocks)
        **facts
            Further fields of `Series`.
        """
        key = tuple(setting[name] for name in QUANTITIES[quantity])
        self._series[quantity, key] = Series(np.asarray(generations), np.asarray(values), **facts)

    def find(self, quantity, setting):
        """Return the `Series` of a quantity at a setting, or None if there is none."""
        key = tuple(setting[name] for name in QUANTITIES[quantity])
        return self._series.get((quantity, key))

    def settings(self, quantity):
        """The settings at which a quantity is known, in the order in which they were added.

        Returns
        -------
        list of dict
        """
        keys = QUANTITIES[quantity]
        return [dict(zip(keys, at, strict=True)) for name, at in self._series if name == quantity]

    def families(self):
        """Families of which there is at least one series."""
        return {family(quantity) for quantity, _ in self._series}

    def cells(self, quantity):
        """Differences of a quantity in `BLOCKS` to generation 0, from all settings.

        Parameters
        ----------
        quantity : str

        Returns
        -------
        list of ndarray, each of shape (runs, blocks)
            One for each setting and each generation after 0.
        """
        found = [one for (name, _), one in self._series.items() if name == quantity]
        return [
            one.values[:, k] - one.values[:, one.generations == 0][:, 0]
            for one in found
            if 0 in one.generations
            for k in np.flatnonzero(one.generations > 0)
        ]

    def add_gaussian(self, chains, *, regime, mean, std):
        """Add the Gaussian chains of one regime.

        Parameters
        ----------
        chains : iterable of (dict, dict)
            Setting, and arrays generations, shape (n,), and means and stds, each (runs, n).
        regime : str
        mean, std : float
            True mean and standard deviation.
        """
        for setting, arrays in chains:
            means, stds = arrays["means"], arrays["stds"]
            at, generations = {"regime": regime, **setting}, arrays["generations"]
            self.add("gaussian.mean", at, generations, (means - mean) / std)
            self.add("gaussian.log_std", at, generations, np.log(stds / std))
            for name, values in _normal_risks((means - mean) / std, stds / std).items():
                self.add(f"gaussian.{name}", at, generations, values)

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

    def add_mixtures(self, chains, truths):
        """Add chains of mixtures.

        Parameters
        ----------
        chains : iterable of (dict, dict)
            Setting, and arrays of `collapse.mixture.mixture.Mixtures` with the leading axes
            (runs, generations).
        truths : dict of dict
            Arguments of `collapse.mixture.mixture.truth`, by the setting's ``data``.
        """
        for setting, arrays in chains:
            history, truth = mixture.Mixtures(**arrays), truths[setting["data"]]
            found = summary.quantities(history) | summary.against_truth(history, truth)
            for name, values in found.items():
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
        diversity = observed["heterozygosity"] / (1 - (true**2).sum())
        self.add("discrete.diversity", at, generations, diversity)
        for name, whole in (("rare", rare), ("common", len(true) - rare)):
            if whole:
                self.add(f"discrete.{name}", at, generations, observed[name] / whole)
        ended = observed["absorbed_in"][observed["absorbed_in"] >= 0][:, None]
        equal = np.full(len(true), 1 / len(true))
        self.add("discrete.end_state", at, generations[-1:], ended, law=true)
        self.add("discrete.end_state_if_equal", at, generations[-1:], ended, law=equal)

    def add_human_data(self, kept, settings):
        """Add what chains with fresh real data keep in the long run.

        Parameters
        ----------
        kept : dict of ndarray
            From `collapse.human_data.phase.measure`.
        settings : dict
            ``human_data`` of the configuration.
        """
        for name, places in phase.points(settings).items():
            for place, values in zip(places, kept[name], strict=True):
                at = dict(zip(_MIX, (name, *place), strict=True))
                self.add("human_data.kept", at, [0], values[:, None])

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

    def add_language_model(self, setting, arrays):
        """Add all quantities of one setting of the language model.

        Parameters
        ----------
        setting : str
        arrays : dict of ndarray
            losses, shape (runs, 1 + generations, blocks): mean loss in nats per token of each block
            of real test text under the model before fine-tuning, model(0), model(1), …
            documents, shape (blocks,): document of each of these blocks.
            under_first, shape (runs, 1 + generations, blocks): the same loss of blocks of real
            text, samples(0), samples(1), … under model(0).
            repeated, like under_first: share of the 3-grams of a block that occur earlier in it.
            Any of them may be missing.
        """
        at = {"setting": setting}
        for name, add in (
            ("losses", self._add_losses),
            ("under_first", self._add_under_first),
            ("repeated", self._add_repeated),
        ):
            if name in arrays:
                values = np.asarray(arrays[name], dtype=float)
                add(at, np.arange(-1, values.shape[1] - 1), values, arrays.get("documents"))

    def _add_losses(self, at, generations, losses, documents):
        """Add losses, and perplexities by both definitions."""
        self.add("lm.loss", at, generations, losses, documents=documents)
        for definition, values in (
            ("token", np.exp(losses.mean(axis=2))),
            ("sequence", np.exp(losses).mean(axis=2)),
        ):
            self.add("lm.perplexity", {**at, "definition": definition}, generations, values)

    def _add_under_first(self, at, generations, losses, _):
        """Add quantiles, and for each block whether it is beyond those of samples(0)."""
        own = losses[:, 1]  # of samples(0)
        for percent in (50, 99):
            values = np.percentile(np.exp(losses), percent, axis=2)
            self.add(f"lm.first_q{percent}", at, generations, values)
        median, high = np.percentile(own, [50, 99], axis=1)
        beyond, below = losses > high[:, None, None], losses < median[:, None, None]
        self.add("lm.beyond_first", at, generations, beyond.astype(float))
        self.add("lm.below_first", at, generations, below.astype(float))

    def _add_repeated(self, at, generations, shares, _):
        self.add("lm.repeated_3gram_share", at, generations, shares)


def collect(results, settings):
    """Collect the series of all families that were run.

    Parameters
    ----------
    results : dict
        Arguments of the methods of `RunValues`. Each of them may be missing: gaussian, an iterable
        of regime and chains; growing, arrays; discrete, an iterable of distribution and arrays;
        gmm, chains; human_data, arrays; vae, a table; lm, an iterable of setting and arrays;
        lm_baselines, for ngram_loss its values, one for each run.
    settings : dict
        truth (mean and std), growing (ddof, noise, powers and size), discrete (sizes), mixtures
        (the truths, by data), human_data; those of missing results are not needed.

    Returns
    -------
    RunValues
    """
    runs = RunValues()
    for regime, chains in results.get("gaussian", ()):
        runs.add_gaussian(chains, regime=regime, **settings["truth"])
    if "growing" in results:
        growing = settings["growing"]
        grid = itertools.product(*(growing[name] for name in ("ddof", "noise", "powers")))
        runs.add_growing(results["growing"], grid, size=growing["size"])
    for distribution, arrays in results.get("discrete", ()):
        for size in settings["discrete"]["sizes"]:
            runs.add_discrete(distribution, size, arrays)
    runs.add_mixtures(results.get("gmm", ()), settings.get("mixtures", {}))
    if "human_data" in results:
        runs.add_human_data(results["human_data"], settings["human_data"])
    if "vae" in results:
        runs.add_table("vae", results["vae"], ["regime"])
    for setting, arrays in results.get("lm", ()):
        runs.add_language_model(setting, arrays)
    for name, values in results.get("lm_baselines", {}).items():
        runs.add(f"lm.{name}", {}, [0], np.reshape(values, (-1, 1)))
    return runs


def _normal_risks(shift, spread):
    """What fits lose and make, with the truth as the unit of mean and standard deviation."""

    def beyond(far):
        upper, lower = (
            stats.norm.sf((far - shift) / spread),
            stats.norm.cdf((-far - shift) / spread),
        )
        return (upper + lower) / (2 * stats.norm.sf(far))

    return {
        "risk": np.log(spread) + (1 + shift**2) / (2 * spread**2) - 0.5,
        "tail_lost": (beyond(2) < 0.5).astype(float),
        "unreal": beyond(stats.norm.isf(0.0005)),
    }
