"""What a job costs: how much work it is, and how long a measured machine took for so much.

Work is counted in a rule's own unit. Of a model's training it is the floating-point operations,
6 for each parameter and token, and 2 for each that is only read (Kaplan et al. 2020,
arXiv:2001.08361); of convolutions the products that grow with their channels; of chains the points
that are fitted.
"""

import copy
import graphlib
import math
import re
from typing import NamedTuple

from collapse.errors import UserError

PARAMETERS = {"facebook/opt-125m": 125_239_296, "smollm2-135m": 134_515_008}  # of models by name
BLOCKS = {"wikitext2": 37_354}  # training blocks of 64 tokens; the released code's number
BYTES_IN_TRAINING = 16  # a parameter: weight, gradient and Adam's two moments, in fp32
MNIST_IMAGES = 60_000
NETWORKS = ("vae_train", "vae_evaluate", "lm_pretrain", "lm_train", "lm_evaluate")
MEASURED = "reference/measured_costs.json"
BYTES_OF_AN_IMAGE = 784 * (1 + 4 + 1)  # as read, as a tensor in fp32, as drawn
NEVER = {
    "start_s": 2,
    "s_per_unit": 0,
    "peak_mib": 200,
    "bytes": {},
    "gpu": None,
}  # of a rule not measured


class Scale(NamedTuple):
    """By what factors a configuration is larger than it says."""

    model: float = 1
    corpus: float = 1
    runs: float = 1


AS_IT_IS = Scale()


def kind(rule):
    """A rule's name without which models stay and whether data are real."""
    return re.sub(r"_(pruned|real)$", "", rule) if "_train" in rule else rule


def place(path):
    """A file's folder below a scale's results: family and kind, or what else stands there."""
    parts = path.split("/")
    return "/".join(parts[2:4] if parts[0] == "results" and len(parts) > 4 else parts[:2])


def with_blocks(config, counted):
    """A configuration that says how many training blocks all of a corpus are.

    Parameters
    ----------
    config : dict
        With null where all are taken.
    counted : dict
        Training blocks by corpus, as runs have counted them.

    Raises
    ------
    UserError
        If nobody has counted a corpus' blocks.
    """
    config = copy.deepcopy(config)
    lm = config["lm"]
    for part in (lm, lm["pretrain"]) if lm["model"] == "own" else (lm,):
        if part["blocks"]["train"] is None:
            known = BLOCKS | counted
            if part["corpus"] not in known:
                raise UserError(
                    f"all blocks of {part['corpus']} are taken, and no run has counted them: set "
                    "lm.blocks.train to about their number for the plan."
                )
            part["blocks"]["train"] = known[part["corpus"]]
    return config


def parameters(config):
    """Parameters of the language model.

    Raises
    ------
    UserError
        If the model is one whose size is not known here.
    """
    lm = config["lm"]
    if lm["model"] != "own":
        if lm["model"] not in PARAMETERS:
            raise UserError(
                f"lm.model is {lm['model']!r}, whose number of parameters is not known: add it to "
                "PARAMETERS in scripts/collapse/costs.py."
            )
        return PARAMETERS[lm["model"]]
    shape = lm["pretrain"]["architecture"]
    width, inner = shape["hidden_size"], shape["feed_forward"]
    layer = 4 * width * (width + 1) + 2 * width * inner + inner + width + 4 * width
    tables = (lm["pretrain"]["vocabulary"] + shape["positions"] + 2) * width
    return tables + shape["layers"] * layer + 2 * width


def sizes(config):
    """What rates are told apart by: parameters, the product of the VAE's channels, its images."""
    vae = config["vae"]
    channels = math.prod(vae["architecture"]["channels"])
    return {"lm": parameters(config), "vae": channels, "images": vae["images"]}


def rates(runs, config, by=AS_IT_IS):
    """Of each rule the rate that is nearest: of the run whose network is most like this one.

    Of equally near runs it is the one that has measured longer.

    Parameters
    ----------
    runs : dict
        By name: ``sizes`` as `sizes` gives them, and ``rules`` with each rule's rates.
    config : dict
    by : Scale

    Returns
    -------
    dict
        Rates by rule, with ``run``, the name of their run, and ``sizes``, that run's.
    """
    wanted, found = sizes(config), {}

    def nearness(rule, run):
        family = rule.split("_")[0] if rule in NETWORKS else None
        apart = math.log(by.model * wanted[family] / run["sizes"][family]) if family else 0
        return round(abs(apart), 6), -run["rules"][rule]["seconds"]

    for rule in {rule for run in runs.values() for rule in run["rules"]}:
        measured = [name for name in runs if rule in runs[name]["rules"]]
        name = min(measured, key=lambda name: nearness(rule, runs[name]))
        found[rule] = {**runs[name]["rules"][rule], "run": name, "sizes": runs[name]["sizes"]}
    return found


def work(rule, output, config, by=AS_IT_IS):
    """How much work a job is, in its rule's own unit.

    Parameters
    ----------
    rule : str
        Without what says which models stay, or that the data are real.
    output : str
        A path that the job makes: chains tell their size there.
    config : dict
        As `with_blocks` gives it.
    by : Scale

    Returns
    -------
    float
        1 for rules that do little.
    """
    vae, lm = config["vae"], config["lm"]
    channels = by.model * math.prod(vae["architecture"]["channels"])
    images = by.corpus * vae["images"]
    if rule == "vae_train":
        return vae["train"]["epochs"] * images * channels
    if rule == "vae_evaluate":
        return (vae["last_generation"] + 2) * vae["evaluation"]["images"] * channels
    if rule == "digit_classifier":
        return vae["classifier"]["epochs"] * MNIST_IMAGES * math.prod(vae["classifier"]["channels"])
    if rule in ("gaussian_chain", "gmm_chain"):
        chain = config[rule.removesuffix("_chain")]
        n_generations = min(chain["generations_per_job"], _generations_in(output))
        return by.corpus * _size_in(output) * chain["runs_per_job"] * n_generations
    if rule == "discrete_chain":
        chain = config["discrete"]
        return by.runs * chain["runs"] * chain["horizon"] * sum(m * m for m in chain["sizes"])
    if not rule.startswith("lm_") or rule in ("lm_import", "lm_real"):
        return 1
    weights, length = by.model * parameters(config), lm["blocks"]["length"]
    if rule == "lm_pretrain":
        n_blocks = lm["pretrain"]["blocks"]["train"]
        return 6 * weights * n_blocks * length * lm["pretrain"]["train"]["epochs"]
    n_tokens = by.corpus * lm["blocks"]["train"] * length
    if rule == "lm_text":
        return n_tokens * (lm["last_generation"] + 2)
    if rule == "lm_train":
        setting = lm["definitions"][output.split("/")[4]]
        return weights * n_tokens * (6 * setting["epochs"] + 2 * lm["beams"])
    if rule == "lm_evaluate":
        return 2 * weights * n_tokens * (lm["last_generation"] + 2)
    return 1


def size(output, config, by=AS_IT_IS):
    """How large a file is that a job makes, in a unit of its family and kind; 1 for small ones.

    Parameters
    ----------
    output : str
    config : dict
    by : Scale

    Returns
    -------
    float
    """
    family, kind = output.split("/")[2:4] if output.count("/") > 3 else ("", "")
    if (family, kind) == ("lm", "models"):
        return by.model * parameters(config)
    if (family, kind) == ("lm", "samples"):
        return by.corpus * config["lm"]["blocks"]["train"] * config["lm"]["blocks"]["length"]
    if (family, kind) == ("vae", "models"):
        return by.model * math.prod(config["vae"]["architecture"]["channels"])
    if (family, kind) == ("vae", "samples"):
        return by.corpus * config["vae"]["images"]
    if family in ("gaussian", "gmm") and kind in ("models", "samples"):
        points = _size_in(output) * by.corpus if kind == "samples" else _generations_in(output)
        return config[family]["runs_per_job"] * points
    return 1


def memory(rule, config, measured, by=AS_IT_IS):
    """Largest memory of a job in bytes: as measured, and what a larger model or more images add."""
    base, now = measured["peak_mib"] * 2**20, sizes(config)
    then = measured.get("sizes", now)
    if rule in ("lm_train", "lm_pretrain"):
        return base + BYTES_IN_TRAINING * max(0, by.model * now["lm"] - then["lm"])
    if rule == "vae_train":
        return base + BYTES_OF_AN_IMAGE * max(0, by.corpus * now["images"] - then["images"])
    return base


def seconds(rule, amount, measured):
    """Time of a job by the measured rate, seconds."""
    return measured["start_s"] + amount * measured["s_per_unit"]


def critical_path(jobs, times):
    """The jobs that must follow each other and together take longest.

    Parameters
    ----------
    jobs : dict
        Of each job, by name, the names of the jobs whose files it takes.
    times : dict
        Seconds of each.

    Returns
    -------
    list of str
        In order.
    """
    until, before = {}, {}
    for name in graphlib.TopologicalSorter(jobs).static_order():
        before[name] = max(jobs[name], key=until.get, default=None)
        until[name] = times[name] + (until[before[name]] if before[name] else 0)
    path = [max(until, key=until.get)] if until else []
    while path and before[path[-1]]:
        path.append(before[path[-1]])
    return path[::-1]


def _size_in(output):
    """M of the chain that a file is of."""
    return int(re.search(r"/size(\d+)/", output)[1])


def _generations_in(output):
    """The last generation in a chain's file, which holds all before it, too."""
    return int(re.search(r"/gen(\d+)", output)[1])
