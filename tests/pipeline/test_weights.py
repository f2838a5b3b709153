"""Weights survive a file, and a damaged or wrong file is reported in one line."""

import numpy as np
import pytest
import torch
from collapse.errors import UserError
from collapse.lm import language_model
from collapse.vae import vae
from pipeline import weights

SMALL = {"channels": [2, 4], "latent_dimensions": 3}
ARCHITECTURE = {
    **{"hidden_size": 16, "layers": 2, "heads": 2, "feed_forward": 32, "positions": 32},
    "dropout": 0.1,
}
CPU, VOCABULARY = torch.device("cpu"), 40


def test_a_module_is_read_back_and_equal_weights_give_equal_files(tmp_path):
    model = vae.VAE(**SMALL)
    for name in ("a", "b"):
        weights.save(tmp_path / f"{name}.safetensors", model)
    loaded = weights.load(tmp_path / "a.safetensors", vae.VAE(**SMALL))
    assert not loaded.training
    for name, values in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], values)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.parametrize("keep", [100, -1])
def test_a_truncated_file_is_reported_in_one_line(tmp_path, keep):
    path = tmp_path / "model.safetensors"
    weights.save(path, vae.VAE(**SMALL))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"model\.safetensors.*Delete the file") as caught:
        weights.load(path, vae.VAE(**SMALL))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("other", [((3, 5), 3), ((2, 4), 4)])
def test_weights_of_another_architecture_are_refused(tmp_path, other):
    weights.save(tmp_path / "m.safetensors", vae.VAE(*other))
    with pytest.raises(UserError, match="does not hold the weights of this model"):
        weights.load(tmp_path / "m.safetensors", vae.VAE(**SMALL))


def test_a_language_model_is_read_back_with_tied_layers(tmp_path):
    model = language_model.build(ARCHITECTURE, VOCABULARY, CPU, seed=1)
    weights.save(tmp_path / "model.safetensors", model)
    again = language_model.from_configuration(language_model.configuration(model))
    again = language_model.place(weights.load(tmp_path / "model.safetensors", again), CPU)
    assert again.lm_head.weight is again.model.decoder.embed_tokens.weight
    blocks, settings = np.arange(4, 36).reshape(2, 16), {"precision": "fp32"}
    expected = language_model.block_losses(model, blocks, settings)
    assert np.array_equal(language_model.block_losses(again, blocks, settings), expected)
    weights.save(tmp_path / "again.safetensors", again)
    files = (tmp_path / f"{name}.safetensors" for name in ("model", "again"))
    assert len({file.read_bytes() for file in files}) == 1


def test_a_language_model_with_other_layers_is_refused(tmp_path):
    small = language_model.build(ARCHITECTURE | {"layers": 1}, VOCABULARY, CPU, seed=1)
    weights.save(tmp_path / "m.safetensors", small)
    model = language_model.build(ARCHITECTURE, VOCABULARY, CPU, seed=1)
    with pytest.raises(UserError, match=r"\(model\..* does not fit\)"):
        weights.load(tmp_path / "m.safetensors", model)


def test_a_damaged_tokenizer_is_reported(tmp_path):
    (tmp_path / "tokenizer.json").write_text('{"half": ')
    with pytest.raises(UserError, match=r"tokenizer\.json is not a tokenizer"):
        weights.load_tokenizer(tmp_path / "tokenizer.json")
