"""Real data."""


rule mnist:
    """data(0) of the images: the canonical MNIST files, hash-checked."""
    input:
        code=code_of("mnist.py"),
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
    script:
        "../../scripts/mnist.py"
