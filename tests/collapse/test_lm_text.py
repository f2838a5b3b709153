"""Corpora, blocks and text statistics: whole, deterministic, and right on hand-made examples."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
from collapse.errors import UserError
from collapse.lm import text_blocks, text_statistics
from collapse.process import generations
from oracles import LIMIT
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
        texts = [split.text for split in splits.values()]
        assert sum(len(text.split()) for text in texts) == words
        names = [document for split in splits.values() for document, _ in split.documents]
        assert len(set(names)) == len(names)
        for split in splits.values():
            n_lines = sum(count for _, count in split.documents)
            assert n_lines == len(corpora.lines(split.text))
        lines = [set(text.splitlines()) for text in texts]
        # speeches share salutations, and some were given twice
        assert len(lines[0] & lines[2]) < 0.03 * len(lines[2])


def test_a_document_stays_in_its_split_whatever_else_comes_and_goes():
    documents = {f"document {i}": f"text {i}" for i in range(2000)}
    splits = corpora.split(documents)
    sizes = [len(split.text.splitlines()) for split in splits.values()]
    assert sum(sizes) == 2000
    assert all(abs(n - 2000 * s) < 60 for n, s in zip(sizes, corpora.SHARES, strict=True))
    fewer = corpora.split(dict(list(documents.items())[::-2]))
    for name, split in fewer.items():
        assert set(split.text.splitlines()) <= set(splits[name].text.splitlines())


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
    splits = corpora.obtain("wikitext2", path=str(tmp_path))
    expected = ["", " = Title = \n", "", " Text \x85 more . \n"]
    assert corpora.lines(splits["validation"].text) == expected


ARTICLES = [
    *(" \n", " = First = \n", " \n", " It is = 3 . \n"),
    *(" = = Part = = \n", " = = = Smaller part = = = \n", " = x \n"),
    *(" Goals \n", " = G ; assists = \n", " = A \n", " = Points = \n"),
    *(" \n", " = Second = title = \n", " \n", " Text . \n"),
]


def test_an_article_of_wikitext_starts_with_a_title_of_the_first_level(tmp_path):
    """What comes before the first title is a document of its own; titles of parts start
    none, nor do lines of a list."""
    for name in ("train", "valid", "test"):
        (tmp_path / f"{name}.txt").write_text("".join(ARTICLES))
    split = corpora.obtain("wikitext2", path=str(tmp_path))["train"]
    assert split.documents == [["", 1], ["First", 11], ["Second = title", 3]]
    # without anything before it, the first title starts the first document
    for name in ("train", "valid", "test"):
        (tmp_path / f"{name}.txt").write_text("".join(ARTICLES[1:]))
    split = corpora.obtain("wikitext2", path=str(tmp_path))["train"]
    assert split.documents == [["First", 11], ["Second = title", 3]]


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
    splits = corpora.obtain("wikitext2")
    assert {name: corpora.lines(split.text) for name, split in splits.items()} == rows
    corpora.write(tmp_path, splits)
    assert corpora.read_lines(tmp_path / "test.txt") == rows["test"]
    assert corpora.line_documents(tmp_path / "documents.json", "test") == [0, 1, 1, 1]


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
    blocks, first_lines = text_blocks.cut(tokenizer, TEXT, **CUT)
    assert blocks.tolist() == expected
    assert blocks.dtype == np.uint16
    # line of each token, chunk by chunk
    owners = [[n] * len(line) for n, line in enumerate(ids)]
    chunks = [owners[0] + owners[1], owners[2] + owners[3]]
    assert first_lines.tolist() == [c[i] for c in chunks for i in range(0, len(c) - 3, 4)]
    without, _ = text_blocks.cut(tokenizer, TEXT, **(CUT | {"start": None}))
    assert START not in without


class Words:
    """A tokenizer with a token for each word, numbered from 10 by its letter."""

    def get_vocab_size(self):
        return 36

    def encode_batch(self, lines, *, add_special_tokens):
        assert not add_special_tokens
        return [SimpleNamespace(ids=[ord(w) - ord("a") + 10 for w in x.split()]) for x in lines]


@pytest.mark.parametrize(
    ("lines_per_chunk", "expected", "first_lines", "documents"),
    [
        (2, [[START, 10, 11, 12], [START, 13, 14, 15], [16, START, 17, 18]], [0, 2, 2], [0, 1, 1]),
        (4, [[START, 10, 11, 12], [START, START, 13, 14], [15, 16, START, 17]], [0, 1, 2],
         [0, 0, 1]),
    ],
)  # fmt: skip
def test_blocks_know_the_document_in_which_they_start(
    tmp_path, lines_per_chunk, expected, first_lines, documents
):
    """By hand: a document of a line and a blank one, and one of two lines."""
    text = "a b c\n\nd e f g\nh i\n"
    split = corpora.Split(text, [["one", 2], ["two", 2]])
    corpora.write(tmp_path, {"train": split, "test": split._replace(documents=[["all", 4]])})
    lines = corpora.read_lines(tmp_path / "train.txt")
    cut = CUT | {"lines_per_chunk": lines_per_chunk}
    blocks, found = text_blocks.cut(Words(), lines, **cut)
    assert blocks.tolist() == expected
    assert found.tolist() == first_lines
    owners = corpora.line_documents(tmp_path / "documents.json", "train")
    assert owners == [0, 0, 1, 1]
    assert [owners[line] for line in found] == documents
    assert corpora.line_documents(tmp_path / "documents.json", "test") == [0] * 4


def test_spaced_blocks_are_as_far_apart_as_they_can_be():
    assert text_blocks.spaced(10, 3).tolist() == [0, 3, 6]
    assert text_blocks.spaced(10, 10).tolist() == text_blocks.spaced(10, None).tolist()
    assert text_blocks.spaced(10, None).tolist() == list(range(10))
    with pytest.raises(UserError, match=r"test\.txt gives 10 blocks, but 11 are needed: lower lm"):
        text_blocks.spaced(10, 11, what="test.txt")


def test_runs_draw_blocks_of_their_own():
    """Together they have every block once; a run has the same ones whatever is drawn before it."""
    runs = [text_blocks.drawn(30, 10, run=run, seed=1) for run in range(3)]
    assert sorted(np.concatenate(runs).tolist()) == list(range(30))
    assert text_blocks.drawn(30, 10, run=1, seed=1).tolist() == runs[1].tolist()
    assert all((np.diff(run) > 0).all() for run in runs)
    assert text_blocks.drawn(30, 10, run=1, seed=2).tolist() != runs[1].tolist()
    for run in (0, 5):  # without a number of blocks, every run has all
        assert text_blocks.drawn(30, None, run=run, seed=1).tolist() == list(range(30))


def test_too_few_blocks_for_a_run_are_one_line():
    text_blocks.drawn(29, 10, run=1, seed=1)
    with pytest.raises(UserError) as caught:
        text_blocks.drawn(29, 10, run=2, seed=1, what="train.txt")
    assert str(caught.value).startswith("train.txt gives 29 blocks, but 30 are needed: lower")
    assert "lm.runs" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_block_is_drawn_equally_often():
    """Counts of each block over seeds are binomial; the control takes evenly spaced blocks."""
    n_seeds, share = 2000, 5 / 20
    chosen = [text_blocks.drawn(20, 5, run=1, seed=seed) for seed in range(n_seeds)]
    spread = np.sqrt(n_seeds * share * (1 - share))
    z = (np.bincount(np.concatenate(chosen), minlength=20) - n_seeds * share) / spread
    assert np.abs(z).max() < LIMIT
    spaced = np.tile(text_blocks.spaced(20, 5), n_seeds)
    z = (np.bincount(spaced, minlength=20) - n_seeds * share) / spread
    assert np.abs(z).max() > LIMIT


def test_a_corpus_shorter_than_a_block_is_refused(tokenizer):
    with pytest.raises(UserError, match=r"x\.txt gives no block of 64 tokens: use a larger corpus"):
        text_blocks.cut(tokenizer, TEXT, what="x.txt", **(CUT | {"length": 64}))


def test_text_statistics_by_hand():
    blocks = np.array([[5, 6, 5, 6, 5], [7, 8, 9, 5, 6]])
    # 2-grams: 56 65 56 65 | 78 89 95 56
    assert text_statistics.repeated_shares(blocks, 2).tolist() == [2 / 4, 0 / 4]
    assert text_statistics.distinct(blocks, 2) == 5 / 8
    assert text_statistics.distinct(blocks, 1) == 5 / 10
    # 3-grams: 565 656 565 | 789 895 956
    shares = text_statistics.repeated_shares(blocks, 3)
    assert shares == pytest.approx([1 / 3, 0], rel=1e-15)
    found = text_statistics.summary(blocks, blocks)
    assert found["repeated_3gram_share"] == pytest.approx((1 / 3 + 0) / 2, rel=1e-15)
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
