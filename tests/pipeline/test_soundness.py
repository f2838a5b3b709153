"""Numbers that are not finite stop the job that made them; what is legitimate stops nothing."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from collapse.errors import UserError
from pipeline import soundness
from safetensors.torch import save_file

INF, NAN = float("inf"), float("nan")


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A function that writes an output of a job, and returns why it is refused, or None."""
    monkeypatch.chdir(tmp_path)

    def write(name, content, rule="some_rule", **more):
        path = tmp_path / "results/smoke" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npz":
            np.savez(path, **content)
        elif path.suffix == ".safetensors":
            save_file(content, path)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        output = [str(path.relative_to(tmp_path))]
        model = tmp_path / "config.json"
        given = SimpleNamespace(real=path, config=model if model.exists() else path)
        job = SimpleNamespace(rule=rule, output=output, input=given, **more)
        try:
            soundness.check_inputs(job)
            soundness.check_outputs(job)
        except UserError as error:
            return str(error)
        return None

    return write


def epochs(*perplexities):
    return {"epochs": [{"validation_perplexity": value} for value in perplexities]}


UNSOUND = [
    ("vae/a.npz", {"latents": np.array([1, NAN])}, "array latents, of which 1 of 2 values are not"),
    ("kde/a.npz", {"x": np.ones(2), "y": np.array([-INF])}, "array y, of which 1 of 1 values"),
    ("lm/a.npz", {"test": np.float32([2, 150])}, "a loss of 150 nats per token: the language mo"),
    ("vae/a.safetensors", {"mean.bias": torch.tensor([INF])}, "weights mean.bias, which are not f"),
    ("lm/a.safetensors", {"w": torch.tensor([NAN], dtype=torch.bfloat16)}, "weights w, which"),
    ("vae/a.json", {"loss_per_epoch": [3.0, NAN]}, "has 1 numbers that are not finite, the first"),
    ("tables/lm.json", {"last": INF}, "not finite, the first Infinity"),
    ("lm/a.json", epochs(1e300, 1e200), "a loss of 461 nats per token"),
    ("tables/a.csv", "generation,mean\n0,1.5\n1,inf\n", "has inf in the column mean"),
    ("tables/a.csv", "setting,low\na,-inf\n", "has -inf in the column low"),
]


@pytest.mark.parametrize(("name", "content", "words"), UNSOUND)
def test_what_is_not_finite_is_one_line_with_file_and_remedy(made, name, content, words):
    line = made(name, content)
    assert words in line
    assert line.startswith(f"results/smoke/{name} has ")
    assert "\n" not in line
    family = name.split("/")[0]
    assert f"drop {'its family' if family == 'tables' else repr(family)} from families" in line


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vae/a.npz", {"latents": np.array([1, 2.0]), "empty": np.zeros(0), "n": np.array([3])}),
        ("lm/a.npz", {"test": np.float32([2, 88]), "steps": np.array([1e9])}),
        ("lm/data.npz", {"test": np.uint16([[2000, 3000]])}),  # tokens, not losses
        ("vae/a.safetensors", {"mean.bias": torch.tensor([1.0]), "n": torch.tensor([1])}),
        ("lm/a.json", epochs(1e300, 20.0)),  # the best epoch is kept
        ("lm/trial.json", epochs(1e300) | {"learning_rate": 1.0}),  # another rate is chosen
        ("tables/a.json", {"last": None, "names": ["inf", "NaN"]}),
        ("tables/a.csv", "limit,theory\ninf,\n-inf,0\n"),
        ("figures/a.md", "inf"),
    ],
)
def test_what_is_finite_or_may_be_infinite_is_accepted(made, name, content):
    assert made(name, content) is None


@pytest.mark.parametrize("ends", [2, [0, 2]])
@pytest.mark.parametrize("rule", ["lm_generate", "lm_train", "lm_train_pruned", "lm_train_real"])
def test_more_beams_than_tokens_are_named_before_an_imported_model_is_trained(made, rule, ends):
    def asked(beams):
        config = {"lm": {"beams": beams}}
        model = {"vocab_size": 272, "eos_token_id": ends}
        return made("lm/config.json", model, rule, config=config)

    most = 272 - np.size(ends)
    assert asked(most) is None
    assert "lm.beams is 300, but must be less than the model's 272 tokens" in asked(300)
    assert f"of which {np.size(ends)} end the text: lower it." in asked(most + 1)


@pytest.mark.parametrize("rule", ["lm_real", "lm_examples"])
def test_a_prompt_that_the_text_does_not_have_is_named_where_the_text_is_cut(made, rule, tmp_path):
    def asked(prompt):
        config = {"lm": {"examples": {"prompt": prompt}, "beams": 1}}
        (tmp_path / "config.json").write_text("{}")
        return made("lm/data.npz", {"blocks": np.zeros((7, 4), int)}, rule, config=config)

    assert asked(6) is None
    assert "lm.examples.prompt is 7, but" in asked(7)
    assert "has 7 blocks and counting starts at 0: choose at most 6." in asked(5000)
