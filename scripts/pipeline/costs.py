"""What a job costs: its amount of work, and the time that a measured machine takes for it.

Work is counted in a unit of the rule. For language models it is floating-point operations: 6 for
each parameter and token in training, 2 in inference (Kaplan et al. 2020, arXiv:2001.08361). For
convolutions it is the products that grow with the number of channels, for chains the fitted points.
"""

import copy
import math
import re
from typing import NamedTuple

from collapse.errors import UserError
from pydantic import BaseModel, PositiveFloat

from pipeline import files, shapes

PARAMETERS = {"facebook/opt-125m": 125_239_296, "smollm2-135m": 134_515_008}  # of models by name
BLOCKS = {"wikitext2": 37_354}  # training blocks of 64 tokens; the released code's number
BYTES_IN_TRAINING = 16  # of a parameter: weight, gradient and Adam's two moments, in fp32
MNIST_IMAGES = 60_000
START = ""  # of the critical path
NETWORKS = (
    *("vae_train", "vae_evaluate", "lm_pretrain"),
    *("lm_rate_trial", "lm_train", "lm_generate", "lm_evaluate"),
)
MEASURED = "reference/measured_costs.json"
BYTES_OF_AN_IMAGE = 784 * (1 + 4 + 1)  # as drawn, as a tensor in fp32, as mixed
# rates of a rule that no run has measured
NOT_MEASURED = {"start_s": 2, "s_per_unit": 0, "peak_mib": 200, "bytes": {}, "gpu": None}


class Growth(NamedTuple):
    """Factors by which model, corpus and number of runs are larger than in a configuration."""

    model: float = 1
    corpus: float = 1
    runs: float = 1


NO_GROWTH = Growth()


class Sizes(BaseModel, extra="forbid"):
    """As `sizes` gives them."""

    lm: PositiveFloat
    vae: PositiveFloat
    images: PositiveFloat


class Rate(BaseModel):
    """What a run has measured of a rule."""

    start_s: float
    s_per_unit: float
    peak_mib: float
    seconds: float
    bytes: dict[str, float]
    gpu: str | None


class Run(BaseModel):
    """What a run has measured."""

    processor: str
    sizes: Sizes
    rules: dict[str, Rate]


class Measured(BaseModel):
    """The file `MEASURED`."""

    blocks: dict[str, int]
    runs: dict[str, Run]


def kind(rule):
    """A rule's name without the suffixes of its variants (pruned models, real data)."""
    return re.sub(r"_(pruned|real)$", "", rule) if "_train" in rule else rule


def place(path):
    """A file's folder below a scale's results, family and kind; otherwise its first two folders."""
    parts = path.split("/")
    return "/".join(parts[2:4] if parts[0] == "results" and len(parts) > 4 else parts[:2])


def measured():
    """What earlier runs have measured, from the file `MEASURED`.

    Returns
    -------
    dict
        ``blocks`` by corpus, see `with_blocks`; and ``runs``, see `rates`.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    return shapes.checked(files.read_json(MEASURED), Measured, MEASURED)


def with_blocks(config, counted):
    """A copy of a configuration with the number of training blocks where it takes all of them.

    Parameters
    ----------
    config : dict
        ``blocks.train`` is None where all blocks of a corpus are taken.
    counted : dict of str to int
        Training blocks by corpus, counted by earlier runs.

    Returns
    -------
    dict

    Raises
    ------
    UserError
        If no run has counted the blocks of a corpus.
    """
    config = copy.deepcopy(config)
    lm = config["lm"]
    for part in (lm, lm["pretrain"]) if lm["model"] == "own" else (lm,):
        if part["blocks"]["train"] is None:
            known = BLOCKS | counted
            if part["corpus"] not in known:
                raise UserError(
                    f"lm.blocks.train takes all blocks of {part['corpus']}, but no run has counted "
                    "them: set it to their approximate number for the plan."
                )
            part["blocks"]["train"] = known[part["corpus"]]
    return config


def parameters(config):
    """Number of parameters of the language model.

    Raises
    ------
    UserError
        If the size of the model is not known here.
    """
    lm = config["lm"]
    if lm["model"] != "own":
        if lm["model"] not in PARAMETERS:
            raise UserError(
                f"lm.model is {lm['model']!r}, whose number of parameters is not known: add it to "
                "PARAMETERS in scripts/pipeline/costs.py."
            )
        return PARAMETERS[lm["model"]]
    shape = lm["pretrain"]["architecture"]
    width, inner = shape["hidden_size"], shape["feed_forward"]
    layer = 4 * width * (width + 1) + 2 * width * inner + inner + width + 4 * width
    tables = (lm["pretrain"]["vocabulary"] + shape["positions"] + 2) * width
    return tables + shape["layers"] * layer + 2 * width


def sizes(config):
    """Sizes that rates depend on: parameters, product of the VAE's channels, number of images."""
    vae = config["vae"]
    channels = math.prod(vae["architecture"]["channels"])
    return {"lm": parameters(config), "vae": channels, "images": vae["images"]}


def rates(runs, config, growth=NO_GROWTH):
    """Choose rates for each rule: those of the run whose network is closest in size.

    Of runs that are equally close, the one that has measured longer is chosen.

    Parameters
    ----------
    runs : dict
        By name: ``sizes`` as returned by `sizes`, and ``rules`` with the rates of each rule.
    config : dict
    growth : Growth

    Returns
    -------
    dict
        Rates by rule, with ``run``, the name of the run, and ``sizes``, its sizes.
    """
    wanted, found = sizes(config), {}

    def distance(rule, run):
        family = rule.split("_")[0] if rule in NETWORKS else None
        ratio = growth.model * wanted[family] / run["sizes"][family] if family else 1
        return round(abs(math.log(ratio)), 6), -run["rules"][rule]["seconds"]

    for rule in {rule for run in runs.values() for rule in run["rules"]}:
        measured = [name for name in runs if rule in runs[name]["rules"]]
        name = min(measured, key=lambda name: distance(rule, runs[name]))
        found[rule] = {**runs[name]["rules"][rule], "run": name, "sizes": runs[name]["sizes"]}
    return found


def work(rule, output, config, growth=NO_GROWTH):
    """Amount of work of a job, in the unit of its rule.

    Parameters
    ----------
    rule : str
        As returned by `kind`.
    output : str
        A path that the job makes; those of chains contain their size.
    config : dict
        As returned by `with_blocks`.
    growth : Growth

    Returns
    -------
    float
        1 for light rules.
    """
    vae = config["vae"]
    channels = growth.model * math.prod(vae["architecture"]["channels"])
    images = growth.corpus * vae["images"]
    if rule == "vae_train":
        return vae["train"]["epochs"] * images * channels
    if rule == "vae_evaluate":
        return (vae["last_generation"] + 2) * vae["evaluation"]["images"] * channels
    if rule == "digit_classifier":
        return vae["classifier"]["epochs"] * MNIST_IMAGES * math.prod(vae["classifier"]["channels"])
    if rule in ("gaussian_chain", "gmm_chain"):
        chain = config[rule.removesuffix("_chain")]
        n_generations = min(chain["generations_per_job"], _generations_in(output))
        return growth.corpus * _size_in(output) * chain["runs_per_job"] * n_generations
    if rule == "discrete_chain":
        chain = config["discrete"]
        return growth.runs * chain["runs"] * chain["horizon"] * sum(m * m for m in chain["sizes"])
    if rule == "kde_chains":
        chain = config["kde"]
        n_chains = len(chain["regimes"]) * len(chain["bandwidths"]) * growth.runs * chain["runs"]
        return n_chains * chain["last_generation"] * growth.corpus * sum(chain["sizes"])
    if rule == "gaussian_growing_chains":
        chain = config["gaussian"]["growing"]
        n_chains = len(chain["powers"]) * len(chain["noise"]) * growth.runs * chain["runs"]
        return n_chains * chain["last_generation"]
    if not rule.startswith("lm_") or rule in ("lm_import", "lm_real"):
        return 1
    return _language_model_work(rule, output, config, growth)


def _language_model_work(rule, output, config, growth):
    lm, weights = config["lm"], growth.model * parameters(config)
    length = lm["blocks"]["length"]
    if rule == "lm_pretrain":
        n_blocks = lm["pretrain"]["blocks"]["train"]
        return 6 * weights * n_blocks * length * lm["pretrain"]["train"]["epochs"]
    n_tokens = growth.corpus * lm["blocks"]["train"] * length
    # what is made for no setting (rates, ngrams) is made as for the first
    name = next(iter([n for n in lm["settings"] if f"/{n}/" in output]), lm["settings"][0])
    setting = lm["definitions"][name]
    training = 6 * weights * n_tokens * setting["epochs"]
    rows = 1 if setting.get("decoding") == "sample" else lm["beams"]
    writing = 2 * weights * n_tokens * rows
    n_texts = setting.get("last_generation", lm["last_generation"]) + 2
    return {
        "lm_train": training + writing * ("/gen00." not in output),
        "lm_rate_trial": training,
        "lm_generate": writing,
        "lm_evaluate": 2 * weights * n_tokens * n_texts,
        "lm_text": n_tokens * n_texts,
    }.get(rule, 1)


def size(output, config, growth=NO_GROWTH):
    """Size of a file that a job makes, in a unit of its family and kind; 1 for small files.

    Parameters
    ----------
    output : str
    config : dict
    growth : Growth

    Returns
    -------
    float
    """
    family, kind = output.split("/")[2:4] if output.count("/") > 3 else ("", "")
    if (family, kind) == ("lm", "models"):
        return growth.model * parameters(config)
    if (family, kind) == ("lm", "samples"):
        return growth.corpus * config["lm"]["blocks"]["train"] * config["lm"]["blocks"]["length"]
    if (family, kind) == ("vae", "models"):
        return growth.model * math.prod(config["vae"]["architecture"]["channels"])
    if family in ("gaussian", "gmm") and kind in ("models", "samples"):
        points = _size_in(output) * growth.corpus if kind == "samples" else _generations_in(output)
        return config[family]["runs_per_job"] * points
    return 1


def memory(rule, config, measured, growth=NO_GROWTH):
    """Peak memory of a job in bytes: as measured, plus what a larger model or more images add."""
    base, now = measured["peak_mib"] * 2**20, sizes(config)
    then = measured.get("sizes", now)
    if rule in ("lm_train", "lm_rate_trial", "lm_pretrain"):
        return base + BYTES_IN_TRAINING * max(0, growth.model * now["lm"] - then["lm"])
    if rule == "vae_train":
        return base + BYTES_OF_AN_IMAGE * max(0, growth.corpus * now["images"] - then["images"])
    return base


def seconds(rule, amount, measured):
    """Time of a job in seconds, by the measured rate."""
    return measured["start_s"] + amount * measured["s_per_unit"]


def critical_path(jobs, times):
    """The chain of dependent jobs that takes longest.

    Parameters
    ----------
    jobs : dict of str to iterable of str
        For each job, the jobs whose files it takes.
    times : dict of str to float
        Seconds of each job.

    Returns
    -------
    list of str
        In order.
    """
    import networkx  # takes a quarter of a second, which jobs that count weights do not spend

    graph = networkx.DiGraph()
    for name in jobs:  # an edge has the time of the job that it leads to, also from the start
        sources = [START, *sorted(jobs[name])]
        graph.add_weighted_edges_from((source, name, times[name]) for source in sources)
    return [name for name in networkx.dag_longest_path(graph) if name != START]


def _size_in(output):
    """Sample size M of the chain that a file belongs to."""
    return int(re.search(r"/size(\d+)/", output)[1])


def _generations_in(output):
    """The last generation in a file of a chain, which contains all earlier ones."""
    return int(re.search(r"/gen(\d+)", output)[1])
