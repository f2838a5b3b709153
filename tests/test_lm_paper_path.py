"""The paper's own path without a hub: OPT's tokenizer, WikiText-2, an OPT folder, two generations.

The folder has OPT-125m's architecture with random weights and, so that the test ends within a
minute on a CPU, 2 of its 12 layers. Its vocabulary is the full one.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from collapse import (
    base_models,
    corpora,
    generations,
    language_model,
    text_blocks,
    torch_tools,
)
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import OPTConfig, OPTForCausalLM, PreTrainedTokenizerFast

REFERENCE = Path(
    os.environ.get(
        "COLLAPSE_REFERENCE_DATA", Path(__file__).resolve().parents[1] / "../shared/reference"
    )
)
pytestmark = pytest.mark.skipif(
    not (REFERENCE / "opt-125m-tokenizer").is_dir(),
    reason=f"no reference data at {REFERENCE}: set COLLAPSE_REFERENCE_DATA",
)
CUT = {"length": 64, "lines_per_chunk": 1000}
N_BLOCKS = 128  # of generation 0: one batch; prompts and validation take fewer, for time


@pytest.fixture(scope="module")
def tokenizer():
    """OPT's own, from its vocabulary and merges."""
    folder = REFERENCE / "opt-125m-tokenizer"
    merges = models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer = Tokenizer(merges)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


@pytest.fixture(scope="module")
def tokens(tokenizer):
    """The tokenised WikiText-2 in blocks, split by split, as the paper scale cuts it."""
    texts = corpora.obtain("wikitext2", path=str(REFERENCE / "wikitext-2-tokens"))
    return {
        name: text_blocks.cut(tokenizer, corpora.lines(text), start=2, **CUT)
        for name, text in texts.items()
    }


def test_opts_tokenizer_gives_its_published_ids(tokenizer):
    ids = [2, *tokenizer.encode("Hello, I'm am conscious and").ids]
    assert ids == [2, 31414, 6, 38, 437, 524, 13316, 8]


def test_wikitext_has_its_number_of_blocks(tokenizer, tokens, record_property):
    """With a start token per line; the raw test split is also counted without.

    Not checked here, for want of the raw training split: which of the two gives the released code's
    37,354 training blocks.
    """
    counts = {name: len(blocks) for name, blocks in tokens.items()}
    assert counts == {"train": 38407, "validation": 4058, "test": 4643}
    record_property("blocks", counts)
    raw = (REFERENCE / "wikitext-2-raw" / "wiki.test.raw").read_text(encoding="utf-8")
    lines = corpora.lines(raw)
    assert len(lines) == 4358
    assert sum(len(tokenizer.encode(line).ids) for line in lines) == 283_287
    assert len(text_blocks.cut(tokenizer, lines, start=2, **CUT)) == 4492
    assert len(text_blocks.cut(tokenizer, lines, start=None, **CUT)) == 4424


def test_a_folder_of_opts_architecture_goes_through_two_generations(
    tokenizer, tokens, tmp_path, config
):
    torch_tools.prepare("cpu")
    opt = OPTForCausalLM(OPTConfig(num_hidden_layers=2))
    assert opt.config.vocab_size == 50272
    opt.save_pretrained(tmp_path)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(tmp_path)
    model, found = base_models.obtain(str(tmp_path))
    assert found.get_vocab_size() == 50265
    assert model.config.bos_token_id == text_blocks.START
    language_model.save_config(tmp_path / "base.json", model)
    language_model.save(tmp_path / "base.safetensors", model)
    overlay = config["lm"]["train"] | paper()["train"]
    settings = overlay | {"epochs": 1, "precision": "fp32", "beams": 5, "repetition_penalty": 1.0}
    assert (settings["batch_size"], settings["learning_rate"]) == (128, 2e-5)
    real, validation = tokens["train"][:N_BLOCKS], tokens["validation"][:8]
    data, histories = real, []
    regime = generations.Regime(new=0.9, previous=0.0, real=0.1)
    for generation in (0, 1):
        model = language_model.load(tmp_path / "base.json", tmp_path / "base.safetensors", "cpu")
        histories += language_model.fine_tune(model, data, validation, settings, seed=generation)
        samples = language_model.continue_blocks(model, real[:8], settings)
        assert samples.shape == (8, 64)
        data = generations.assemble(
            [real[:8], samples], *generations.composition(regime, 1, 8, seed=1)
        )
    assert data.dtype == np.uint16
    before = language_model.load(tmp_path / "base.json", tmp_path / "base.safetensors", "cpu")
    losses = language_model.token_losses(before, validation, settings)
    assert histories[0]["validation_perplexity"] < language_model.perplexities(losses)["token"]


def paper():
    """The language model's part of the paper scale."""
    from collapse import configuration

    root = Path(__file__).resolve().parents[1]
    return configuration.read_yaml(root / "workflow" / "scales" / "paper.yaml")["lm"]


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
