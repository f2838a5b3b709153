"""Images per second of a VAE training step, at laptop and paper size, and what paper scale takes.

python scripts/benchmarks/vae_training.py [cpu|cuda]
"""

import statistics
import sys
import time

import torch
from collapse.neural import torch_tools
from collapse.vae import vae
from pipeline import devices

SIZES = {"laptop": ([16, 32], 32), "paper": ([64, 128], 256)}
PAPER_IMAGES = 5 * 21 * 30 * 60000  # runs × generations × epochs × images
N_REPEATS = 5


def images_per_second(channels, batch_size, device):
    """Median over repeats, after one warm-up, of a pass over some batches."""
    architecture = {"channels": channels, "latent_dimensions": 20}
    n_images = batch_size * (200 if device.type == "cuda" else 10)
    images = torch.randint(0, 256, (n_images, 28, 28), dtype=torch.uint8, device=device)
    model = torch_tools.initialised(lambda: vae.VAE(**architecture), seed=1).to(device)
    rates = []
    for repeat in range(N_REPEATS + 1):
        epochs = vae.epochs_of(
            images, n_epochs=1, batch_size=batch_size, rng=torch_tools.generator(repeat)
        )
        start = time.perf_counter()
        noise = torch_tools.generator(1, device)
        vae.train(model, epochs, learning_rate=1e-3, weight_decay=1e-5, rng=noise)
        rates.append(n_images / (time.perf_counter() - start))
    return statistics.median(rates[1:])


def main():
    """Print one line per size, and the projection."""
    device = devices.prepare(sys.argv[1] if len(sys.argv) > 1 else "auto")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU, 1 thread"
    for scale, (channels, batch_size) in SIZES.items():
        rate = images_per_second(channels, batch_size, device)
        print(f"{scale}: {rate:,.0f} images/s on {name}, batches of {batch_size}")
    print(
        f"paper scale, 5 runs x 21 generations: {PAPER_IMAGES / rate / 3600:,.1f} hours of training"
    )


if __name__ == "__main__":
    main()
