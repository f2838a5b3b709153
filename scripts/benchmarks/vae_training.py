"""Images per second of VAE training, and how much longer PyTorch's defaults take.

PYTHONPATH=scripts python scripts/benchmarks/vae_training.py [cpu|cuda]

The defaults are channels first in memory, linear layers in MKL, Adam as a loop, and memory that is
filled before it is used. On the CPU the time is that of the processor, which other programs disturb
less than the clock.
"""

import contextlib
import io
import statistics
import sys
import time

import torch
from collapse.neural import torch_tools
from collapse.vae import vae
from pipeline import devices

SIZES = {"laptop": ([16, 32], 32), "paper": ([64, 128], 256)}
PAPER_IMAGES = 5 * 21 * 30 * 60000  # runs × generations × epochs × images
ADAM = {"learning_rate": 1e-3, "weight_decay": 1e-5}
N_ROUNDS = 15


def own(model, batches, noise):
    """Train as this project does."""
    torch.utils.deterministic.fill_uninitialized_memory = False
    with contextlib.redirect_stdout(io.StringIO()):
        vae.train(model, [batches], rng=noise, **ADAM)


def default(model, batches, noise):
    """Train with what PyTorch does by default."""
    torch.utils.deterministic.fill_uninitialized_memory = True
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-5)
    for images in batches:
        loss = vae.loss(model, images, rng=noise)
        adam.zero_grad()
        loss.backward()
        adam.step()
        loss.item()


def seconds(train, model, images, batch_size):
    """Seconds of one pass over the images."""
    clock = time.process_time if images.device.type == "cpu" else time.perf_counter
    order = torch_tools.generator(1)
    (batches,) = vae.epochs_of(images, n_epochs=1, batch_size=batch_size, rng=order)
    noise = torch_tools.generator(1, images.device)
    start = clock()
    train(model, batches, noise)
    return clock() - start


def main():
    """Print one line per size, and the projection."""
    device = devices.prepare(sys.argv[1] if len(sys.argv) > 1 else "auto")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, 1 thread"
    for scale, (channels, batch_size) in SIZES.items():
        n_images = batch_size * (200 if device.type == "cuda" else max(1, 960 // batch_size))
        images = torch.randint(0, 256, (n_images, 28, 28), dtype=torch.uint8, device=device)
        shape = {"channels": channels, "latent_dimensions": 20}
        programs = (own, vae.build(shape, device=device)), (default, vae.VAE(**shape).to(device))
        rounds = [
            [seconds(train, model, images, batch_size) for train, model in programs]
            for _ in range(N_ROUNDS + 1)
        ][1:]
        rate = n_images / statistics.median(ours for ours, _ in rounds)
        ratios = [theirs / ours for ours, theirs in rounds]
        print(
            f"{scale}: {rate:,.0f} images/s on {name}, batches of {batch_size}; PyTorch's defaults "
            f"take {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) times "
            "as long",
            flush=True,
        )
    print(
        f"paper scale, 5 runs x 21 generations: {PAPER_IMAGES / rate / 3600:,.1f} hours of training"
    )


if __name__ == "__main__":
    main()
