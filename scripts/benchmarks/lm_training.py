"""Fine-tuning throughput against transformers' own Trainer on the same work, at laptop size.

PYTHONPATH=scripts python scripts/benchmarks/lm_training.py

The Trainer needs the package accelerate (pip install accelerate), which the project itself does
not use; without it only this project's own rate is printed.
"""

import copy
import importlib.util
import statistics
import tempfile
import time

import numpy as np
import torch
from collapse.lm import language_model
from pipeline import devices, yaml_files

N_BLOCKS, N_ROUNDS = 400, 5


def own(model, blocks, settings):
    """Seconds of one epoch of this project's loop."""
    start = time.perf_counter()
    language_model.fine_tune(model, blocks, blocks[:1], settings, seed=1)
    return time.perf_counter() - start


def trainer(model, blocks, settings):
    """Seconds of one epoch of transformers' Trainer: same batches, optimiser and clipping."""
    from transformers import Trainer, TrainingArguments

    data = [{"input_ids": row, "labels": row} for row in torch.tensor(blocks.astype(np.int64))]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=settings["batch_size"],
            learning_rate=settings["learning_rate"],
            weight_decay=settings["weight_decay"],
            max_grad_norm=settings["clip"],
            optim="adamw_torch_fused",
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        )
        loop = Trainer(model=model, args=arguments, train_dataset=data)
        start = time.perf_counter()
        loop.train()
        return time.perf_counter() - start


def main():
    """Print blocks per second of all, in turn, and how many times longer than the own loop."""
    lm = yaml_files.read_yaml("config.yaml")["lm"]
    device = devices.prepare("cpu")
    sizes = lm["pretrain"]
    model = language_model.build(sizes["architecture"], sizes["vocabulary"], device, seed=1)
    settings = lm["train"] | {"epochs": 1, "precision": "fp32"}
    rng = np.random.default_rng(1)
    blocks = rng.integers(4, sizes["vocabulary"], size=(N_BLOCKS, lm["blocks"]["length"]))
    own(copy.deepcopy(model), blocks[:50], settings)
    if importlib.util.find_spec("accelerate") is None:
        print(f"own loop: {N_BLOCKS / own(model, blocks, settings):.0f} blocks/s")
        print("accelerate is not installed: no comparison with transformers' Trainer")
        return
    trainer(plain(model), blocks[:50], settings)
    programs = {
        "own loop": lambda: own(copy.deepcopy(model), blocks, settings),
        "Trainer, this project's linear layers": lambda: trainer(
            copy.deepcopy(model), blocks, settings
        ),
        "Trainer": lambda: trainer(plain(model), blocks, settings),
    }
    rounds = [{name: program() for name, program in programs.items()} for _ in range(N_ROUNDS)]
    for name in programs:
        seconds = [times[name] for times in rounds]
        ratios = [times[name] / times["own loop"] for times in rounds]
        print(
            f"{name}: {N_BLOCKS / statistics.median(seconds):.0f} blocks/s, ratio "
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def plain(model):
    """A copy with PyTorch's own linear layers, as the Trainer would get it."""
    copied = copy.deepcopy(model)
    for module in copied.modules():
        if isinstance(module, torch.nn.Linear):
            module.__class__ = torch.nn.Linear
    return copied


if __name__ == "__main__":
    main()
