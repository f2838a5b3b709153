"""Like the command stage for a real target: make those of its files that are missing.

python scripts/toy_stage.py SCALE TARGET
"""

import random
import sys
from pathlib import Path

from pipeline import files, records

N_MODELS, SIZE = 6, 20_000  # bytes of a checkpoint


def outputs(scale, target):
    """Size in bytes of each file of a target, by its path."""
    family = f"results/{scale}/vae"
    return {
        "mnist": {"data/mnist/MNIST/images": SIZE, "data/mnist/SHA256SUMS": 90},
        "vae": {
            **{f"{family}/models/run00/gen{n:02}.safetensors": SIZE for n in range(N_MODELS)},
            f"{family}/metrics/run00.json": 300,
            f"{family}/shown/grid.npz": 3000,
        },
        "figures": {f"results/{scale}/figures/{name}": 900 for name in ("a.png", "b.png")},
    }[target]


def make(path, size):
    """Write a file as the project's jobs do: whole or not at all, the same bytes every time."""
    with files.replacing(path) as partial:
        partial.write_bytes(random.Random(path).randbytes(size))


def main():
    """Make what is missing, and one record of all."""
    scale, target = sys.argv[1:]
    made = outputs(scale, target)
    for path, size in made.items():
        if not Path(path).exists():
            make(path, size)
    folder = Path("data" if target == "mnist" else f"results/{scale}", "records")
    record = folder / ("mnist.json" if target == "mnist" else f"{target}/all.json")
    if not record.exists():
        files.write_json(record, {"outputs": records.digests(made)})


if __name__ == "__main__":
    main()
