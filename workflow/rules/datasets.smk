"""Real data, and its hashes: what names the data where it is not."""

from sources import external
from sources.mnist import canonical_sums

start.hold_constant(canonical_sums("data/mnist"))


rule mnist:
    """data(0) of the images: the canonical MNIST files, hash-checked."""
    output:
        multiext(
            "data/mnist/MNIST/raw/",
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        ),
    log:
        "logs/data/mnist.log",
    # where the files come from is no parameter: whatever it is, their hashes are the same
    params:
        code=code_of("data/mnist.py"),
    script:
        "../../scripts/jobs/data/mnist.py"


rule text_corpus:
    """A text corpus, hash-checked and split into training, validation and test."""
    input:
        lambda w: external.of_corpus(w.corpus, config["datasets"]),
    output:
        train="data/text/{corpus}/train.txt",
        validation="data/text/{corpus}/validation.txt",
        test="data/text/{corpus}/test.txt",
        documents="data/text/{corpus}/documents.json",
    log:
        "logs/data/text/{corpus}.log",
    params:
        path=lambda w: external.corpus_folder(w.corpus, config["datasets"]),
        code=code_of("data/text_corpus.py"),
    script:
        "../../scripts/jobs/data/text_corpus.py"


rule mnist_sums:
    """SHA-256 of the images' files, as sha256sum writes it."""
    input:
        files=rules.mnist.output,
    output:
        "data/mnist/SHA256SUMS",
    log:
        "logs/data/mnist_sums.log",
    params:
        code=code_of("data/sums.py"),
    script:
        "../../scripts/jobs/data/sums.py"


use rule mnist_sums as text_sums with:
    input:
        files=rules.text_corpus.output,
    output:
        "data/text/{corpus}/SHA256SUMS",
    log:
        "logs/data/text/{corpus}_sums.log",
    params:
        code=code_of("data/sums.py"),


rule data:
    """All data that tables and figures come from, and their checksums."""
    input:
        provenance.data_sums,
