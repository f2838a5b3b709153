"""Files outside the project that jobs take: a folder with a model, or with WikiText-2.

They are inputs of the jobs that read them, so that records hold their hashes.
"""

from pathlib import Path

from collapse.errors import UserError

from sources import corpora


def of_model(name):
    """Files of a model's folder.

    Parameters
    ----------
    name : str
        lm.model.

    Returns
    -------
    list of str
        Sorted; without hidden files and documentation. Empty if the model is no folder.
    """
    folder = Path(name)
    if not folder.is_dir():
        return []
    return sorted(
        str(path)
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".md"
    )


def corpus_folder(corpus, datasets):
    """The folder that a corpus is read from, or None.

    Parameters
    ----------
    corpus : str
    datasets : dict
        The section of the configuration.
    """
    return datasets.get(corpus, {}).get("path")


def of_corpus(corpus, datasets):
    """Files of a corpus's folder that hold its splits; empty if it comes from elsewhere.

    Parameters and the type of the result are those of `corpus_folder` and `of_model`.
    """
    folder = corpus_folder(corpus, datasets)
    if folder is None:
        return []
    names = (name for candidates in corpora.WIKITEXT_FILES.values() for name in candidates)
    return sorted(str(file) for name in names if (file := Path(folder) / name).is_file())


def check_corpus(datasets):
    """Check that no split in WikiText-2's folder is empty, before any job reads them.

    Parameters
    ----------
    datasets : dict
        The section of the configuration.

    Raises
    ------
    UserError
    """
    for file in of_corpus("wikitext2", datasets):
        if not Path(file).read_bytes().strip():
            raise UserError(
                f"datasets.wikitext2.path: {file} is empty: put the text of this split into it."
            )
