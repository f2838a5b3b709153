"""The VAE: the paper's architecture, its loss at known points, seeded and finite training."""

import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from collapse.errors import UserError
from collapse.neural import torch_tools
from collapse.vae import digits, diversity, summary, vae
from pipeline import paths

SMALL = {"channels": [2, 4], "latent_dimensions": 3}
SETTINGS = {
    "architecture": SMALL,
    "images": 64,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 1e-3,
    "weight_decay": 1e-5,
}
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _deterministic():
    torch_tools.make_deterministic()
    torch.set_num_threads(1)


@pytest.fixture
def images():
    return np.random.default_rng(1).integers(0, 256, size=(64, 28, 28), dtype=np.uint8)


def test_the_papers_architecture_has_its_number_of_parameters():
    model = vae.VAE((64, 128), 20)
    assert sum(weights.numel() for weights in model.parameters()) == 647_081


def test_loss_of_a_network_of_zeros():
    """Zero weights: the posterior is the prior (KL 0) and every pixel is a fair coin (ln 2)."""
    model = vae.VAE(**SMALL)
    for weights in model.parameters():
        torch.nn.init.zeros_(weights)
    value = vae.loss(model, torch.rand(5, 1, 28, 28), rng=torch_tools.generator(1))
    assert value.item() == pytest.approx(5 * 784 * math.log(2), rel=784 * 2**-23)


def test_divergence_term_is_the_gaussians():
    """A posterior N(m, e^l) costs (m² + e^l − 1 − l)/2 a dimension."""
    model = vae.VAE(**SMALL)
    for weights in model.parameters():
        torch.nn.init.zeros_(weights)
    torch.nn.init.constant_(model.mean.bias, 2.0)
    torch.nn.init.constant_(model.log_variance.bias, -1.0)
    value = vae.loss(model, torch.rand(1, 1, 28, 28), rng=torch_tools.generator(1)).item()
    expected = 784 * math.log(2) + 3 * (4 + math.exp(-1) - 1 + 1) / 2
    assert value == pytest.approx(expected, rel=784 * 2**-23)


def test_a_generation_is_fixed_by_its_seed(images):
    runs = [vae.new_generation(SETTINGS, data=images, device=CPU, seed=s) for s in (1, 1, 2)]
    assert runs[0][1] == runs[1][1] != runs[2][1]
    samples = [vae.sample(model, 10, seed=5) for model, _ in runs]
    np.testing.assert_array_equal(samples[0], samples[1])
    assert (samples[0] != samples[2]).any()


@pytest.mark.parametrize("first", [3, 16, 17, 40, None])
def test_the_first_samples_are_those_that_are_drawn_in_all(images, monkeypatch, first):
    """Whoever needs only some of a generation's images sees those that the next one learns."""
    monkeypatch.setattr(vae, "BATCH_SIZE", 16)
    model, _ = vae.new_generation(SETTINGS, data=images, device=CPU, seed=1)
    everything = vae.sample(model, 40, seed=5)
    assert everything.shape == (40, 28, 28)
    assert everything.dtype == np.uint8
    np.testing.assert_array_equal(vae.sample(model, 40, seed=5, first=first), everything[:first])
    assert (vae.sample(model, 40, seed=6) != everything).any()


def test_the_layout_for_the_cpu_changes_loss_and_gradients_by_rounding_only(images):
    plain = torch_tools.initialised(lambda: vae.VAE(**SMALL), seed=1)
    built = torch_tools.initialised(lambda: vae.build(SMALL, device=CPU), seed=1)
    batch = torch.tensor(images)[:, None].float() / 255
    for model in (plain, built):
        assert [*model.state_dict()] == [*plain.state_dict()]
        vae.loss(model, batch, rng=torch_tools.generator(1)).backward()
    longest = 64 * 28 * 28  # terms of the longest sum, that of the last layer's bias
    for ours, theirs in zip(built.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)  # the same initial weights
        difference = torch.linalg.norm(ours.grad - theirs.grad)
        assert difference <= longest * 2**-24 * torch.linalg.norm(theirs.grad)


TRAINED = """
import os, sys, hashlib
sys.path.insert(0, sys.argv[1])
import collapse
os.environ.update(pair.split("=") for pair in sys.argv[2:])
import torch
from collapse.neural import torch_tools
from collapse.vae import digits, vae
torch_tools.make_deterministic()
rng = torch_tools.generator(1)
images = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8, generator=rng)
settings = {"architecture": {"channels": [16, 32], "latent_dimensions": 20}, "epochs": 2}
settings |= {"images": 64, "batch_size": 32, "learning_rate": 1e-3, "weight_decay": 1e-5}
cpu = torch.device("cpu")
model, losses = vae.new_generation(settings, data=images.numpy(), device=cpu, seed=1)
samples = torch.tensor(vae.sample(model, 64, seed=1))
classifier = digits.build([4, 8], seed=1)
labels = torch.arange(64) % 10
digits.train(classifier, images, labels, epochs=1, batch_size=32, learning_rate=1e-2, rng=rng)
tensors = [*model.parameters(), samples, vae.latent_means(model, samples)]
tensors += [*classifier.parameters(), digits.probabilities(classifier, samples)]
of_mkl = [torch.exp(model.mean.weight), torch.sqrt(model.mean.weight.abs())]
for kind in (tensors, of_mkl):
    data = b"".join(tensor.detach().contiguous().numpy().tobytes() for tensor in kind)
    print("sha256", hashlib.sha256(data).hexdigest())
"""


def hashes_of_a_training(*changed, environment=()):
    """Of all that a VAE and a classifier compute, and of functions that MKL computes."""
    done = subprocess.run(
        [sys.executable, "-c", TRAINED, str(paths.SCRIPTS), *changed],
        env=os.environ | dict(environment), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if line.startswith("sha256")]


def test_bits_depend_neither_on_the_environment_nor_on_mkl():
    """MKL may choose kernels by the processor; here, an instruction set that is asked for."""
    expected, of_mkl = hashes_of_a_training()
    outside = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "AUTO"}
    assert hashes_of_a_training(environment=outside) == [expected, of_mkl]
    if torch.backends.mkl.is_available():
        found = hashes_of_a_training("MKL_CBWR=AVX2")
        assert found[0] == expected
        assert found[1] != of_mkl, "the control: MKL's own functions change"
    assert hashes_of_a_training("ONEDNN_MAX_CPU_ISA=SSE41")[0] != expected  # so it has to be pinned


def test_training_lowers_the_loss(images):
    many = SETTINGS | {"epochs": 6, "learning_rate": 1e-2}
    losses = vae.new_generation(many, data=images, device=CPU, seed=3)[1]
    assert losses[-1] < losses[0]


def test_an_endless_data_set_gives_epochs_of_the_same_length(images):
    teacher, _ = vae.new_generation(SETTINGS, data=images, device=CPU, seed=1)
    epochs = vae.epochs_from(teacher, 40, n_epochs=2, batch_size=16, rng=torch_tools.generator(1))
    batches = [list(epoch) for epoch in epochs]
    assert [[len(batch) for batch in epoch] for epoch in batches] == [[16, 16, 8]] * 2
    assert not torch.equal(batches[0][0], batches[1][0]), "the stream repeats itself"
    _, losses = vae.new_generation(SETTINGS, teacher=teacher, device=CPU, seed=2)
    assert len(losses) == 2


def test_a_diverging_loss_names_step_and_rate(images):
    reckless = SETTINGS | {"learning_rate": 1e30}
    with pytest.raises(UserError, match=r"step \d+ with learning rate 1e\+30"):
        vae.new_generation(reckless, data=images, device=CPU, seed=1)


def test_the_classifier_learns_two_separable_classes():
    rng = torch_tools.generator(1)
    labels = torch.arange(400) % 2
    images = (torch.rand(400, 28, 28, generator=rng) * 60).to(torch.uint8)
    images[labels == 1, :14] += 150  # bright upper half
    model = digits.build([2, 4], seed=1)
    digits.train(model, images, labels, epochs=3, batch_size=20, learning_rate=1e-2, rng=rng)
    probabilities = digits.probabilities(model, images)
    assert torch.equal(probabilities.argmax(dim=1), labels)
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(400))


def test_diversity_of_known_sets():
    certain = np.eye(10)[np.arange(20) % 10]
    assert diversity.entropy(diversity.class_shares(certain)) == pytest.approx(math.log(10))
    same = np.eye(10)[np.zeros(20, dtype=int)]
    assert diversity.entropy(diversity.class_shares(same)) == 0
    assert diversity.confidence(same) == 1
    black_and_white = np.array([[[0]], [[255]]])
    assert diversity.pixel_deviation(black_and_white) == pytest.approx(0.5)
    assert diversity.tail_share(np.array([[0.0, 3.0], [-3.0, 1.0]]), scale=1.0) == 0.5


def test_identical_images_have_no_density():
    """Row g + 1 of the moments is that of the images of generation g; row 0 that of real ones."""
    deviation = pd.DataFrame(
        {
            "quantity": "pixel_deviation",
            "regime": ["replace"] * 4 + ["sham"] * 4,
            "generation": [0, 1, 2, 3] * 2,
            "mean": [0.3, 0.2, 0.005, 0.001, 0.3, 0.2, 0.2, 0.2],
        }
    )
    density = pd.DataFrame(
        {"regime": ["replace"] * 4 + ["sham"] * 4, "generation": [-1, 0, 1, 2] * 2, "latent": 0.0}
    )
    shown, left_out = summary.without_identical(density, deviation)
    assert left_out == [1, 2]
    assert shown.groupby("regime")["generation"].apply(list).to_dict() == {
        "replace": [-1, 0],
        "sham": [-1, 0, 1, 2],
    }
    nothing = deviation.assign(quantity="confidence")
    assert summary.without_identical(density, nothing)[1] == []


def test_the_density_of_real_images_is_that_of_generation_minus_one():
    rng = np.random.default_rng(7)
    latents = rng.normal(size=(2, 200, 2)) * np.array([1.0, 0.5])[:, None, None]
    table = summary.latent_density([{"latents": latents}], [-1, 0])
    peaks = table.groupby("generation")["mean"].max()
    assert peaks[-1] == pytest.approx(0.4, rel=0.2)
    assert peaks[0] == pytest.approx(0.8, rel=0.2)
    area = table.groupby("generation").apply(lambda t: np.trapezoid(t["mean"], t["latent"]))
    assert area.to_numpy() == pytest.approx(1, abs=0.01)


def test_latents_that_are_all_equal_have_no_density():
    """Two equal images and one latent dimension, as a collapsed model makes them."""
    latents = np.random.default_rng(1).standard_normal((3, 40, 1))  # real data, samples(0) and (1)
    latents[2] = 0.5
    table = summary.latent_density(2 * [{"latents": latents}], [0, 1]).set_index("generation")
    area = np.trapezoid(table.loc[0, "mean"], table.loc[0, "latent"])
    assert area == pytest.approx(1, abs=0.01)
    assert table.loc[1, ["mean", "low", "high"]].isna().all(axis=None)
