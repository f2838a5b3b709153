"""What the configuration may hold: every key's type, limits, meaning and source.

Models check a configuration and describe it; jobs receive plain dictionaries. Defaults are in
config.yaml: a key has a default here only if it may be left out.
"""

import math
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

TAGS = {False: "[one]", True: "[several]"}  # never part of a key's name
LARGEST = 10**9  # of a count; no machine could run more
LINES = 6  # line styles that a figure can tell apart, see report.plotting
EXTREME = 1e6  # of lengths in data units: their powers and ratios stay far from a float's limits
SMALLEST_LOG_STD = -320.0  # below about −354 the variance is less than the smallest float
LARGEST_LOG_VARIANCE = 600.0  # a float overflows above 709
PRECISION = 1e-12  # in multiples of the largest variance: what is less is lost in rounding errors


class Section(BaseModel):
    """Keys that belong together: unknown keys, other types and infinite numbers are mistakes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    def contradictions(self):
        """Lines on keys that contradict each other; each starts with a key of this section."""
        return ()

    @model_validator(mode="after")
    def _agrees_with_itself(self):
        if lines := list(self.contradictions()):
            raise ValueError(*lines)
        return self


def key(meaning, source="our choice", **limits):
    """A key: its meaning with the unit, where its value comes from, and pydantic's limits."""
    return Field(description=meaning, json_schema_extra={"source": source}, **limits)


def whole(least, most=LARGEST):
    """Type of a whole number within limits."""
    return Annotated[int, Field(ge=least, le=most)]


def listed(item, shortest=1, longest=None):
    """Type of a list of distinct items."""
    limits = Field(min_length=shortest, max_length=longest, json_schema_extra={"uniqueItems": True})
    return Annotated[list[item], limits, AfterValidator(_distinct)]


def one_or_several(item):
    """Type of an item, or of a list of at least two distinct ones."""
    return Annotated[
        Annotated[item, Tag(TAGS[False])] | Annotated[listed(item, shortest=2), Tag(TAGS[True])],
        Discriminator(lambda value: TAGS[isinstance(value, list)]),
    ]


def _distinct(items):
    for position, item in enumerate(items):
        if item in items[:position]:
            raise ValueError(f"has the entry {item!r} twice: drop one")
    return items


CODE, TEXT, SWITCH = "released code", "paper", "–"

Index = whole(0)
Count = whole(1)
Several = whole(2)
States = whole(2, 3000)  # the exact law works on matrices of this size
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Place = Annotated[float, Field(ge=-EXTREME, le=EXTREME)]
Width = Annotated[float, Field(ge=1 / EXTREME, le=EXTREME)]
Spread = Annotated[float, Field(ge=0, le=EXTREME)]
Text = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*$", max_length=60)]
Names = listed(Name)
Sizes = listed(Several)
Generations = listed(Index)
Channels = Annotated[list[Count], Field(min_length=2, max_length=2)]
Corpus = Literal["wikipedia_leads", "state_of_the_union", "wikitext2"]


class Job(Section):
    """What one job of a heavy rule asks a cluster for; `make plan` shows what jobs take."""

    mem_mb: Count = key("memory, megabytes; doubled with every attempt")
    runtime: Count = key("time limit, minutes; doubled with every attempt")
    gpu: bool = key("asks for a GPU unless device is cpu; may be left out", SWITCH, default=False)


class Jobs(Section):
    """Resources of heavy jobs on a cluster."""

    grouped: listed(Literal["gaussian", "gmm", "vae", "lm"], shortest=0) = key(
        "families for which all generations of a run are one job of the scheduler"
    )
    discrete_chain: Job = key("run the discrete chains", SWITCH)
    gaussian_chain: Job = key("run a block of generations of the 1-D Gaussian", SWITCH)
    gaussian_estimation: Job = key("estimate a Gaussian from growing samples", SWITCH)
    gmm_chain: Job = key("run a block of generations of the mixture", SWITCH)
    digit_classifier: Job = key("train the classifier of digits", SWITCH)
    vae_train: Job = key("train a VAE", SWITCH)
    vae_evaluate: Job = key("evaluate a run of VAEs", SWITCH)
    lm_pretrain: Job = key("pretrain the own language model", SWITCH)
    lm_real: Job = key("cut the corpus into blocks", SWITCH)
    lm_train: Job = key("fine-tune a language model and generate its samples", SWITCH)
    lm_evaluate: Job = key("evaluate a run of language models", SWITCH)
    lm_text: Job = key("compare generated with real text", SWITCH)


class Mnist(Section):
    """Handwritten digits, for the VAE."""

    source: Literal["auto", "package", "torchvision", "path"] = key(
        "package (offline), torchvision (download), path (a folder), or auto: package if it is "
        "installed, else torchvision",
        SWITCH,
    )
    path: str | None = key("folder with the four MNIST files, for source: path", SWITCH)

    def contradictions(self):
        if self.source != "path":
            return
        if self.path is None:
            yield "path is null, but source is 'path': name a folder."
        elif not Path(self.path).is_dir():
            kind = "a file" if Path(self.path).is_file() else "missing"
            yield (
                f"path is '{self.path}', which is {kind}: name the folder that holds the four "
                "MNIST files."
            )


class Wikitext2(Section):
    """WikiText-2, for the language model."""

    path: str | None = key(
        "folder with wiki.{train,valid,test}.raw or {train,valid,test}.txt; null: download from "
        "the Hugging Face hub",
        SWITCH,
    )


class Datasets(Section):
    """Where data sets come from."""

    mnist: Mnist = key("MNIST", SWITCH)
    wikitext2: Wikitext2 = key("WikiText-2", SWITCH)


class Mix(Section):
    """A regime: data(g+1) as a mix of samples(g), data(g) and data(0). All keys may be left out."""

    new: Share = key("share of samples(g), α in the paper", SWITCH, default=1.0)
    previous: Share = key("share of data(g), β in the paper", SWITCH, default=0.0)
    real: Share = key("share of data(0), γ in the paper", SWITCH, default=0.0)
    accumulate: bool = key("use all generations' samples, not shares", SWITCH, default=False)
    keep_real: bool = key("with accumulate: data(0) is in the union", SWITCH, default=True)
    subsample: bool = key("with accumulate: draw as many as data(0) has", SWITCH, default=False)
    size: Annotated[float, Field(gt=0, le=1)] = key(
        "items of data(g), as a share of those of data(0)", SWITCH, default=1.0
    )
    fresh: bool = key(
        "real items are new draws from the truth, in each generation; with accumulate, new and "
        "real are then shares of what a generation adds",
        SWITCH,
        default=False,
    )
    pool: Count | None = key(
        "real items that exist in all, the first of data(0) or data(0) and more; each generation "
        "takes its real items from them; null: data(0), each item at its place",
        SWITCH,
        default=None,
    )
    weight: Positive = key(
        "weight of a real item in the fit; a sample has weight 1", SWITCH, default=1.0
    )
    bias: Annotated[float, Field(gt=0, le=EXTREME)] = key(
        "variance of a draw from a model, as a share of the model's: τ²; less than 1 sharpens",
        SWITCH,
        default=1.0,
    )
    verifier_keeps: Annotated[float, Field(ge=0.001, le=1)] = key(
        "share of the draws that a verifier keeps as samples, those that the truth makes most "
        "likely; 1: no verifier",
        SWITCH,
        default=1.0,
    )
    verifier_shift: Place = key(
        "distance of what the verifier takes for the truth from the truth, in true standard "
        "deviations, along the first axis",
        SWITCH,
        default=0.0,
    )

    def contradictions(self):
        shares, unions = ("new", "previous", "real"), ("keep_real", "subsample")
        if self.accumulate and self.fresh:
            shares = ()
        idle = [k for k in (shares if self.accumulate else unions) if k in self.model_fields_set]
        if idle and self.accumulate:
            yield (
                f"accumulate is true, so that {', '.join(idle)} has no meaning: drop it, or give "
                "the regime a name that config.yaml does not define."
            )
        elif idle:
            yield f"{idle[0]} has a meaning only with accumulate: true; drop it."
        total = self.new + self.previous + self.real
        if not self.accumulate and abs(total - 1) > 1e-9:
            yield f"new + previous + real is {total:g}, but the shares must sum to 1: change them."
        if self.size != 1 and (self.accumulate or self.previous):
            yield (
                f"size is {self.size:g}, but must be 1 with accumulate or previous: drop it, or "
                "choose other shares."
            )
        if self.beyond_items():
            from collapse.process import regimes  # imports numpy

            yield from regimes.contradictions(self)

    def beyond_items(self):
        """Keys in use that go beyond the choice of items, see `UNSUPPORTED`."""
        defaults = {name: field.default for name, field in Mix.model_fields.items()}
        return [name for name in BEYOND_ITEMS if getattr(self, name) != defaults[name]]


BEYOND_ITEMS = ("fresh", "pool", "weight", "bias", "verifier_keeps", "verifier_shift")
# keys that a section's models do not have, and why
UNSUPPORTED = {
    "gmm": (("weight",), "scikit-learn's mixture has no weights"),
    "approximation.kernel_ridge": (BEYOND_ITEMS, "its chains have a law for mixed items only"),
    "ngram": (BEYOND_ITEMS, "the words of a run are one passage of text, counted as they are"),
    "vae": (BEYOND_ITEMS, "networks are trained on mixed items only"),
    "lm": (BEYOND_ITEMS, "networks are trained on mixed items only"),
}

# names that have one meaning wherever closed forms or published values are shown
MEANINGS = {
    "replace": Mix(),
    "pool": Mix(accumulate=True),
    "pool_subsample": Mix(accumulate=True, subsample=True),
}
# names that a regime's files could be mistaken for
RESERVED = {
    "real": "generation 0, which all regimes share",
    "estimation": "the figure gaussian_estimation",
    "growing": "the figure gaussian_growing",
    "wasserstein": "the figure gaussian_wasserstein",
}


class TailCutting(Section):
    """Bins that lose their tails: the picture that introduces model collapse."""

    mean: NonNegative = key("two normals at ± mean", "arXiv version, figure 3")
    std: Positive = key("their standard deviation", "arXiv version, figure 3")
    tail_share: Share = key("share of the second distribution that is N(0, tail_std²)")
    tail_std: Positive = key("standard deviation of the tails")
    limit: Positive = key("bins reach from −limit to limit")
    bin_width: Positive = key("width of a bin; divides the range")
    size: States = key("M, items per generation")
    generations: listed(Index, longest=LINES) = key("generations whose empty bins are counted")
    runs: Several = key("independent runs")

    def contradictions(self):
        bins = 2 * self.limit / self.bin_width
        if bins < 1 or abs(bins - round(bins)) > 1e-9 * bins:
            yield (
                f"bin_width is {self.bin_width}, which does not divide the range from "
                f"-{self.limit} to {self.limit}: change one of them."
            )


class Discrete(Section):
    """Chains of discrete distributions, which lose one state after another."""

    distributions: listed(Literal["uniform", "zipf", "corpus"]) = key(
        "true distributions; corpus: the words of a text", "our choice; the paper names none"
    )
    corpus: Corpus = key("that text")
    states: Several = key("states of uniform and zipf")
    zipf_exponent: NonNegative = key("probability ∝ rank^−exponent")
    sizes: listed(States, longest=LINES) = key("M, items per generation; a line each")
    runs: Several = key("independent runs")
    horizon: Count = key("generations that are followed, in multiples of M")
    tail_cutting: TailCutting = key("bins that lose their tails")


class Chains(Section):
    """A family whose jobs run blocks of generations for batches of runs."""

    generations_per_job: Count = key("generations of a job; a killed run resumes at the last job")
    runs: Several = key("independent runs", "our choice; paper: 1")
    runs_per_job: Count = key("runs of a job; divides runs")

    def contradictions(self):
        if self.runs % self.runs_per_job:
            yield (
                f"runs is {self.runs}, which is not a multiple of runs_per_job, "
                f"{self.runs_per_job}: change one of them."
            )
        if self.longest_chain() > 200 * self.generations_per_job:
            yield (
                f"generations_per_job is {self.generations_per_job}, which makes a chain of more "
                f"than 200 jobs for {self.longest_chain()} generations: raise it."
            )


class Estimation(Section):
    """How well a Gaussian is estimated from samples."""

    sizes: Sizes = key("points per estimate", CODE)
    repeats: Several = key("estimates of each size", "paper; released code: 1,000")


class Growing(Section):
    """The regime replace with samples that grow: M(g) = size·(g + 1)^power."""

    size: Several = key("M of generation 0, samples")
    powers: listed(Annotated[float, Field(ge=0, le=10)], longest=LINES) = key(
        "growth; the distance stays finite only above 1", "our choice; the theorem's condition"
    )
    noise: listed(Spread, longest=LINES) = key(
        "standard deviation of an extra error of each fitted mean, in true standard deviations"
    )
    last_generation: Count = key("generations after generation 0")
    runs: Several = key("independent runs")

    def contradictions(self):
        most = self.size * (self.last_generation + 1) ** max(self.powers)
        if most > 2**53:
            yield (
                f"powers has {max(self.powers):g}, with which M grows to {most:.2g} samples, more "
                "than a float counts: lower it, or last_generation."
            )


class Every(Section):
    """Chains of which every generation is kept; those that are not run are ignored."""

    ddof: listed(whole(0, 1), shortest=0) = key("their ddof")
    sizes: listed(whole(2), shortest=0) = key("their sizes")


class History(Section):
    """What tables and claims read of Gaussian chains.

    Of every chain, generations spaced evenly on a logarithmic scale are kept.
    """

    generations: listed(Count, shortest=0) = key("more generations of every chain")
    every: Every = key("chains of which every generation is kept, for claims about drift")


class Gaussian(Chains):
    """Chains of one-dimensional Gaussians."""

    mean: Place = key("mean of the true distribution", CODE)
    std: Width = key("standard deviation of the true distribution", CODE)
    regimes: Names = key("which of the regimes to run")
    ddof: listed(whole(0, 1)) = key(
        "the estimate of the variance divides by M − ddof", "0: released code; 1: Theorem 3.1"
    )
    sizes: Sizes = key("M, samples per generation", CODE)
    last_generation: Count = key("generations after generation 0", TEXT)
    history: History = key("what tables and claims read of the chains")
    estimation: Estimation = key("estimates from growing samples")
    growing: Growing = key("samples that grow with the generation")

    def contradictions(self):
        yield from super().contradictions()
        if "replace" in self.regimes:
            yield from vanishing("sizes", min(self.sizes), self.last_generation)
        if 0 in self.growing.powers:
            growing = self.growing
            yield from vanishing("growing.size", growing.size, growing.last_generation)

    def longest_chain(self):
        """Generations of the longest chain."""
        return self.last_generation


class Truth(Section):
    """A true distribution: equally weighted round Gaussians in the plane."""

    means: Annotated[
        list[Annotated[list[Place], Field(min_length=2, max_length=2)]], Field(min_length=1)
    ] = key("centres, (x, y) each", 'paper: "two artificial Gaussians"; released code: one blob')
    std: Width = key("standard deviation of each Gaussian")

    def largest_variance(self):
        """An upper bound of the variance of the whole, along any axis."""
        spans = [max(values) - min(values) for values in zip(*self.means, strict=True)]
        return self.std**2 + sum(span**2 for span in spans) / 4


class MixtureChain(Section):
    """A chain of mixtures."""

    size: whole(3) = key("N, samples per generation", TEXT)
    last_generation: Count = key("generations after generation 0", "our choice; paper: 2,050")


class Fit(Section):
    """scikit-learn's GaussianMixture: two components, full covariance, k-means start."""

    tol: Positive = key("gain of the mean log-likelihood below which EM stops", CODE)
    max_iter: Count = key("EM iterations at most", CODE)
    reg_covar: Annotated[float, Field(ge=PRECISION, le=EXTREME**2)] = key(
        "added to variances; a smaller value is lost in rounding errors", "scikit-learn's default"
    )


class Gmm(Chains):
    """Chains of Gaussian mixtures."""

    data: Names = key("which of the truths to start from")
    truths: Annotated[dict[Name, Truth], Field(min_length=1)] = key("true distributions by name")
    regimes: Names = key("which of the regimes to run")
    chains: Annotated[list[MixtureChain], Field(min_length=1)] = key("sizes and lengths", TEXT)
    fit: Fit = key("how a mixture is fitted")

    def longest_chain(self):
        """Generations of the longest chain."""
        return max(chain.last_generation for chain in self.chains)

    def contradictions(self):
        yield from super().contradictions()
        for name in self.data:
            if name not in self.truths:
                known = ", ".join(self.truths)
                yield f"data names '{name}', which gmm.truths does not define: {known}."
        if len({chain.size for chain in self.chains}) < len(self.chains):
            yield "chains has one size twice: drop one."
        for name in self.data:
            yield from self._precision_contradictions(name)

    def _precision_contradictions(self, name):
        truth, least = self.truths.get(name), self.fit.reg_covar / PRECISION
        if truth and (largest := truth.largest_variance()) > least:
            yield (
                f"fit.reg_covar is {self.fit.reg_covar:g}, which rounding errors hide where "
                f"variances are as large as that of '{name}', {largest:g}: raise it to at least "
                f"{largest * PRECISION:g}."
            )


class Kde(Section):
    """Chains of kernel density estimates in one dimension."""

    regimes: Names = key("which of the regimes to run")
    bandwidths: listed(Width | None) = key(
        "standard deviation of the kernels, in true standard deviations; null: Scott's rule"
    )
    sizes: Sizes = key("M, samples per generation")
    last_generation: Count = key("generations after generation 0")
    runs: Several = key("independent runs")

    def contradictions(self):
        size = min(self.sizes)
        if None not in self.bandwidths:
            return
        if size < 5:
            yield (
                f"sizes has {size}, but with Scott's rule (a null in kde.bandwidths) fewer than 5 "
                "samples shrink to a point: raise it, or drop null."
            )
        growth = self.last_generation * math.log1p(size**-0.4)
        if growth > LARGEST_LOG_VARIANCE:
            yield (
                f"last_generation is {self.last_generation}, in which Scott's rule widens {size} "
                "samples beyond the largest float: lower it, or raise kde.sizes."
            )


class Steps(Section):
    """Gradient steps of a fit that may end before the best fit."""

    steps: Count = key("natural gradient steps of a fit")
    step_size: Annotated[float, Field(gt=0, le=1)] = key(
        "share of the distance to the best fit that a step goes"
    )


class Sources(Section):
    """The three sources of error, each alone, where a normal distribution is fitted.

    Lengths are in true standard deviations.
    """

    sizes: listed(whole(6), longest=2) = key(
        "M, samples per generation: the statistical error; without it, infinitely many"
    )
    truths: listed(Literal["laplace", "two_normals"]) = key(
        "the expressivity error; without it, the truth is normal"
    )
    separation: Annotated[float, Field(gt=0, le=0.99)] = key(
        "the two normals are at ± separation; together they have variance 1"
    )
    descents: listed(Steps, longest=3) = key("the approximation error; without it, the best fit")
    start_std: Width = key("standard deviation at which every descent starts")
    last_generation: Count = key("generations after generation 0")
    runs: Several = key("independent runs of chains with samples")

    def contradictions(self):
        size = min(self.sizes)
        if self.last_generation * math.log(size / (size - 3)) > LARGEST_LOG_VARIANCE:
            yield (
                f"sizes has {size} samples, whose expected divergence exceeds the largest float in "
                f"{self.last_generation} generations: raise it, or lower last_generation."
            )


class KernelRidge(Section):
    """Kernel ridge regression on its own predictions, with a Gaussian kernel."""

    regimes: Names = key("which of the regimes to run")
    inputs: whole(2, 1000) = key("inputs, equally spaced between 0 and 1")
    jump: Annotated[float, Field(gt=0, lt=1)] = key("where the true function jumps from −1 to 1")
    length_scale: Width = key("of the kernel, in units of the inputs")
    ridge: Width = key("added to the diagonal of the kernel matrix")
    noise: Spread = key("standard deviation of the noise of new targets")
    directions: Count = key(
        "eigenvectors of the kernel matrix to follow: those in which the true function is largest"
    )
    generations: Generations = key("generations to show; a chain ends with the last")
    runs: Several = key("independent runs")

    def contradictions(self):
        if self.directions > self.inputs / 2:  # a jump in the middle has a part in half of them
            yield (
                f"directions is {self.directions}, but must be at most half of inputs, "
                f"{self.inputs}: lower the one or raise the other."
            )


class Approximation(Section):
    """Errors of a fit, each alone."""

    sources: Sources = key("the three sources of error", SWITCH)
    kernel_ridge: KernelRidge = key("kernel ridge regression on its own predictions", SWITCH)


class HumanData(Section):
    """How much fresh real data each generation needs."""

    states: Several = key("states of Zipf's law")
    zipf_exponent: NonNegative = key("probability ∝ rank^−exponent")
    sizes: listed(whole(2, 3000), shortest=2) = key("items in each generation")
    real: listed(Count, shortest=2) = key("of them fresh from the truth")
    biased_size: Several = key("items in each generation, with biased sampling")
    shares: listed(Annotated[float, Field(gt=0, lt=1)], shortest=2) = key(
        "of them fresh from the truth"
    )
    biases: listed(Annotated[float, Field(gt=0, le=1)], shortest=2) = key(
        "variance of a draw, as a share of the model's"
    )
    runs: Several = key("independent runs of normal distributions")
    discrete_runs: Several = key("independent runs of distributions over states")

    def contradictions(self):
        if min(self.sizes) <= min(self.real):
            yield (
                f"sizes has {min(self.sizes)}, of which no smaller number in real could be fresh: "
                "raise it, or lower a number of real."
            )
        counts = [round(share * self.biased_size) for share in self.shares]
        if not all(0 < count < self.biased_size for count in counts):
            yield (
                f"shares has one that rounds to none or to all of {self.biased_size} items: raise "
                "biased_size, or drop the share."
            )
        elif len(set(counts)) < len(counts):
            yield (
                f"shares has two that round to one number of {self.biased_size} items: raise "
                "biased_size, or drop one."
            )


class Ngram(Section):
    """n-gram models of words, with exact counts."""

    corpus: Corpus = key("the real text")
    regimes: Names = key("which of the regimes to run")
    orders: listed(whole(1, 3)) = key("n, words of an n-gram")
    temperatures: listed(Annotated[float, Field(ge=1e-3, le=1)], longest=2) = key(
        "a count c becomes c^(1/temperature) when words are drawn; 1: drift alone; below: "
        "selection, too"
    )
    sizes: listed(whole(2, 2 * 10**6)) = key("M, words per generation")
    block: Count = key("words that a regime mixes as one item; divides the sizes")
    last_generation: Count = key("generations after generation 0")
    runs: Several = key("independent runs, each with a passage of its own")

    def contradictions(self):
        for size in self.sizes:
            if size % self.block:
                yield (
                    f"sizes has {size}, which is not a multiple of block, {self.block}: change one "
                    "of them."
                )


class VaeArchitecture(Section):
    """Layers of the VAE."""

    channels: Channels = key("channels of the two convolutions", "our choice; paper: [64, 128]")
    latent_dimensions: Count = key("latent coordinates of an image", CODE)


class VaeTraining(Section):
    """How a VAE is trained on data(g), by Adam."""

    epochs: Count = key("passes over data(g)", "our choice; paper: 30")
    batch_size: Count = key("images per step", "our choice; paper: 256")
    learning_rate: Positive = key("step size", CODE)
    weight_decay: NonNegative = key("L2 penalty", CODE)


class Evaluation(Section):
    """How a VAE is evaluated."""

    images: Several = key(
        "images per generation, for latents and classes", "our choice; paper: 100"
    )


class Classifier(Section):
    """The classifier that names the digits which generated images show, trained by Adam."""

    channels: Channels = key("channels of the two convolutions")
    epochs: Count = key("passes over the training images")
    batch_size: Count = key("images per step")
    learning_rate: Positive = key("step size")


class Vae(Section):
    """Variational autoencoders of MNIST."""

    regimes: Names = key("which of the regimes to run")
    runs: Several = key("independent runs", CODE)
    last_generation: Count = key("generations after generation 0", "our choice; paper: 20")
    images: whole(2, 60000) = key(
        "training images, the first of MNIST", "our choice; paper: 60,000"
    )
    samples: Literal["finite", "streaming"] = key(
        "finite: a data set per generation; streaming: new images every batch",
        "finite: our choice; streaming: released code",
    )
    architecture: VaeArchitecture = key("layers")
    train: VaeTraining = key("training")
    evaluation: Evaluation = key("evaluation")
    classifier: Classifier = key("the classifier of digits")

    def contradictions(self):
        if self.evaluation.images > self.images:
            yield (
                f"evaluation.images is {self.evaluation.images}, but a generation has only "
                f"{self.images} (vae.images): lower it."
            )


class Definition(Section):
    """A setting of the language model."""

    regime: Name = key("one of the regimes", "Nature, figure 1")
    epochs: Count = key(
        "epochs at most; an epoch has as many optimiser steps as a pass over data(0), whatever the "
        "size of data(g)",
        "Nature, figure 1: 5 and 10",
    )
    repetition_penalty: Annotated[float, Field(ge=1e-3, le=1e3)] = key(
        "of generated text; 1: none. It multiplies log-probabilities, as transformers' beam search "
        "does (its sampling would divide raw logits)",
        "Nature, supplementary section 10: 2; released code: 3",
    )
    decoding: Literal["beam", "sample"] = key(
        "how text is generated: beam search with lm.beams, or sampling; may be left out",
        TEXT,
        default="beam",
    )
    temperature: Annotated[float, Field(ge=1e-3, le=1e3)] = key(
        "of sampling: logits are divided by it; may be left out", SWITCH, default=1.0
    )
    top_p: Annotated[float, Field(gt=0, le=1)] = key(
        "of sampling: from the most probable tokens of this total probability; may be left out",
        SWITCH,
        default=1.0,
    )
    top_k: Count | None = key(
        "of sampling: from so many of the most probable tokens; null: all; may be left out",
        SWITCH,
        default=None,
    )
    learning_rate: Positive = key("instead of train's; may be left out", SWITCH, default=None)
    batch_size: Count = key("instead of train's; may be left out", SWITCH, default=None)
    last_generation: Count = key("instead of lm's; may be left out", SWITCH, default=None)
    runs: Count = key("instead of lm's; may be left out", SWITCH, default=None)

    def contradictions(self):
        given = [k for k in ("temperature", "top_p", "top_k") if k in self.model_fields_set]
        if given and self.decoding == "beam":
            yield (
                f"{given[0]} is given, but decoding is 'beam', which does not sample: drop it, or "
                "set decoding to sample."
            )
        if self.decoding == "sample" and self.repetition_penalty != 1:
            yield (
                f"repetition_penalty is {self.repetition_penalty:g}, but decoding is 'sample', "
                "which takes none: set it to 1.0, or decoding to beam."
            )


class PretrainingBlocks(Section):
    """Blocks of tokens for pretraining, evenly spaced over the corpus."""

    train: Count | None = key("blocks to train on; null: all")
    validation: Count | None = key("blocks that choose the best epoch; null: all")


class Blocks(Section):
    """Blocks of tokens, evenly spaced over the corpus."""

    train: Count | None = key(
        "blocks that each run trains on: drawn at random, no block in two runs; null: all blocks, "
        "in every run",
        "our choice; paper: all",
    )
    validation: Count | None = key(
        "blocks that choose the best epoch, evenly spaced; null: all", "our choice; paper: all"
    )
    length: whole(4) = key("tokens of a block and of its continuation", TEXT)
    lines_per_chunk: Count = key("lines that are joined before they are cut", CODE)
    line_start: bool = key(
        "put the model's start token before each line; without it WikiText-2 gives the released "
        "code's 37,354 blocks",
        CODE,
    )
    test: Count | None = key(
        "blocks to evaluate on, evenly spaced; null: all", "our choice; paper: all"
    )


class Training(Section):
    """How a language model is fine-tuned on data(g)."""

    batch_size: Count = key("blocks per step of AdamW", "our choice; released, fine-tuning: 128")
    learning_rate: one_or_several(Positive) = key(
        "step size of AdamW; a list: the one with generation 0's best validation loss",
        "our choice; released, fine-tuning: 2e-5",
    )
    schedule: Literal["linear", "constant"] = key("after the warm-up: to zero, or constant")
    warmup: Share = key("share of all steps in which the learning rate rises")
    weight_decay: NonNegative = key("decoupled weight decay of AdamW")
    clip: Positive = key("largest norm of the gradient")
    patience: Count | None = key(
        "stop after so many epochs (as long as one of data(0)) without a better validation "
        "perplexity; null: never",
        "our choice; paper, fine-tuning: never",
    )


class Pretraining(Training):
    """How the own model is pretrained."""

    learning_rate: Positive = key("step size of AdamW")
    epochs: Count = key("passes over the corpus")


class LmArchitecture(Section):
    """Layers of the own model, of OPT's architecture."""

    hidden_size: Count = key("width; a multiple of heads")
    layers: Count = key("transformer layers")
    heads: Count = key("attention heads of a layer")
    feed_forward: Count = key("width of the feed-forward layers")
    positions: Count = key("tokens of the longest context; at least two blocks")
    dropout: Annotated[float, Field(ge=0, lt=1)] = key("share of activations set to zero")


class Pretrain(Section):
    """The own base model, for lm.model: own."""

    corpus: Corpus = key("text it is pretrained on")
    vocabulary: whole(260) = key("tokens of the tokenizer trained on it")
    blocks: PretrainingBlocks = key("blocks of lm.blocks.length tokens")
    architecture: LmArchitecture = key("layers")
    train: Pretraining = key("training")


class Examples(Section):
    """What the table lm_examples quotes."""

    run: Index = key("a run, counted from 0")
    prompt: Index = key("a training block, counted from 0")
    generations: Generations = key("generations g", "Nature, example 1")


class Lm(Section):
    """Language models that are fine-tuned on text of the previous generation."""

    model: Text = key(
        "own (see pretrain), smollm2-135m (a package), a folder, or a name on the hub",
        "our choice; paper: facebook/opt-125m",
    )
    revision: Text | None = key("commit of a model from the hub", SWITCH)
    corpus: Corpus = key("text it is fine-tuned on", "our choice; paper: wikitext2")
    base: Literal["pretrained", "generation0"] = key(
        "what each generation starts from", "paper, which is ambiguous"
    )
    prompts: Literal["original", "previous"] = key(
        "what a generation continues: the original blocks, or those it was trained on", TEXT
    )
    settings: Names = key("which of the definitions to run")
    definitions: Annotated[dict[Name, Definition], Field(min_length=1)] = key("settings by name")
    runs: Count = key("independent runs", "our choice; paper: 5")
    last_generation: Count = key("generations after generation 0", TEXT)
    blocks: Blocks = key("how the corpus is cut")
    beams: Count = key("beams of the search that generates text", TEXT)
    precision: Literal["fp32", "bf16"] = key("bf16: autocast in training and generation")
    train: Training = key("fine-tuning", "our choice; the paper gives none of these")
    pretrain: Pretrain = key("the own base model")
    examples: Examples = key("the table lm_examples")

    def contradictions(self):
        known = ", ".join(self.definitions)
        for name in self.settings:
            if name not in self.definitions:
                yield f"settings names '{name}', which lm.definitions does not define: {known}."
        yield from too_late("examples.generations", self.examples.generations, "lm", self)
        yield from self._run_contradictions()
        if limit := self.blocks.train:
            yield from out_of_range(
                "examples.prompt", self.examples.prompt, "lm.blocks.train", limit
            )
        if self.model == "own":
            yield from self._own_model_contradictions()

    def _run_contradictions(self):
        run = {name: self.definitions[name] for name in self.settings if name in self.definitions}
        for name, own in run.items():
            if own.runs:
                yield from not_above(f"definitions.{name}.runs", own.runs, "lm.runs", self.runs)
            if own.last_generation:
                yield from not_above(
                    f"definitions.{name}.last_generation",
                    own.last_generation,
                    "lm.last_generation",
                    self.last_generation,
                )
        if run:
            name = min(run, key=lambda name: run[name].runs or self.runs)
            own = run[name].runs
            limit = (f"lm.definitions.{name}.runs", own) if own else ("lm.runs", self.runs)
            yield from out_of_range("examples.run", self.examples.run, *limit)

    def _own_model_contradictions(self):
        own, length = self.pretrain, self.blocks.length
        place, shape = "pretrain.architecture", own.architecture
        if shape.hidden_size % shape.heads:
            yield (
                f"{place}.hidden_size is {shape.hidden_size}, which {shape.heads} heads do not "
                "divide: change one of them."
            )
        if shape.positions < 2 * length:
            yield (
                f"{place}.positions is {shape.positions}, but a block of {length} tokens and its "
                f"continuation need {2 * length}: raise it."
            )
        if self.beams >= own.vocabulary:
            yield (
                f"beams is {self.beams}, but must be less than the model's {own.vocabulary} tokens "
                "(lm.pretrain.vocabulary), of which one ends the text: lower it."
            )


class OfGenerations(Section):
    """A figure that shows some generations."""

    generations: Generations = key("generations g", TEXT)


class GmmSamples(OfGenerations):
    """Samples of the mixture."""

    size: whole(3) = key("N, samples per generation; one of gmm.chains", TEXT)
    run: Index = key("a run, counted from 0")


class VaeSamples(OfGenerations):
    """Grids of generated images."""

    run: Index = key("a run, counted from 0")
    rows: Count = key("a grid has rows × rows images", TEXT)


class LmRepetition(Section):
    """Repetition with and without a penalty."""

    settings: Names = key("which of lm.settings to show", "Nature, supplementary section 10")


class Figures(Section):
    """What figures show."""

    gmm_samples: GmmSamples = key("samples of the mixture")
    vae_samples: VaeSamples = key("grids of generated images")
    vae_latent_density: OfGenerations = key("density of latent coordinates")
    lm_histograms: OfGenerations = key("histograms of perplexity")
    lm_repetition: LmRepetition = key("repetition of words")


Family = Literal[
    *("discrete", "gaussian", "gmm", "kde", "approximation", "human_data", "ngram", "vae", "lm")
]
FAMILIES = get_args(Family)


class Configuration(Section):
    """The complete configuration."""

    scale: Name = key("name of the scale: the folder below results/", SWITCH)
    seed: whole(0, 2**53 - 1) = key("root of every random number")
    families: listed(Family) = key("which families to run", SWITCH)
    device: Literal["cpu", "cuda", "auto"] = key("auto: a GPU if there is one", SWITCH)
    keep_models: Literal["all", "last", "none"] = key(
        "language models to keep, in addition to generation 0's; last: each run's last", SWITCH
    )
    jobs: Jobs = key("resources", SWITCH)
    datasets: Datasets = key("data sets", SWITCH)
    regimes: Annotated[dict[Name, Mix], Field(min_length=1)] = key("mixes by name", TEXT)
    discrete: Discrete = key("discrete distributions", SWITCH)
    gaussian: Gaussian = key("one-dimensional Gaussians", SWITCH)
    gmm: Gmm = key("Gaussian mixtures", SWITCH)
    kde: Kde = key("kernel density estimates", SWITCH)
    approximation: Approximation = key("errors of a fit, each alone", SWITCH)
    human_data: HumanData = key("fresh real data in each generation", SWITCH)
    ngram: Ngram = key("n-gram models of words", SWITCH)
    vae: Vae = key("variational autoencoders", SWITCH)
    lm: Lm = key("language models", SWITCH)
    figures: Figures = key("figures", SWITCH)

    def contradictions(self):
        if found := list(self._regime_contradictions()):  # the rest builds on them
            yield from found
            return
        yield from self._streaming_contradictions()
        yield from self._share_contradictions()
        yield from self._prompt_contradictions()
        yield from self._gmm_figure_contradictions()
        yield from self._figure_contradictions()

    def _mixing(self):
        """Sections whose regimes mix items, by name."""
        return {
            **{name: getattr(self, name) for name in ("gaussian", "gmm", "kde", "ngram", "vae")},
            "approximation.kernel_ridge": self.approximation.kernel_ridge,
        }

    def _regime_contradictions(self):
        for name, mix in self.regimes.items():
            if name in RESERVED:
                yield f"regimes.{name}: this name is taken by {RESERVED[name]}; choose another."
            if mix != MEANINGS.get(name, mix):
                yield f"regimes.{name} is not the mix that this name means: choose another name."
        used = {f"{name}.regimes": section.regimes for name, section in self._mixing().items()}
        for name, setting in self.lm.definitions.items():
            used[f"lm.definitions.{name}.regime"] = [setting.regime]
        known = ", ".join(self.regimes)
        for place, names in used.items():
            for name in names:
                if name not in self.regimes:
                    yield f"{place} names '{name}', which regimes does not define: {known}."
                elif (size := self.regimes[name].size) != 1 and not place.startswith("lm."):
                    yield (
                        f"{place} names '{name}', whose size is {size:g}, which only language "
                        "models can have: drop it, or choose another regime."
                    )
                else:
                    yield from self._unsupported(place, name)

    def _unsupported(self, place, name):
        """Lines on keys of a regime that the models of a section do not have."""
        family = place.removesuffix(".regimes") if not place.startswith("lm.") else "lm"
        keys, reason = UNSUPPORTED.get(family, ((), ""))
        for key_ in self.regimes[name].beyond_items():
            if key_ in keys:
                yield (
                    f"{place} names '{name}', which sets {key_}, but {reason}: drop {key_}, or "
                    "choose another regime."
                )

    def _streaming_contradictions(self):
        if self.vae.samples != "streaming":
            return
        for name in self.vae.regimes:
            if self.regimes[name] != Mix():
                yield (
                    "vae.samples is 'streaming', which has no data set to mix for regime "
                    f"'{name}': use finite, or regimes with new: 1."
                )

    def _share_contradictions(self):
        """Shares of so few items that they are none."""
        smallest = {
            "gaussian.sizes": min(self.gaussian.sizes),
            "gmm.chains": min(chain.size for chain in self.gmm.chains),
            "kde.sizes": min(self.kde.sizes),
            "approximation.kernel_ridge.inputs": self.approximation.kernel_ridge.inputs,
            "ngram.sizes / block": min(self.ngram.sizes) // self.ngram.block,
            "vae.images": self.vae.images,
        }
        sections = self._mixing()
        for place, n_items in smallest.items():
            for name in sections[place.rpartition(".")[0]].regimes:
                for part, share in self._empty_shares(self.regimes[name], n_items):
                    yield (
                        f"{place} has {n_items} items, of which the regime '{name}' takes {part:g} "
                        f"({share}), which is no item: raise one of them."
                    )
        yield from self._pool_contradictions()
        n_blocks = self.lm.blocks.train
        for name in self.lm.settings if n_blocks else ():
            regime = self.regimes[self.lm.definitions[name].regime]
            for part, share in self._empty_shares(regime, n_blocks):
                yield (
                    f"lm.blocks.train is {n_blocks}, of which the regime of '{name}' takes "
                    f"{part:g} ({share}), which is no block: raise one of them."
                )

    def _pool_contradictions(self):
        """Fixed pools that have fewer real items than a generation takes."""
        largest = {
            "gaussian.sizes": max(self.gaussian.sizes),
            "gmm.chains": max(chain.size for chain in self.gmm.chains),
            "kde.sizes": max(self.kde.sizes),
        }
        for place, n_items in largest.items():
            for name in getattr(self, place.partition(".")[0]).regimes:
                regime = self.regimes[name]
                if regime.pool and regime.pool < (taken := round(regime.real * n_items)):
                    yield (
                        f"{place} has {n_items} items, of which the regime '{name}' takes {taken} "
                        f"from a pool of {regime.pool} real ones: raise regimes.{name}.pool."
                    )

    @staticmethod
    def _empty_shares(regime, n_items):
        if not regime.accumulate or regime.fresh:
            for share in ("new", "previous", "real", "size"):
                part = getattr(regime, share)
                if part and round(part * n_items) == 0:
                    yield part, share

    def _prompt_contradictions(self):
        for name in self.lm.settings:
            regime = self.regimes[self.lm.definitions[name].regime]
            if self.lm.prompts == "previous" and regime.size != 1:
                yield (
                    f"lm.prompts is 'previous', but the regime of '{name}' has fewer blocks than "
                    "there are prompts: use original, or another regime."
                )
            if self.lm.prompts == "previous" and regime.accumulate:
                yield (
                    f"lm.prompts is 'previous', but the regime of '{name}' accumulates, so that "
                    "there would be more prompts than blocks: use original, or another regime."
                )

    def _gmm_figure_contradictions(self):
        figure, place = self.figures.gmm_samples, "figures.gmm_samples"
        last = {chain.size: chain.last_generation for chain in self.gmm.chains}
        if figure.size not in last:
            sizes = ", ".join(map(str, last))
            yield (
                f"{place}.size is {figure.size}, which gmm.chains does not run: choose one of "
                f"{sizes}."
            )
        for generation in figure.generations:
            if generation > last.get(figure.size, generation):
                yield (
                    f"{place}.generations asks for {generation}, but the chain of size "
                    f"{figure.size} in gmm.chains ends with {last[figure.size]}: raise the one or "
                    f"drop {generation}."
                )
        yield from out_of_range(f"{place}.run", figure.run, "gmm.runs", self.gmm.runs)

    def _figure_contradictions(self):
        figures, vae, lm = self.figures, self.vae, self.lm
        for name, family in (
            ("vae_samples", vae),
            ("vae_latent_density", vae),
            ("lm_histograms", lm),
        ):
            place, generations = f"figures.{name}.generations", getattr(figures, name).generations
            yield from too_late(place, generations, name.split("_")[0], family)
        grid = figures.vae_samples
        yield from out_of_range("figures.vae_samples.run", grid.run, "vae.runs", vae.runs)
        if grid.rows**2 > vae.images:
            yield (
                f"figures.vae_samples.rows is {grid.rows}, which needs {grid.rows**2} images, but "
                f"vae.images is {vae.images}: lower it."
            )
        for name in figures.lm_repetition.settings:
            if name not in lm.settings:
                yield (
                    f"figures.lm_repetition.settings names '{name}', which lm.settings does not "
                    "run: add it there, or drop it."
                )


def too_late(place, generations, name, family):
    """Lines on generations that a family does not reach."""
    for generation in generations:
        if generation > family.last_generation:
            yield (
                f"{place} asks for {generation}, but {name}.last_generation is "
                f"{family.last_generation}: raise the one or drop {generation}."
            )


def vanishing(place, size, last_generation):
    """Lines on a replace chain so long that its variance becomes less than the smallest float.

    By Stirling's series, the mean of log σ̂²/σ² for `size` samples and ddof 0 is
    log((M − 1)/M) − 1/(M − 1) − 1/(3(M − 1)²), and its variance 2/(M − 1) + 2/(M − 1)².
    """
    left = 1 / (size - 1)
    drift = (math.log1p(-1 / size) - left - left**2 / 3) / 2
    deviation = math.sqrt((left + left**2) / 2)
    lowest = last_generation * drift - 5 * math.sqrt(last_generation) * deviation
    if lowest < SMALLEST_LOG_STD:
        yield (
            f"{place} has {size} samples, with which {last_generation} generations shrink to a "
            "point: raise it, or lower last_generation."
        )


def not_above(place, number, limit_name, limit):
    """Lines on a number that exceeds another key's."""
    if number > limit:
        yield f"{place} is {number}, but {limit_name} is {limit}: lower the one or raise the other."


def out_of_range(place, index, counted, count):
    """Lines on an index, counted from 0, that is not below a count."""
    if index >= count:
        yield (
            f"{place} is {index}, but {counted} is {count} and counting starts at 0: choose at "
            f"most {count - 1}."
        )
