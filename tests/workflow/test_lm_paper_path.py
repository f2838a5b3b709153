"""The paper scale without a hub: OPT's tokenizer, WikiText-2, an OPT folder, two generations.

The folder has the files of the hub's. Only depth and width of the model, and its weights, differ.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from collapse.lm import language_model, text_blocks
from collapse.neural import torch_tools
from pipeline import files, paths, weights, yaml_files
from sources import base_models, corpora
from transformers import AutoConfig, OPTForCausalLM

REFERENCE = Path(
    os.environ.get("COLLAPSE_REFERENCE_DATA", paths.ROOT.parent / "shared" / "reference")
)
pytestmark = pytest.mark.skipif(
    not (REFERENCE / "opt-125m-tokenizer").is_dir(),
    reason=f"no reference data at {REFERENCE}: set COLLAPSE_REFERENCE_DATA",
)
CUT = {"length": 64, "lines_per_chunk": 1000}
# OPT-125m has 12 layers of 768, 768 and 3072. Its 12 heads and its vocabulary stay: the vocabulary
# takes two thirds of the time that a generation needs. 130 blocks are two batches.
SMALL = {"num_hidden_layers": 2, "hidden_size": 48, "word_embed_proj_dim": 48, "ffn_dim": 192}
# tokenizer_config.json as on the hub, next to OPT's vocabulary and merges
TOKENIZER = {
    "tokenizer_class": "GPT2Tokenizer",
    "add_bos_token": True,
    "add_prefix_space": False,
    "errors": "replace",
    **{f"{role}_token": "</s>" for role in ("bos", "eos", "unk")},
    "pad_token": "<pad>",
}
OVERLAY = """
scale: paper
device: cpu
datasets: {{wikitext2: {{path: {wikitext}}}}}
lm:
  model: {model}
  definitions: {{preserve10: {{epochs: 1}}}}
  runs: 2
  blocks: {{train: 130, validation: 16, test: 16}}
"""


@pytest.fixture(scope="module")
def published():
    """OPT-125m's configuration."""
    return json.loads((REFERENCE / "opt-125m-tokenizer" / "config.json").read_text())


@pytest.fixture(scope="module")
def folder(published, tmp_path_factory):
    """A small OPT-125m with random weights, in the same files as OPT-125m on the hub."""
    folder = tmp_path_factory.mktemp("opt")
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(REFERENCE / "opt-125m-tokenizer" / name, folder / name)
    files.write_json(folder / "tokenizer_config.json", TOKENIZER)
    files.write_json(folder / "config.json", published | SMALL)
    config = AutoConfig.for_model(**published | SMALL)
    model = torch_tools.initialised(lambda: OPTForCausalLM(config), seed=1)
    half = {name: values.half() for name, values in model.state_dict().items()}
    torch.save(half, folder / "pytorch_model.bin")
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder):
    return base_models.obtain(str(folder))[1]


@pytest.fixture(scope="module")
def tokens(tokenizer):
    """The tokenised WikiText-2 in blocks, split by split, as the paper scale cuts it."""
    splits = corpora.obtain("wikitext2", path=str(REFERENCE / "wikitext-2-tokens"))
    return {
        name: text_blocks.cut(tokenizer, corpora.lines(split.text), start=2, **CUT)[0]
        for name, split in splits.items()
    }


def test_opts_tokenizer_gives_its_published_ids(tokenizer):
    ids = tokenizer.encode("Hello, I'm am conscious and").ids
    assert ids == [2, 31414, 6, 38, 437, 524, 13316, 8]


def test_wikitext_has_its_number_of_blocks(tokenizer, tokens, record_property):
    """With a start token before each line; of the raw test split, also without.

    The released code's 37,354 training blocks are not checked: the reference data lack the raw
    training split.
    """
    counts = {name: len(blocks) for name, blocks in tokens.items()}
    assert counts == {"train": 38407, "validation": 4058, "test": 4643}
    record_property("blocks", counts)
    raw = (REFERENCE / "wikitext-2-raw" / "wiki.test.raw").read_text(encoding="utf-8")
    lines = corpora.lines(raw)
    assert len(lines) == 4358
    assert (
        sum(len(tokenizer.encode(line, add_special_tokens=False).ids) for line in lines) == 283_287
    )
    assert len(text_blocks.cut(tokenizer, lines, start=2, **CUT)[0]) == 4492
    assert len(text_blocks.cut(tokenizer, lines, start=None, **CUT)[0]) == 4424


def test_wikitext_has_its_published_number_of_articles():
    """Merity et al. 2016, table 1: 600, 60 and 60; before the first is a blank line."""
    splits = corpora.obtain("wikitext2", path=str(REFERENCE / "wikitext-2-tokens"))
    counts = {name: len(split.documents) for name, split in splits.items()}
    assert counts == {"train": 1 + 600, "validation": 1 + 60, "test": 1 + 60}
    assert all(split.documents[0] == ["", 1] for split in splits.values())


def test_the_published_configuration_is_opt_125m(published):
    with torch.device("meta"):
        model = OPTForCausalLM(AutoConfig.for_model(**published))
    assert model.num_parameters() == 125_239_296


def test_two_generations_through_the_paper_scale(folder, tokenizer, tokens, new_checkout):
    """Generation 0 and 1 of the setting with a tenth of real data, one run, by the rules."""
    checkout = new_checkout("paper")
    wikitext = REFERENCE.resolve() / "wikitext-2-tokens"
    overlay = OVERLAY.format(wikitext=wikitext, model=folder)
    files.write_text(checkout.folder / "paper.yaml", overlay)
    lm, target = "results/paper/lm", "preserve10/run00/gen01"
    checkout.run("--configfile", "paper.yaml", "--cores", "2", "--", f"{lm}/samples/{target}.npz")
    place = checkout.folder / lm
    record = files.read_json(checkout.folder / f"results/paper/records/lm/models/{target}.json")
    settings = record["parameters"]["settings"]
    assert (settings["batch_size"], settings["learning_rate"], settings["beams"]) == (128, 2e-5, 5)
    real = files.read_arrays(place / "samples/real/run00/data.npz")
    splits = corpora.obtain("wikitext2", path=str(wikitext))
    blocks, _ = text_blocks.cut(tokenizer, corpora.lines(splits["train"].text), start=None, **CUT)
    assert len(blocks) < len(tokens["train"])
    record = files.read_json(
        checkout.folder / "results/paper/records/lm/samples/real/run00/data.json"
    )
    chosen = text_blocks.drawn(len(blocks), 130, run=0, seed=record["parameters"]["seed"])
    assert np.array_equal(real["blocks"], blocks[chosen])
    test, first_lines = text_blocks.cut(
        tokenizer, corpora.lines(splits["test"].text), start=None, **CUT
    )
    shown = np.arange(16) * len(test) // 16
    assert np.array_equal(real["test"], test[shown])
    ends = np.cumsum([count for _, count in splits["test"].documents])
    documents = np.searchsorted(ends, first_lines[shown], side="right")
    assert np.array_equal(real["test_documents"], documents)
    base = language_model.from_configuration(files.read_json(place / "models/imported/config.json"))
    weights.load(place / "models/imported/model.safetensors", base)
    assert (base.config.vocab_size, base.config.num_attention_heads) == (50272, 12)
    zero_shot = np.exp(language_model.block_losses(base, real["validation"], settings).mean())
    histories = []
    for generation in ("gen00", "gen01"):
        samples = files.read_arrays(place / f"samples/preserve10/run00/{generation}.npz")["blocks"]
        assert (samples.shape, samples.dtype) == ((130, 64), np.uint16)
        assert samples.max() < 50272
        assert base.config.eos_token_id not in samples
        facts = files.read_json(place / f"metrics/preserve10/run00/{generation}.json")
        assert facts["blocks"] == 130
        histories += facts["epochs"]
    assert histories[0]["validation_perplexity"] < zero_shot
    # even a random model finds its own text easier than people's
    assert histories[1]["training_perplexity"] < histories[0]["training_perplexity"]


def paper():
    """The language model's part of the paper scale."""
    return yaml_files.read_yaml(paths.ROOT / "workflow" / "scales" / "paper.yaml")["lm"]


def test_the_paper_scale_is_the_papers():
    lm = paper()
    assert lm["model"] == "facebook/opt-125m"
    assert lm["corpus"] == "wikitext2"
    assert lm["runs"] == 5
    assert set(lm["blocks"].values()) == {None}
    assert json.dumps(lm["definitions"]["as_released"], sort_keys=True) == (
        '{"batch_size": 16, "epochs": 5, "learning_rate": 1e-05, "regime": "replace", '
        '"repetition_penalty": 3.0}'
    )
