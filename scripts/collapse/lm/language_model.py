"""Causal language models on blocks of tokens: build, fine-tune, evaluate, continue.

References
----------
Zhang et al. 2022, arXiv:2205.01068 (OPT); Loshchilov & Hutter 2019, arXiv:1711.05101 (AdamW);
arXiv:2305.17493, section 5.2 (the experiment).
"""

import contextlib
import math

import numpy as np
import torch
import transformers.utils
from torch.nn import functional as F

from collapse.errors import UserError
from collapse.neural import onednn, torch_tools
from collapse.process import seeds

# transformers imports scikit-learn, pandas and SciPy's optimisers for methods that are not used
# here. Without them a process starts in about two thirds of the time.
transformers.utils.is_sklearn_available = transformers.utils.is_scipy_available = lambda: False

from transformers import AutoConfig, AutoModelForCausalLM, OPTConfig  # noqa: E402

IGNORED = -100  # marks positions without target for `cross_entropy`


def build(architecture, vocabulary, device, *, seed):
    """Build a small OPT model with seeded initial weights.

    Parameters
    ----------
    architecture : mapping
        hidden_size, layers, heads, feed_forward, positions, dropout.
    vocabulary : int
        Number of tokens.
    device : torch.device
    seed : int

    Returns
    -------
    transformers.PreTrainedModel
    """
    config = OPTConfig(
        vocab_size=vocabulary,
        hidden_size=architecture["hidden_size"],
        word_embed_proj_dim=architecture["hidden_size"],
        num_hidden_layers=architecture["layers"],
        num_attention_heads=architecture["heads"],
        ffn_dim=architecture["feed_forward"],
        max_position_embeddings=architecture["positions"],
        dropout=architecture["dropout"],
    )
    model = torch_tools.initialised(lambda: AutoModelForCausalLM.from_config(config), seed=seed)
    return place(model, device)


def configuration(model):
    """Everything that `from_configuration` needs to build a model again, as a JSON-like dict."""
    return model.config.to_diff_dict()


def from_configuration(settings):
    """Build a model, with random weights and on the CPU, from what `configuration` returned."""
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(**settings))


def place(model, device):
    """Move a model to a device and choose its kernels there.

    Parameters
    ----------
    model : PreTrainedModel
        Changed in place.
    device : torch.device

    Returns
    -------
    PreTrainedModel
        `model`.
    """
    return onednn.use_for_linear_layers(model.to(device))


def fine_tune(model, blocks, validation, settings, *, seed, n_steps=None):
    """Train on blocks and keep the weights of the epoch with the best validation perplexity.

    Parameters
    ----------
    model : PreTrainedModel
        Trained in place, and left in evaluation mode with the best weights.
    blocks, validation : ndarray of int, shape (n, length)
    settings : mapping
        epochs, batch_size, learning_rate, schedule ("constant" or "linear"), warmup (share of all
        steps), weight_decay, clip (largest gradient norm), precision ("fp32" or "bf16"), patience
        (number of epochs without improvement after which training stops, or None; the learning
        rate schedule does not change).
    seed : int
        For the order of blocks and for dropout.
    n_steps : int, optional
        Optimiser steps, whatever the number of blocks; by default those of all epochs. Epochs are
        repeated until then, and the last one may be incomplete.

    Returns
    -------
    list of dict
        For each epoch: training_perplexity (during training) and validation_perplexity, both exp
        of the mean loss per token.

    Raises
    ------
    UserError
        If the loss is not finite, or if a single block does not fit in memory.
    """
    n_steps = n_steps or steps_of(len(blocks), settings)
    trainer = _Trainer(model, settings, n_steps=n_steps)
    order = torch_tools.generator(seeds.seed(seed, "order"))
    data, best, history = tensor(blocks, model.device), None, []
    with global_seed(seeds.seed(seed, "dropout"), model.device):
        while trainer.step < n_steps:
            rows = torch.randperm(len(data), generator=order).to(data.device)
            rows = rows[: (n_steps - trainer.step) * settings["batch_size"]]
            training, epoch = trainer.epoch(data, rows), len(history) + 1
            loss = float(block_losses(model, validation, settings).mean(dtype=np.float64))
            trainer.check_finite(loss)
            history.append(
                {"training_perplexity": _exp(training), "validation_perplexity": _exp(loss)}
            )
            print(f"epoch {epoch}: " + ", ".join(f"{k} {v:.2f}" for k, v in history[-1].items()))
            if best is None or history[-1]["validation_perplexity"] < best[0]:
                best = history[-1]["validation_perplexity"], epoch, _copy_of(model)
            if settings["patience"] and epoch - best[1] >= settings["patience"]:
                print(f"no improvement for {settings['patience']} epochs: stopping early")
                break
    if best:
        model.load_state_dict(best[2])
    model.eval()
    return history


def steps_of(n_blocks, settings):
    """Optimiser steps of a training on so many blocks; `settings` as for `fine_tune`."""
    return settings["epochs"] * math.ceil(n_blocks / settings["batch_size"])


class _Trainer:
    """AdamW on batches of blocks, split into parts that fit in memory."""

    def __init__(self, model, settings, *, n_steps):
        self.model, self.settings, self.n_steps = model, settings, n_steps
        self.step, self.part = 0, settings["batch_size"]
        self.optimiser = torch.optim.AdamW(
            model.parameters(),
            lr=settings["learning_rate"],
            weight_decay=settings["weight_decay"],
            fused=True,
        )

    def epoch(self, data, rows):
        """Train on `data` in the order `rows`; return the mean loss per token during training."""
        self.model.train()
        total = 0.0
        for batch in rows.split(self.settings["batch_size"]):
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate(self.step, self.n_steps, self.settings)
            value = self._backward(data[batch])
            self.check_finite(value)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings["clip"])
            self.optimiser.step()
            self.optimiser.zero_grad()
            total, self.step = total + value * len(batch), self.step + 1
        return total / len(rows)

    def check_finite(self, loss):
        """Raise a UserError, which gives step and learning rate, if the loss is not finite."""
        rate = self.optimiser.param_groups[0]["lr"]
        torch_tools.check_finite(loss, step=self.step, learning_rate=rate)

    def _backward(self, blocks):
        """Compute gradients of a batch's mean loss, in parts that are halved until they fit."""
        while True:
            try:
                parts = [self._part_loss(part, len(blocks)) for part in blocks.split(self.part)]
                return sum(part.item() for part in parts)
            except RuntimeError as error:
                self.optimiser.zero_grad()
                self.part = halved(min(self.part, len(blocks)), error)

    def _part_loss(self, part, n_blocks):
        loss = _losses(self.model, part, self.settings["precision"]).mean() * len(part) / n_blocks
        loss.backward()
        return loss.detach()


def learning_rate(step, n_steps, settings):
    """Learning rate of one step: a linear warm-up, then the schedule.

    Parameters
    ----------
    step : int
        At least 0, less than `n_steps`.
    n_steps : int
        Steps of the whole training.
    settings : mapping
        learning_rate, schedule and warmup, see `fine_tune`.

    Returns
    -------
    float
    """
    n_warm = round(settings["warmup"] * n_steps)
    if step < n_warm:
        return settings["learning_rate"] * (step + 1) / (n_warm + 1)
    left = {"constant": 1.0, "linear": (n_steps - step) / max(n_steps - n_warm, 1)}
    return settings["learning_rate"] * left[settings["schedule"]]


def halved(size, error):
    """Halve the number of blocks that are processed at once, after memory ran out.

    Parameters
    ----------
    size : int
        Blocks that did not fit.
    error : RuntimeError
        What was raised. It is raised again if it does not mean that memory ran out.

    Returns
    -------
    int

    Raises
    ------
    UserError
        If `size` is 1.
    """
    if not torch_tools.is_out_of_memory(error):
        raise error
    if size == 1:
        raise UserError(
            "a single block does not fit in the memory of the device: use a smaller model or a "
            "device with more memory."
        ) from error
    print(f"memory ran out with {size} blocks at once: continuing with {size // 2}")
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return size // 2


@torch.no_grad()
def block_losses(model, blocks, settings, *, batch_size=64):
    """Mean negative log-likelihood of each block's tokens, each given those before it.

    The first token of a block has nothing before it and is not counted.

    Parameters
    ----------
    model : PreTrainedModel
        Left in evaluation mode.
    blocks : ndarray of int, shape (n, length)
    settings : mapping
        precision, see `fine_tune`.
    batch_size : int, default 64
        Blocks at once. It is halved when memory runs out.

    Returns
    -------
    ndarray of float32, shape (n,)
        In nats per token.
    """
    model.eval()
    data, start, parts = tensor(blocks, model.device), 0, []
    while start < len(data):
        part = data[start : start + batch_size]
        try:
            losses = _losses(model, part, settings["precision"]).double().mean(dim=1)
            parts.append(losses.float().cpu().numpy())
            start += batch_size
        except RuntimeError as error:
            batch_size = halved(len(part), error)
    return np.concatenate(parts)


def _losses(model, blocks, precision):
    with autocast(model.device, precision):
        logits = model(blocks, use_cache=False).logits  # (n, length, vocabulary)
    # Shift the targets instead of the logits: a slice of the logits would be copied.
    targets = F.pad(blocks[:, 1:], (0, 1), value=IGNORED)
    losses = F.cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return losses.view(blocks.shape)[:, :-1]


def autocast(device, precision):
    """Context in which a model computes in `precision`, "fp32" or "bf16"."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


@contextlib.contextmanager
def global_seed(seed, device):
    """Seed PyTorch's global generators, and restore them afterwards.

    Dropout and the sampling of `transformers` use them.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _copy_of(model):
    return {name: values.detach().clone() for name, values in model.state_dict().items()}


def tensor(blocks, device):
    """Token ids as a tensor of int64 on a device."""
    return torch.tensor(np.asarray(blocks, dtype=np.int64), device=device)


def _exp(value):
    return math.exp(min(value, 700))  # a float overflows above 709
