"""Every mistake in the configuration is one line that gives the key, the value and the remedy."""

import copy
import itertools
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from collapse.errors import UserError
from collapse.process.regimes import FullRegime
from pipeline import configuration
from pipeline.configuration import __main__ as generate
from pipeline.configuration import models, reference

ROOT = Path(__file__).resolve().parents[2]
SCALES = ["laptop", "smoke", "probe", "pretrained", "paper", "as_released"]


def set_in(config, key, value):
    """Set a dotted key."""
    *parents, last = key.split(".") if "/" not in key else key.split(".", 2)
    for name in parents:
        config = config[name]
    config[last] = value


@pytest.fixture
def mistakes(tmp_path):
    """Lines on what is wrong with a configuration that is a folder's config.yaml."""

    def found(config, given=None):
        text = json.dumps(config).replace("NaN", ".nan").replace("Infinity", ".inf")
        (tmp_path / "config.yaml").write_text(text)
        try:
            configuration.load(given, directory=tmp_path)
        except configuration.ConfigurationError as error:
            assert str(error) == "\n".join(error.lines)
            return error.lines
        return []

    return found


@pytest.fixture
def project(tmp_path):
    """A project's folder: config.yaml and scales by name; a function that writes a scale."""
    (tmp_path / "config.yaml").write_bytes((ROOT / "config.yaml").read_bytes())
    (tmp_path / "workflow/scales").mkdir(parents=True)

    def scale(name, text):
        (tmp_path / f"workflow/scales/{name}.yaml").write_text(text)
        return tmp_path

    return scale


SETTING = {"regime": "replace", "epochs": 1, "repetition_penalty": 1.0}
SAMPLED = SETTING | {"decoding": "sample"}
MISTAKES = [
    ("vae.train.epoch", 5, "unknown key 'epoch': did you mean 'epochs'?"),
    ("nonsense", 1, "the configuration has an unknown key 'nonsense'"),
    ("vae.train.epochs", "five", "vae.train.epochs must be a whole number, got 'five'"),
    ("vae.train.epochs", 2.5, "must be a whole number, got 2.5"),
    ("vae.train.epochs", True, "must be a whole number, got true"),
    ("vae.runs", 5.0, "vae.runs must be a whole number, got 5.0"),
    ("vae.train.epochs", 0, "vae.train.epochs must be at least 1, got 0"),
    ("vae.train.learning_rate", "1e-3", "must be a number (write 0.001), got '1e-3'"),
    ("vae.train.learning_rate", 0, "greater than 0"),
    (
        "vae.train.learning_rate",
        math.nan,
        "vae.train.learning_rate must be a finite number, got nan",
    ),
    ("vae.train.weight_decay", -1.0e-5, "at least 0"),
    ("vae.train.batch_size", None, "vae.train.batch_size must be a whole number, got null"),
    ("vae.train", 3, "a mapping"),
    ("vae.architecture.channels", [16], "at least 2 entries"),
    ("vae.architecture.channels", [16, 32, 64], "at most 2 entries"),
    ("vae.images", 60001, "at most 60000"),
    ("vae.images", -5, "at least 2"),
    ("vae.samples", "endless", "must be 'finite' or 'streaming', got 'endless'"),
    ("vae.runs", 1, "at least 2"),
    ("vae.evaluation.images", 8001, "only 8000 (vae.images)"),
    ("vae.regimes", ["replac"], "'replac', which regimes does not define"),
    ("vae.regimes", [], "at least 1 entries"),
    ("discrete.distributions", ["zipff"], "must be 'uniform', 'zipf' or 'corpus'"),
    ("discrete.sizes", [10000], "at most 3000"),
    ("discrete.runs", 1, "at least 2"),
    ("discrete.tail_cutting.bin_width", 0.3, "does not divide the range"),
    ("discrete.tail_cutting.bin_width", 50.0, "does not divide the range"),
    ("discrete.tail_cutting.generations", [0, 1, 2, 3, 4, 5, 6], "at most 6 entries"),
    ("gaussian.sizes", [100, 100], "has the entry 100 twice"),
    ("gaussian.sizes", [1], "gaussian.sizes.0 must be at least 2, got 1"),
    ("gaussian.sizes", 100, "a list"),
    ("gaussian.ddof", [2], "gaussian.ddof.0 must be at most 1, got 2"),
    ("gaussian.std", 0, "at least 1e-06"),
    ("gaussian.mean", math.inf, "finite"),
    ("gaussian.runs", 201, "not a multiple of runs_per_job, 200"),
    ("gaussian.generations_per_job", 4, "chain of more than 200 jobs"),
    ("gmm.data", ["two"], "'two', which gmm.truths does not define: two_gaussians, one_blob"),
    ("gmm.data", "one_blob", "a list"),
    ("gmm.truths.one_blob.means", [[0, 0, 0]], "at most 2 entries"),
    ("gmm.truths.one_blob.std", 0, "at least 1e-06"),
    ("gmm.truths.one_blob.mean", [[0, 0]], "did you mean 'means'?"),
    ("gmm.regimes", ["replac"], "'replac', which regimes does not define"),
    ("gmm.chains", [{"size": 1000}], "lacks 'last_generation'"),
    ("gmm.chains", 2 * [{"size": 1000, "last_generation": 2000}], "one size twice"),
    ("gmm.runs", 6, "not a multiple of runs_per_job, 5"),
    ("gmm.generations_per_job", 10, "gmm.generations_per_job is 10, which makes a chain"),
    ("gmm.fit.tol", "1e-5", "must be a number (write 1e-05), got '1e-5'"),
    ("gmm.fit.max_iter", 0, "at least 1"),
    ("figures.gmm_samples.size", 600, "does not run: choose one of 500, 1000, 10000"),
    ("figures.gmm_samples.generations", [0, 2100], "ends with 2050: raise the one or drop 2100"),
    ("figures.gmm_samples.run", 5, "at most 4"),
    ("kde.bandwidths", [0], "at least 1e-06"),
    ("human_data.real", [30, 100], "human_data.sizes has 30, of which no smaller number in real"),
    ("human_data.shares", [0.0001, 0.1], "one that rounds to none or to all of 1000 items"),
    ("human_data.shares", [0.1, 0.1004], "two that round to one number of 1000 items"),
    ("human_data.biases", [0.5, 1.1], "at most 1"),
    ("ngram.sizes", [500, 4010], "ngram.sizes has 4010, which is not a multiple of block, 50"),
    ("ngram.sizes", [4 * 10**6], "at most 2000000"),
    ("ngram.orders", [2, 4], "ngram.orders.1 must be at most 3, got 4"),
    ("ngram.temperatures", [1.0, 1.1], "at most 1"),
    ("ngram.temperatures", [1.0, 0.9, 0.8], "at most 2 entries"),
    ("ngram.corpus", "wikitext", "must be 'wikipedia_leads', 'state_of_the_union' or"),
    ("ngram.regimes", ["replac"], "'replac', which regimes does not define"),
    ("regimes.replace.new", 1.5, "at most 1"),
    ("regimes.replace.new", 0.5, "new + previous + real is 0.5, but the shares must sum to 1"),
    ("regimes.replace.subsample", True, "only with accumulate"),
    ("regimes.pool.new", 1.0, "accumulate is true, so that new has no meaning"),
    ("regimes.pool.keep_real", False, "not the mix that this name means"),
    ("regimes.replace", {"new": 0.5, "real": 0.5}, "not the mix that this name means"),
    ("regimes.real", {"new": 1.0}, "generation 0"),
    ("regimes.Replace", {"new": 1.0}, "Replace"),
    ("figures.vae_samples.generations", [0, 25], "asks for 25, but vae.last_generation is 10"),
    ("figures.vae_latent_density.generations", [11], "raise the one or drop 11"),
    ("figures.vae_samples.run", 5, "at most 4"),
    ("figures.vae_samples.rows", 101, "needs 10201 images"),
    (
        "lm.settings",
        ["no_data_preserved", "penalty2", "penalty9"],
        "'penalty9', which lm.definitions does not define",
    ),
    ("lm.definitions.penalty2.regime", "pols", "'pols', which regimes does not define"),
    ("lm.definitions.penalty2.repetition_penalty", 0, "at least 0.001, got 0"),
    ("lm.definitions.penalty2.epoch", 3, "did you mean 'epochs'?"),
    (
        "lm.definitions.penalty2",
        SAMPLED | {"repetition_penalty": 2.0},
        "lm.definitions.penalty2.repetition_penalty is 2, but decoding is 'sample', which takes "
        "none: set it to 1.0",
    ),
    (
        "lm.definitions.penalty2.temperature",
        0.7,
        "lm.definitions.penalty2.temperature is given, but decoding is 'beam', which does not",
    ),
    ("lm.definitions.penalty2.top_p", 0.9, "penalty2.top_p is given, but decoding is 'beam'"),
    ("lm.definitions.penalty2.top_k", 5, "penalty2.top_k is given, but decoding is 'beam'"),
    ("lm.definitions.penalty2", SAMPLED | {"temperature": 0}, "temperature must be at least 0.001"),
    (
        "lm.definitions.penalty2",
        SAMPLED | {"temperature": -1},
        "temperature must be at least 0.001",
    ),
    ("lm.definitions.penalty2", SAMPLED | {"top_p": 0.0}, "top_p must be greater than 0, got 0.0"),
    ("lm.definitions.penalty2", SAMPLED | {"top_p": 1.1}, "top_p must be at most 1"),
    ("lm.definitions.penalty2", SAMPLED | {"top_k": 0}, "top_k must be at least 1, got 0"),
    (
        "lm.definitions.penalty2.decoding",
        "greedy",
        "penalty2.decoding must be 'beam' or 'sample', got 'greedy'",
    ),
    (
        "lm.definitions.penalty2.runs",
        4,
        "penalty2.runs is 4, but lm.runs is 3: lower the one or raise the other",
    ),
    (
        "lm.definitions.penalty2.last_generation",
        10,
        "penalty2.last_generation is 10, but lm.last_generation is 9: lower the one or raise",
    ),
    ("lm.definitions.penalty2.learning_rate", [0.1, 0.2], "must be a number, got [0.1, 0.2]"),
    ("lm.train.learning_rate", 0, "learning_rate must be greater than 0, got 0"),
    ("lm.train.learning_rate", "fast", "learning_rate must be a number, got 'fast'"),
    ("lm.train.learning_rate", [0.1], "learning_rate must have at least 2 entries, got [0.1]"),
    ("lm.train.learning_rate", [0.1, 0.1], "learning_rate has the entry 0.1 twice: drop one"),
    ("lm.pretrain.train.learning_rate", [0.1, 0.2], "must be a number, got [0.1, 0.2]"),
    ("regimes.pool.size", 0.5, "regimes.pool.size is 0.5, but must be 1 with accumulate or prev"),
    ("regimes.real10.size", 0, "regimes.real10.size must be greater than 0, got 0"),
    ("regimes.real10.size", 1.5, "regimes.real10.size must be at most 1.0, got 1.5"),
    *(
        (
            f"{family}.regimes",
            ["real10"],
            f"{family}.regimes names 'real10', whose size is 0.1, which only language models can",
        )
        for family in ("gaussian", "gmm", "kde", "approximation.kernel_ridge", "ngram", "vae")
    ),
    ("families", [], "families must have at least 1 entries"),
    ("families", ["vae", "opt"], "families.1 must be 'discrete', 'gaussian', 'gmm', 'kde', 'appro"),
    ("lm.blocks.train", 0, "at least 1"),
    ("lm.train.schedule", "cosine", "must be 'linear' or 'constant'"),
    ("lm.train.warmup", 2, "at most 1"),
    ("lm.precision", "fp16", "must be 'fp32' or 'bf16'"),
    ("lm.base", "own", "must be 'pretrained' or 'generation0'"),
    ("lm.prompts", "none", "must be 'original' or 'previous'"),
    ("extends", "paper", "unknown key 'extends'"),
    ("lm.corpus", "wikitext", "must be 'wikipedia_leads', 'state_of_the_union' or"),
    ("lm.pretrain.vocabulary", 200, "at least 260"),
    ("lm.pretrain.architecture.heads", 3, "3 heads do not divide"),
    ("lm.pretrain.architecture.positions", 64, "need 128: raise it"),
    ("lm.examples.generations", [0, 10], "asks for 10, but lm.last_generation is 9"),
    ("lm.examples.run", 3, "choose at most 2"),
    ("figures.lm_histograms.generations", [12], "drop 12"),
    ("figures.lm_repetition.settings", ["none"], "which lm.settings does not run"),
    ("datasets.wikitext2.path", 3, "must be text or null"),
    ("datasets.mnist.source", "hub", "must be 'auto', 'package'"),
    ("datasets.mnist.path", 7, "text or null"),
    ("seed", -1, "at least 0"),
    ("device", "gpu", "must be 'cpu', 'cuda' or 'auto', got 'gpu'"),
    ("keep_models", "first", "must be 'all', 'last' or 'none'"),
    ("discrete.sizes", [2, 3, 4, 5, 6, 7, 8], "at most 6 entries, got [2, 3, 4"),
    ("lm.beams", 2000, "must be less than the model's 2000 tokens (lm.pretrain.vocabulary), of"),
    ("vae.evaluation.images", 1, "at least 2"),
    ("vae.images", 1, "at least 2"),
    ("gmm.fit.reg_covar", 1e-18, "at least 1e-12, got 1e-18"),
    ("gmm.fit.reg_covar", 1e200, "at most 1000000000000.0, got 1e+200"),
    ("gmm.truths.one_blob.std", 1e5, "as large as that of 'one_blob', 1e+10: raise it to at least"),
    ("gmm.truths.one_blob.std", 1e-300, "at least 1e-06"),
    ("gmm.truths.two_gaussians.means", [[0.0, 0.0], [1e200, 0.0]], "at most 1000000.0"),
    ("gmm.truths.two_gaussians.means", [[0.0, 0.0], [1e5, 0.0]], "of 'two_gaussians', 2.5e+09"),
    ("gaussian.mean", 1e300, "at most 1000000.0"),
    ("gaussian.std", 1e200, "at most 1000000.0"),
    ("gaussian.sizes", [2, 100], "gaussian.sizes has 2 samples, with which 1000 generations shri"),
    ("gaussian.growing.size", 2, "gaussian.growing.size has 2 samples, with which 1000 generatio"),
    ("gaussian.growing.powers", [0.0, 20.0], "at most 10"),
    ("gaussian.growing.powers", [6.0], "with which M grows to 1e+20 samples, more than a float"),
    ("gaussian.growing.noise", [1e160], "at most 1000000.0"),
    ("kde.sizes", [4, 50], "kde.sizes has 4, but with Scott's rule (a null in kde.bandwidths) few"),
    ("kde.last_generation", 10000, "in which Scott's rule widens 50 samples beyond the largest"),
    ("kde.bandwidths", [1e200], "at most 1000000.0"),
    ("approximation.sources.sizes", [5], "at least 6, got 5"),
    ("approximation.sources.sizes", [10, 20, 30], "at most 2 entries"),
    (
        "approximation.sources.last_generation",
        10**5,
        "sizes has 100 samples, whose expected",
    ),
    ("approximation.sources.truths", ["normal"], "must be 'laplace' or 'two_normals'"),
    ("approximation.sources.separation", 1.0, "at most 0.99"),
    ("approximation.sources.descents", [{"steps": 1, "step_size": 2.0}], "at most 1"),
    (
        "approximation.sources.descents",
        [{"steps": 0, "step_size": 0.1}],
        "at least 1, got 0",
    ),
    ("approximation.sources.descents", [], "at least 1 entries"),
    ("approximation.sources.start_std", 0, "at least 1e-06"),
    ("approximation.kernel_ridge.ridge", 0, "ridge must be at least 1e-06, got 0"),
    ("approximation.kernel_ridge.jump", 1.0, "less than 1"),
    ("approximation.kernel_ridge.directions", 51, "directions is 51, but must be at most half of"),
    ("approximation.kernel_ridge.regimes", ["none"], "which regimes does not define"),
    ("lm.definitions.sampled.temperature", 1e-300, "temperature must be at least 0.001"),
    ("lm.definitions.penalty2.repetition_penalty", 1e39, "at most 1000.0, got 1e+39"),
    ("seed", 2**60, "at most 9007199254740991"),
    ("seed", "9" * 5000, "config.yaml: seed must be a whole number, got '9999"),
    ("regimes.a\n", {"new": 1.0}, r"regimes.'a\n' must be lower-case"),
    ("regimes.a b", {"new": 1.0}, "regimes.'a b' must be lower-case"),
    ("lm.definitions.../x", SETTING, "lm.definitions.'../x' must be lower-case"),
    ("lm.model", "", "must not be empty"),
    ("lm.revision", 123, "must be text or null, got 123"),
    ("lm.pretrain.architecture.dropout", 1, "less than 1"),
    ("kde.bandwidths", [None, None], "kde.bandwidths has the entry None twice"),
    ("jobs.vae_train.gpus", 1, "did you mean 'gpu'?"),
    ("jobs", None, "jobs must be a mapping of keys to values, got null"),
    ("vae", "x" * 200, "..."),
]


def test_the_default_is_what_its_file_says(config):
    loaded = configuration.load(directory="/nonexistent")
    assert loaded == yaml.safe_load((ROOT / "config.yaml").read_text()) == config
    assert "gpu" not in loaded["jobs"]["lm_real"]
    assert "learning_rate" not in loaded["lm"]["definitions"]["penalty2"]


@pytest.mark.parametrize("scale", SCALES)
def test_the_scales_have_no_mistake(scale):
    loaded = configuration.load({"scale": scale})
    assert loaded["scale"] == scale
    assert "extends" not in loaded


@pytest.mark.parametrize(
    ("key", "value", "words"), MISTAKES, ids=[f"{m[0]}={str(m[1])[:40]}" for m in MISTAKES]
)
def test_a_mistake_is_one_line(config, mistakes, key, value, words):
    set_in(config, key, value)
    found = mistakes(config)
    assert len(found) == 1, found
    assert words in found[0]
    assert "\n" not in found[0]
    assert len(found[0]) < 350
    assert key.split(".")[0] in found[0] or "configuration" in found[0]


def test_a_missing_key_is_named(config, mistakes):
    del config["vae"]["train"]["epochs"]
    assert mistakes(config) == ["vae.train lacks 'epochs': add it as in config.yaml."]


def test_several_mistakes_are_several_lines(config, mistakes):
    set_in(config, "vae.runs", 0)
    set_in(config, "gaussian.std", -1)
    set_in(config, "gmm.runs_per_job", 4)
    assert len(mistakes(config)) == 3


def test_a_line_says_which_file_has_the_value(config, project, mistakes):
    root = project("mine", "scale: mine\nvae: {images: 0}\nkde: {runs: 1}\n")
    with pytest.raises(configuration.ConfigurationError) as caught:
        configuration.load({"scale": "mine", "kde": {"runs": 0}}, directory=root, root=root)
    kde, vae = sorted(caught.value.lines, key=lambda line: "vae" in line)
    assert vae.endswith("workflow/scales/mine.yaml: vae.images must be at least 2, got 0.")
    assert kde == "--config: kde.runs must be at least 2, got 0."
    set_in(config, "gmm.chains", [{"size": 0, "last_generation": 1}])
    assert "config.yaml: gmm.chains.0.size must be at least 3" in mistakes(config)[0]


def test_unique_items_are_reported_as_a_list(config, mistakes):
    set_in(config, "gmm.regimes", ["replace", "replace"])
    (line,) = mistakes(config)
    assert line.endswith("config.yaml: gmm.regimes has the entry 'replace' twice: drop one.")


def test_streaming_has_nothing_to_mix(config, mistakes):
    config["vae"] |= {"samples": "streaming", "regimes": ["replace", "pool"]}
    (line,) = mistakes(config)
    assert "'pool'" in line


def test_a_file_instead_of_a_folder(config, mistakes, tmp_path):
    (tmp_path / "file").touch()
    for path, words in ((tmp_path / "file", "is a file"), (tmp_path / "none", "is missing")):
        config["datasets"]["mnist"] = {"source": "path", "path": str(path)}
        (line,) = mistakes(config)
        assert line.startswith("datasets.mnist.path is '")
        assert words in line
    config["datasets"]["mnist"] = {"source": "path", "path": None}
    assert "datasets.mnist.path is null" in mistakes(config)[0]
    config["datasets"]["mnist"] = {"source": "path", "path": str(tmp_path)}
    assert mistakes(config) == []


def test_previous_prompts_need_generations_of_one_size(config, mistakes):
    config["lm"]["prompts"] = "previous"
    config["lm"]["settings"].remove("real10")
    assert mistakes(config) == []
    config["lm"]["definitions"]["penalty2"]["regime"] = "pool"
    (line,) = mistakes(config)
    assert "the regime of 'penalty2' accumulates" in line


def test_previous_prompts_need_as_many_blocks_as_prompts(config, mistakes):
    config["lm"] |= {"prompts": "previous", "settings": ["no_data_preserved", "penalty2"]}
    assert mistakes(config) == []
    config["lm"]["definitions"]["penalty2"]["regime"] = "real10"
    (line,) = mistakes(config)
    assert "the regime of 'penalty2' has fewer blocks than there are prompts" in line


def test_a_share_of_real_blocks_is_at_least_one_block(config, mistakes):
    """A tenth of 5 blocks rounds to none, of 6 to one; a regime without a share is not asked."""
    config["lm"]["blocks"]["train"] = 5
    for regime, share in (("preserve10", "real"), ("real10", "size")):
        config["lm"]["settings"] = ["no_data_preserved", "penalty2"]
        config["lm"]["definitions"]["penalty2"]["regime"] = regime
        (line,) = mistakes(config)
        assert line == (
            "lm.blocks.train is 5, of which the regime of 'penalty2' takes "
            f"0.1 ({share}), which is no block: raise one of them."
        )
        config["lm"]["definitions"]["penalty2"]["regime"] = "sham"
        assert mistakes(config) == []
    config["lm"]["definitions"]["penalty2"]["regime"] = "preserve10"
    config["lm"]["blocks"]["train"] = 6
    assert mistakes(config) == []


@pytest.mark.parametrize(
    ("family", "key", "value", "place"),
    [
        ("gaussian", "sizes", [4, 100], "gaussian.sizes has 4"),
        ("gmm", "chains", [{"size": 5, "last_generation": 3}], "gmm.chains has 5"),
        ("kde", "sizes", [5], "kde.sizes has 5"),
        ("approximation.kernel_ridge", "inputs", 5, "approximation.kernel_ridge.inputs has 5"),
        ("ngram", "sizes", [250], "ngram.sizes / block has 5"),
        ("vae", "images", 5, "vae.images has 5"),
    ],
)
def test_a_share_of_few_items_is_at_least_one_item(config, mistakes, family, key, value, place):
    set_in(config, f"{family}.{key}", value)
    set_in(config, f"{family}.regimes", ["preserve10"])
    config["approximation"]["kernel_ridge"]["directions"] = 1
    config["vae"]["evaluation"]["images"] = 2
    config["figures"] |= {
        "gmm_samples": {"generations": [0], "size": config["gmm"]["chains"][-1]["size"], "run": 0},
        "vae_samples": {"generations": [0], "run": 0, "rows": 1},
    }
    (line,) = mistakes(config)
    takes = "items, of which the regime 'preserve10' takes 0.1 (real), which is no item"
    assert line == f"{place} {takes}: raise one of them."
    set_in(config, f"{family}.regimes", ["sham"])
    assert mistakes(config) == []


def test_limits_of_degenerate_chains_are_those_of_the_closed_forms():
    """M = 2 loses (ψ(1/2) + log 1)/2 of log σ a generation: 320 in some 300 generations."""
    assert not list(models.vanishing("sizes", 2, 150))
    assert list(models.vanishing("sizes", 2, 330))
    assert not list(models.vanishing("sizes", 100, 10_000))
    assert list(models.vanishing("sizes", 100, 40_000))


def test_examples_are_of_a_run_that_all_settings_have(config, mistakes):
    for name in ("sham", "penalty2"):
        config["lm"]["definitions"][name]["runs"] = 1
    config["lm"]["examples"]["run"] = 1
    assert mistakes(config) == [
        "lm.examples.run is 1, but lm.definitions.sham.runs is 1 and counting starts at 0: choose "
        "at most 0."
    ]


def test_limits_matter_only_to_settings_that_are_run(config, mistakes):
    config["lm"]["definitions"]["penalty9"] = SETTING | {"runs": 99, "last_generation": 99}
    assert mistakes(config) == []
    config["lm"]["settings"].append("penalty9")
    assert len(mistakes(config)) == 2


@pytest.mark.parametrize("rate", [1e-3, [1e-3, 2e-3]])
def test_a_learning_rate_is_a_number_or_several_to_choose_from(config, mistakes, rate):
    config["lm"]["train"]["learning_rate"] = rate
    assert mistakes(config) == []


def test_a_definition_may_say_what_is_the_default(config, mistakes):
    config["lm"]["definitions"]["penalty2"] |= {"decoding": "beam"}
    config["lm"]["definitions"]["sampled"] |= {"temperature": 0.7, "top_p": 0.9, "top_k": None}
    assert mistakes(config) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"new": 1.0, "previous": 0.0, "real": 0.0}),
        ({"accumulate": False, "real": 0.0, "size": 1}, {"new": 1, "previous": 0, "real": 0}),
        ({"size": 0.5}, {"new": 1, "previous": 0, "real": 0, "size": 0.5}),
        ({"accumulate": True}, {"accumulate": True, "keep_real": True, "subsample": False}),
        (
            {"accumulate": True, "new": 0.5, "real": 0.5, "fresh": True, "bias": 1.0},
            {"accumulate": True, "keep_real": True, "subsample": False}
            | {"new": 0.5, "previous": 0.0, "real": 0.5, "fresh": True},
        ),
        (
            {"new": 0.5, "real": 0.5, "pool": 9, "weight": 2.0, "verifier_keeps": 1.0},
            {"new": 0.5, "previous": 0.0, "real": 0.5, "pool": 9, "weight": 2.0},
        ),
    ],
)
def test_a_regime_is_loaded_in_one_form(config, tmp_path, given, expected):
    config["regimes"]["mine"] = given
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    assert configuration.load(directory=tmp_path)["regimes"]["mine"] == expected


def test_more_beams_than_tokens_matter_only_to_the_own_model(config, mistakes):
    config["lm"] |= {"beams": 2001, "model": "smollm2-135m"}
    assert mistakes(config) == []


def test_a_regime_merged_onto_another_names_the_keys_and_both_remedies(config, mistakes):
    (line,) = mistakes(config, {"regimes": {"preserve10": {"accumulate": True}}})
    assert line == (
        "regimes.preserve10.accumulate is true, so that new, previous, real has no meaning: drop "
        "it, or give the regime a name that config.yaml does not define."
    )


HALF = {"new": 0.5, "real": 0.5}


@pytest.mark.parametrize(
    ("regime", "expected"),
    [
        (HALF | {"fresh": True, "pool": 9}, "fresh is true, but pool names a fixed pool"),
        ({"accumulate": True, "pool": 9}, "pool has no meaning with accumulate"),
        ({"fresh": True}, "fresh needs real items: give a share real"),
        ({"pool": 9}, "pool needs real items: give a share real"),
        (HALF | {"fresh": True, "size": 0.5}, "size is 0.5, but must be 1 with fresh or pool"),
        ({"accumulate": True, "fresh": True, "real": 0.5}, "new + real is 1.5 and previous 0"),
        ({"weight": 2.0}, "weight is 2, but there are no real items"),
        ({"verifier_shift": 1.0}, "verifier_shift has a meaning only with verifier_keeps below"),
        ({"weight": 0.0}, "weight must be greater than 0"),
        ({"bias": 0.0}, "bias must be greater than 0"),
        ({"verifier_keeps": 1.5}, "verifier_keeps must be at most 1"),
        (HALF | {"pool": 0}, "pool must be at least 1"),
    ],
)
def test_keys_of_a_regime_that_contradict_each_other_are_one_line(
    config, mistakes, regime, expected
):
    config["regimes"]["mine"] = regime
    (line,) = mistakes(config)
    assert f"regimes.mine.{expected}" in line


BEYOND = {
    "fresh": HALF | {"fresh": True},
    "pool": HALF | {"pool": 10**6},
    "weight": HALF | {"weight": 2.0},
    "bias": {"bias": 0.9},
    "verifier_keeps": {"verifier_keeps": 0.5},
}


@pytest.mark.parametrize("key", BEYOND)
def test_keys_that_a_family_does_not_have_are_named_before_any_job_starts(config, mistakes, key):
    config["regimes"]["mine"] = BEYOND[key]
    for place in ("gaussian", "gmm", "kde"):
        set_in(config, f"{place}.regimes", ["replace", "mine"])
    refused = ["gmm.regimes"] if key == "weight" else []
    assert [line.split(" names ")[0] for line in mistakes(config)] == refused
    set_in(config, "gmm.regimes", ["replace"])
    set_in(config, "vae.regimes", ["mine"])
    set_in(config, "approximation.kernel_ridge.regimes", ["mine"])
    set_in(config, "lm.definitions.penalty2.regime", "mine")
    lines = mistakes(config)
    assert len(lines) == 3
    assert all(f"'mine', which sets {key}, but " in line for line in lines)


def test_a_pool_smaller_than_what_a_generation_takes_is_named(config, mistakes):
    config["regimes"]["mine"] = HALF | {"pool": 4999}
    set_in(config, "gaussian.regimes", ["replace", "mine"])
    (line,) = mistakes(config)
    assert "gaussian.sizes has 10000 items, of which the regime 'mine' takes 5000 from a " in line
    config["regimes"]["mine"] = HALF | {"pool": 5000}
    assert mistakes(config) == []


def test_a_regime_has_the_defaults_of_the_process():
    assert vars(models.Mix()) == vars(FullRegime())
    pool = configuration.load()["regimes"]["pool"]
    assert FullRegime(**pool) == FullRegime(accumulate=True)


def test_a_dotted_key(config):
    assert configuration.value(config, "vae.train.epochs") == 8
    with pytest.raises(UserError, match=r"vae\.train\.epoch is no key of the configuration"):
        configuration.value(config, "vae.train.epoch")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "line 3"),
        ("a: 1\n\tb: 2\n", "line 2"),
        ("", "holds none"),
        ("- 1\n- 2\n", "holds none"),
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' is given twice"),
        ("a: {b: 1, 'b': 2}\n", "line 1: the key 'b' is given twice"),
        ("a: 1\nb: &x [1, *x]\n", "line 2: this anchor contains itself"),
        ("a: 1\nb: &x\n  c: {d: *x}\n", "line 2: this anchor contains itself"),
        ("a: *x\n", "line 1: found undefined alias"),
        ("a: !!python/name:os.system x\n", "line 1: could not determine a constructor"),
        ("a: !!timestamp x\n", "is not YAML"),
        ("a: 1\n---\nb: 2\n", "line 2"),
        ("a: \x00\n", "is not YAML"),
        ("? [1]\n: 2\n", "line 1: found unhashable key"),
    ],
)
def test_broken_yaml_names_file_and_line(tmp_path, text, words):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"mine\.yaml") as caught:
        configuration.read_yaml(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(configuration.ConfigurationError, match=r"config\.yaml") as caught:
        configuration.load(directory=tmp_path)
    assert len(caught.value.lines) == 1


def test_a_file_that_is_not_utf8_or_missing(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(UserError, match=r"latin\.yaml is not YAML text in UTF-8"):
        configuration.read_yaml(tmp_path / "latin.yaml")
    with pytest.raises(UserError, match=r"none\.yaml cannot be read"):
        configuration.read_yaml(tmp_path / "none.yaml")


def test_what_looks_like_a_number_in_yaml_1_1_only_is_text(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("[010, 1:30, 1_000, 0x1F, yes, 2020-01-01, 1e-3, -7, .5, 2., null, ~, True]")
    path.write_text(f"a: {path.read_text()}")
    traps = ["010", "1:30", "1_000", "0x1F", "yes", "2020-01-01"]
    assert configuration.read_yaml(path) == {"a": [*traps, 0.001, -7, 0.5, 2.0, None, None, True]}


def test_merge_keys_may_override(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: &b {<<: *a, x: 3}\nc: {<<: *b, y: 4}\n")
    assert configuration.read_yaml(path)["c"] == {"x": 3, "y": 4}


@pytest.mark.parametrize(
    "path", ["config.yaml", "reference/claims.yaml", "reference/fidelity.yaml", "dvc.yaml"]
)
def test_the_projects_files_mean_the_same_to_other_readers(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert configuration.read_yaml(ROOT / path) == yaml.safe_load(text)


def test_a_scale_is_its_file(project):
    project("good", "scale: good\n")
    root = project("mine", "scale: smoke\n")
    assert configuration.load({"scale": "good"}, root=root, directory=root)["scale"] == "good"
    with pytest.raises(UserError, match=r"mine\.yaml has scale: 'smoke'"):
        configuration.load({"scale": "mine"}, root=root)
    for name in ("../mine", "huge", None, ["good"], {"a": 1}):
        with pytest.raises(UserError, match="choose one of laptop, good, mine, or add"):
            configuration.load({"scale": name}, root=root)


def test_a_scale_can_extend_another(project):
    root = project("base", "scale: base\nkde: {runs: 7}\nvae: {runs: 2}\n")
    project("upper", "scale: upper\nextends: base\nvae: {runs: 3}\n")
    project("top", "scale: top\nextends: upper\n")
    loaded = configuration.load({"scale": "top"}, root=root, directory=root)
    assert (loaded["scale"], loaded["kde"]["runs"], loaded["vae"]["runs"]) == ("top", 7, 3)
    for name in ("huge", "Base", "[1]"):
        project("base", f"scale: base\nextends: {name}\n")
        with pytest.raises(UserError, match=r"base\.yaml: extends is .*: choose one of laptop, b"):
            configuration.load({"scale": "top"}, root=root)
    project("base", "scale: base\nextends: upper\n")
    with pytest.raises(UserError, match=r"base\.yaml: extends makes a circle of base, upper, top"):
        configuration.load({"scale": "top"}, root=root)


def test_a_file_for_the_base_scale_is_refused(project):
    root = project("laptop", "scale: laptop\n")
    with pytest.raises(UserError, match=r"laptop\.yaml in workflow/scales is never read"):
        configuration.load({"scale": "laptop"}, root=root)


def test_a_folder_may_have_its_own_base(config, tmp_path):
    config |= {"scale": "smoke", "seed": 7}
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    loaded = configuration.load(directory=tmp_path)
    assert (loaded["seed"], loaded["vae"]["images"]) == (7, 300)
    assert configuration.load({"scale": "probe"}, directory=tmp_path)["scale"] == "probe"
    layers = configuration.layers_of({"seed": 8}, directory=tmp_path)
    assert [Path(origin).name for origin, _ in layers] == [
        "config.yaml",
        "smoke.yaml",
        "--config",
    ]


def test_given_values_are_merged_and_their_text_is_read_as_yaml():
    given = {
        "kde": {"runs": "8", "bandwidths": ["null", "0.1"]},
        "lm": {"revision": "None", "model": "~/models/010", "train": {"learning_rate": "1e-3"}},
        "jobs": {"vae_train": {"gpu": "false"}},
    }
    before = copy.deepcopy(given)
    loaded = configuration.load(given)
    assert given == before
    assert loaded["kde"]["runs"] == 8
    assert loaded["kde"]["bandwidths"] == [None, 0.1]
    assert loaded["lm"]["revision"] is None
    assert loaded["lm"]["model"] == "~/models/010"
    assert loaded["lm"]["train"]["learning_rate"] == 0.001
    assert loaded["lm"]["train"]["batch_size"] == 16
    assert loaded["jobs"]["vae_train"] == {"mem_mb": 2000, "runtime": 10, "gpu": False}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kde": {"runs": "010"}}, "kde.runs must be a whole number (write 10), got '010'"),
        ({"kde": {"runs": "1:30"}}, "kde.runs must be a whole number, got '1:30'"),
        ({"kde": {"runs": "9" * 5000}}, "9999"),
        ({"kde": "8"}, "kde must be a mapping of keys to values, got 8"),
        ({"kde": None}, "kde must be a mapping of keys to values, got null"),
        ({"seed": math.inf}, "seed must be a whole number, got inf"),
        ({3: 4}, "the configuration has an unknown key 3: choose one of scale"),
        ({"kde": {3: 4}}, "kde has an unknown key 3: choose one of regimes"),
        ({"regimes": {3: {}}}, "regimes.3 must be text, got 3"),
        ({"regimes": {"a": "pool"}}, "regimes.a must be a mapping"),
    ],
)
def test_wrong_given_values_are_one_line(given, words):
    with pytest.raises(configuration.ConfigurationError) as caught:
        configuration.load(given)
    (line,) = caught.value.lines
    assert line.startswith("--config: ")
    assert words in line
    assert "\n" not in line
    assert len(line) < 300


def test_a_given_value_that_contains_itself_is_one_line():
    given = {"kde": {}}
    given["kde"]["kde"] = given
    with pytest.raises(configuration.ConfigurationError, match="contains itself") as caught:
        configuration.load(given)
    assert len(caught.value.lines) == 1


def sections():
    return [
        m for m in vars(models).values() if isinstance(m, type) and issubclass(m, models.Section)
    ]


def test_every_key_has_a_description_and_a_source():
    for section, (key, field) in itertools.chain.from_iterable(
        [(section, item) for item in section.model_fields.items()] for section in sections()
    ):
        assert field.description, (section, key)
        assert field.json_schema_extra["source"], (section, key)


def test_the_generated_files_are_up_to_date(capsys):
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_generated_file_is_named_then_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    (tmp_path / "workflow/schemas").mkdir(parents=True)
    (tmp_path / reference.PAGE_FILE).write_text(reference.reference_page())
    made = reference.files()
    monkeypatch.setattr(reference, "files", lambda: made)
    monkeypatch.setattr(generate.paths, "source", lambda path: tmp_path / path)
    assert generate.main(["--check"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{reference.SCHEMA_FILE} differs")
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("scale", SCALES)
def test_the_schema_accepts_the_scales(scale):
    schema = configuration.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(configuration.load({"scale": scale}), schema)
    broken = configuration.load({"scale": scale})
    broken["vae"]["train"]["epoch"] = 1
    with pytest.raises(jsonschema.ValidationError, match="epoch"):
        jsonschema.validate(broken, schema)


def test_the_editor_finds_the_schema():
    first = (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert (ROOT / re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)[1]).is_file()


def test_loading_is_cheap_and_needs_no_science():
    code = (
        "import sys, time; from pipeline import configuration; configuration.load();"
        "print(time.process_time()); print('numpy' in sys.modules)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT / "scripts")},
        ).stdout.split()
        for _ in range(3)
    ]
    assert min(float(seconds) for seconds, _ in runs) < 0.5  # 0.2 on the machine of the tests
    assert {imported for _, imported in runs} == {"False"}
