"""Corpora, blocks and text statistics: whole, deterministic, and right on hand-made examples."""

import hashlib

import numpy as np
import pytest
from collapse.errors import UserError
from collapse.lm import text_blocks, text_statistics
from collapse.process import generations
from sources import corpora, packages

START = 2  # </s>
CUT = {"length": 4, "lines_per_chunk": 2, "start": START}
TEXT = ["the cat sat on the mat\n", "", "a dog and a cat ran to the mat\n", "the end\n"]


@pytest.fixture(scope="module")
def tokenizer():
    return text_blocks.train_tokenizer(TEXT, 270)


def test_the_packaged_corpora_are_whole_and_their_splits_share_no_document():
    for name, words in (("state_of_the_union", 2_019_452), ("wikipedia_leads", 775_848)):
        splits = corpora.obtain(name)
        assert sum(len(text.split()) for text in splits.values()) == words
        lines = [set(text.splitlines()) for text in splits.values()]
        # speeches share salutations, and some were given twice
        assert len(lines[0] & lines[2]) < 0.03 * len(lines[2])


def test_a_document_stays_in_its_split_whatever_else_comes_and_goes():
    documents = {f"document {i}": f"text {i}" for i in range(2000)}
    splits = corpora.split(documents)
    sizes = [len(text.splitlines()) for text in splits.values()]
    assert sum(sizes) == 2000
    assert all(abs(n - 2000 * s) < 60 for n, s in zip(sizes, corpora.SHARES, strict=True))
    fewer = corpora.split(dict(list(documents.items())[::-2]))
    for name, text in fewer.items():
        assert set(text.splitlines()) <= set(splits[name].splitlines())


def test_a_changed_package_is_refused_with_both_hashes(tmp_path):
    file = tmp_path / "data.json"
    file.write_text("{}")
    found = hashlib.sha256(b"{}").hexdigest()
    with pytest.raises(UserError, match=f"{found}, expected abc: install it again"):
        packages.check(file, "abc", what="Text")


def test_a_missing_package_names_the_remedy():
    with pytest.raises(UserError, match="no-such-package is not installed: run 'pip install"):
        packages.checked("no-such-package", "x", "abc", what="Text")


def test_wikitext_is_read_from_a_folder_with_blank_lines_empty(tmp_path):
    for name in ("train", "valid", "test"):
        (tmp_path / f"wiki.{name}.raw").write_text(" \n = Title = \n \n Text \x85 more . \n")
    texts = corpora.obtain("wikitext2", path=str(tmp_path))
    assert corpora.lines(texts["validation"]) == ["", " = Title = \n", "", " Text \x85 more . \n"]


def test_a_wikitext_folder_must_hold_all_splits_of_one_version(tmp_path):
    (tmp_path / "train.txt").write_text("x\n")
    with pytest.raises(UserError, match=r"neither wiki\.valid\.raw nor valid\.txt"):
        corpora.obtain("wikitext2", path=str(tmp_path))
    for name in ("wiki.valid.raw", "test.txt"):
        (tmp_path / name).write_text("x\n")
    with pytest.raises(UserError, match="mixes the raw and the tokenised version"):
        corpora.obtain("wikitext2", path=str(tmp_path))


def test_wikitext_is_read_from_the_hubs_files_with_blank_lines_empty(tmp_path, monkeypatch):
    """As the hub has them: a row a line, with its newline, and an empty text for a blank line."""
    import huggingface_hub
    import pandas as pd

    rows = {
        name: ["", f" = {name} = \n", "", " Text \x85 \u2028 more . \n"] for name in corpora.SPLITS
    }

    def downloaded(repository, file, *, repo_type, revision, local_files_only):
        assert (repository, repo_type) == ("Salesforce/wikitext", "dataset")
        assert len(revision) == 40
        folder, _, name = file.partition("/")
        assert folder == "wikitext-2-raw-v1"
        split, _, rest = name.partition("-")
        assert rest == "00000-of-00001.parquet"
        pd.DataFrame({"text": rows[split]}).to_parquet(tmp_path / name, index=False)
        return str(tmp_path / name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", downloaded)
    texts = corpora.obtain("wikitext2")
    assert {name: corpora.lines(text) for name, text in texts.items()} == rows
    corpora.write(tmp_path, texts)
    assert corpora.read_lines(tmp_path / "test.txt") == rows["test"]


def test_without_a_hub_wikitext_is_one_sentence(monkeypatch):
    import huggingface_hub

    def unreachable(*_, **__):
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", unreachable)
    with pytest.raises(UserError) as caught:
        corpora.obtain("wikitext2")
    assert "\n" not in str(caught.value)
    assert "set datasets.wikitext2.path" in str(caught.value)


def test_the_tokenizer_is_deterministic_and_keeps_every_byte(tokenizer):
    assert tokenizer.to_str() == text_blocks.train_tokenizer(TEXT, 270).to_str()
    strange = "Ünïcödé \t 漢字\n"
    assert tokenizer.decode(tokenizer.encode(strange).ids) == strange
    with pytest.raises(UserError, match=r"lm.pretrain.vocabulary is 5000, but .*: lower it"):
        text_blocks.train_tokenizer(TEXT, 5000)


def test_blocks_are_chunks_cut_and_their_remainders_dropped(tokenizer):
    ids = [[START, *tokenizer.encode(line).ids] for line in TEXT]
    chunks = [ids[0] + ids[1], ids[2] + ids[3]]
    expected = [chunk[i : i + 4] for chunk in chunks for i in range(0, len(chunk) - 3, 4)]
    blocks = text_blocks.cut(tokenizer, TEXT, **CUT)
    assert blocks.tolist() == expected
    assert blocks.dtype == np.uint16
    spaced = text_blocks.cut(tokenizer, TEXT, count=3, **CUT).tolist()
    assert spaced == [expected[i * len(expected) // 3] for i in range(3)]
    without = text_blocks.cut(tokenizer, TEXT, **(CUT | {"start": None}))
    assert START not in without


def test_a_corpus_shorter_than_a_block_is_refused(tokenizer):
    with pytest.raises(UserError, match="the corpus gives 0 blocks of 64 tokens, but 1 are needed"):
        text_blocks.cut(tokenizer, TEXT, **(CUT | {"length": 64}))
    with pytest.raises(UserError, match="but 1000 are needed"):
        text_blocks.cut(tokenizer, TEXT, count=1000, **CUT)


def test_text_statistics_by_hand():
    blocks = np.array([[5, 6, 5, 6, 5], [7, 8, 9, 5, 6]])
    # 2-grams: 56 65 56 65 | 78 89 95 56
    assert text_statistics.repeated_share(blocks, 2) == (2 / 4 + 0 / 4) / 2
    assert text_statistics.distinct(blocks, 2) == 5 / 8
    assert text_statistics.distinct(blocks, 1) == 5 / 10
    # 3-grams: 565 656 565 | 789 895 956
    assert text_statistics.repeated_share(blocks, 3) == pytest.approx((1 / 3 + 0) / 2, rel=1e-15)
    assert text_statistics.distinct(blocks, 3) == 5 / 6
    assert text_statistics.coverage(np.array([[5, 5]]), text_statistics.types(blocks)) == 1 / 5


def test_the_tail_is_the_rarest_tenth_of_the_text():
    blocks = np.array([[1] * 12 + [2] * 6 + [3, 4]])  # 3 and 4 make up a tenth
    assert text_statistics.rare_types(blocks).tolist() == [3, 4]
    found = text_statistics.summary(np.array([[1, 2, 3, 1]]), blocks)
    assert found["tail_coverage"] == 1 / 2
    assert found["vocabulary_coverage"] == 3 / 4


def test_real_text_covers_itself():
    blocks = np.random.default_rng(1).integers(0, 50, (30, 64))
    found = text_statistics.summary(blocks, blocks)
    assert found["vocabulary_coverage"] == found["tail_coverage"] == 1


@pytest.mark.parametrize("size", [20, 101])
def test_a_tenth_of_the_real_blocks_is_kept_and_drawn_afresh(size):
    regime = generations.Regime(new=0.9, previous=0.0, real=0.1)
    real, samples = np.arange(size)[:, None], -np.arange(size)[:, None] - 1
    kept = []
    for generation in (1, 2, 3):
        mix = generations.composition(regime, generation, size, seed=7)
        data = generations.assemble([real, samples], *mix)[:, 0]
        assert data.shape == (size,)
        assert (data >= 0).sum() == round(0.1 * size)
        kept.append(frozenset(data[data >= 0].tolist()))
    assert len(set(kept)) == 3
