"""Time `beam.beam_search` against other programs, in turn, in one process.

The programs: `transformers`' `generate` with the library's own model, `generate` with this
project's linear layers (the same as the first on a GPU), and `beam_search` with these. With
--ctranslate2, CTranslate2 replaces the second. Each gets the fastest of its batch sizes, found
first. Then they run A B C A B C ... on the same prompts. Printed are the medians of the ratios
round by round, and how many prompts get other tokens than from `generate`. There should be none,
except from CTranslate2 with a penalty, which it applies to logits, not to log-probabilities.

The model has the size of the laptop scale, or is a pretrained one that continues addresses on the
State of the Union. The floor is the time of the linear layers' products alone, measured in every
round with as many rows as `beam_search` has per step. `generate` and `beam_search` use the
instruction sets that the package `collapse` pins, and CTranslate2 the best that the processor has.
Environment variables limit it, see the example.

On one thread of the CPU, times are CPU seconds, which other processes disturb less.

    export PYTHONPATH=scripts
    python scripts/benchmarks/beam_search.py
    python scripts/benchmarks/beam_search.py --hidden-size 256 --vocabulary 8000 --threads 2
    python scripts/benchmarks/beam_search.py --model smollm2-135m --ctranslate2 \
        --prompts 32 --batch-sizes 8 32 --rounds 2
    CT2_FORCE_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 \
        python scripts/benchmarks/beam_search.py --ctranslate2
    python scripts/benchmarks/beam_search.py --device cuda --dtype bfloat16 \
        --hidden-size 768 --layers 12 --heads 12 --vocabulary 50272 --prompts 1024 \
        --batch-sizes 64 256 1024
    python scripts/benchmarks/beam_search.py --profile
"""

import argparse
import copy
import functools
import importlib.util
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from collapse.errors import UserError
from collapse.lm import text_blocks
from collapse.lm.beam import beam_search
from collapse.neural import onednn
from pipeline import yaml_files
from sources import base_models, corpora
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast
from transformers import logging as transformers_logging

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from toy_language import llama_model, markov_text, opt_model, train

PROMPT_LENGTH, N_NEW, N_BEAMS = 64, 64, 5
N_TEXT_VOCABULARY = 200  # few words, so that some seconds of training are enough
INSTALL_CTRANSLATE2 = "pip install 'ctranslate2==4.8.*'"
OPERATIONS_OF_FLOOR = 1e11  # about a second on one thread


def main():
    """Print the ratios, or the profile."""
    options = parse_options()
    torch.set_num_threads(options.threads)
    try:
        model, tokenizer, prompts = pretrained(options) if options.model else trained(options)
    except UserError as error:
        sys.exit(f"error: {error}")
    model = model.to(options.device, getattr(torch, options.dtype))
    prompts = prompts.to(options.device)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    kind = model.config.model_type
    print(f"{kind}, {n_parameters / 1e6:.2f} million parameters, {options.dtype}")
    print(f"{options.device}, {options.threads} threads, {options.prompts} prompts")
    if options.profile:
        print_profile(model, prompts, options.penalty)
    else:
        compare(model, tokenizer, prompts, options)


def parse_options():
    """Sizes of the model and of the work."""
    lm = yaml_files.read_yaml("config.yaml")["lm"]["pretrain"]
    size = lm["architecture"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="smollm2-135m or a folder; the default is a new model")
    parser.add_argument("--architecture", choices=["opt", "llama"], default="opt")
    parser.add_argument("--hidden-size", type=int, default=size["hidden_size"])
    parser.add_argument("--layers", type=int, default=size["layers"])
    parser.add_argument("--heads", type=int, default=size["heads"])
    parser.add_argument("--key-value-heads", type=int, default=2, help="of llama")
    parser.add_argument("--vocabulary", type=int, default=lm["vocabulary"])
    parser.add_argument("--training-steps", type=int, default=60)
    parser.add_argument("--penalty", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prompts", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 64, 128])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--static-cache", action="store_true", help="for the library")
    parser.add_argument("--profile", action="store_true", help="print the costliest operations")
    parser.add_argument("--ctranslate2", action="store_true", help="compare with CTranslate2 too")
    options = parser.parse_args()
    if options.ctranslate2 and not importlib.util.find_spec("ctranslate2"):
        sys.exit(f'error: CTranslate2 is not installed: run "{INSTALL_CTRANSLATE2}".')
    if options.ctranslate2 and (options.device, options.dtype) != ("cpu", "float32"):
        parser.error("--ctranslate2 runs on the CPU in float32 only.")
    return options


def pretrained(options):
    """Return a pretrained model, its tokenizer, and blocks of addresses as prompts."""
    model, tokenizer = base_models.obtain(options.model)
    model.generation_config.eos_token_id = model.config.eos_token_id
    lines = corpora.lines(corpora.obtain("state_of_the_union")["validation"].text)
    blocks, _ = text_blocks.cut(
        tokenizer, lines, length=PROMPT_LENGTH, lines_per_chunk=len(lines), start=None
    )
    chosen = blocks[text_blocks.spaced(len(blocks), options.prompts)]
    return model, tokenizer, torch.from_numpy(chosen.astype("int64"))


def trained(options):
    """Return a model trained for a moment on Markov text, a tokenizer, and prompts."""
    torch.manual_seed(0)
    sizes = {
        "n_vocabulary": options.vocabulary,
        "hidden_size": options.hidden_size,
        "n_layers": options.layers,
        "n_heads": options.heads,
    }
    if options.architecture == "opt":
        model = opt_model(**sizes)
    else:
        model = llama_model(**sizes, n_key_value_heads=options.key_value_heads)
    model = train(
        model, n_steps=options.training_steps, n_vocabulary=N_TEXT_VOCABULARY, batch_size=8, seed=1
    )
    tokens = {str(number): number for number in range(options.vocabulary)}
    generator = torch.Generator().manual_seed(2)
    prompts = markov_text(
        options.prompts, PROMPT_LENGTH, n_vocabulary=N_TEXT_VOCABULARY, generator=generator
    )
    return model, Tokenizer(models.WordLevel(tokens, unk_token="0")), prompts


def by_library(model, cache, prompts, penalty, batch_size):
    """New tokens by `generate`; `cache` names its kind of cache, None a growing one."""
    batches = [
        model.generate(
            batch,
            attention_mask=torch.ones_like(batch),
            num_beams=N_BEAMS,
            do_sample=False,
            min_new_tokens=N_NEW,
            max_new_tokens=N_NEW,
            repetition_penalty=penalty,
            early_stopping=False,
            length_penalty=1.0,
            cache_implementation=cache,
        )
        for batch in prompts.split(batch_size)
    ]
    return torch.cat(batches)[:, PROMPT_LENGTH:]


def by_beam_search(model, prompts, penalty, batch_size):
    """New tokens by `beam_search`."""
    return beam_search(
        model,
        prompts,
        n_new_tokens=N_NEW,
        n_beams=N_BEAMS,
        repetition_penalty=penalty,
        batch_size=batch_size,
    )


def by_ctranslate2(generator, names, end_tokens, prompts, penalty, batch_size):
    """New tokens by CTranslate2; `names` are the tokens as strings, by id."""
    results = generator.generate_batch(
        [[names[token] for token in prompt] for prompt in prompts.tolist()],
        max_batch_size=batch_size,
        beam_size=N_BEAMS,
        min_length=N_NEW,  # suppresses the end tokens
        max_length=N_NEW,
        end_token=end_tokens,
        repetition_penalty=penalty,
        include_prompt_in_result=False,
    )
    return torch.tensor([result.sequences_ids[0] for result in results])


def ctranslate2_program(model, tokenizer, threads):
    """Convert a model for CTranslate2 and return its program."""
    import ctranslate2
    from ctranslate2.converters import TransformersConverter

    transformers_logging.disable_progress_bar()
    unpin_libraries_not_loaded()
    names = [tokenizer.id_to_token(token) for token in range(tokenizer.get_vocab_size())]
    marks = {"bos_token": names[0], "eos_token": names[0], "unk_token": names[0]}
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks).save_pretrained(folder)
        converted = TransformersConverter(folder).convert(f"{folder}/converted")
        generator = ctranslate2.Generator(
            converted, compute_type="float32", inter_threads=1, intra_threads=threads
        )
    end_tokens = model.generation_config.eos_token_id
    end_tokens = end_tokens if isinstance(end_tokens, list) else [end_tokens]
    return functools.partial(by_ctranslate2, generator, names, end_tokens)


def unpin_libraries_not_loaded():
    """Drop the pins of instruction sets, after PyTorch's libraries have read them."""
    matrix = torch.eye(64)
    onednn.use_for_linear_layers(torch.nn.Linear(64, 64))(matrix @ matrix)
    for name in ("MKL_CBWR", "ONEDNN_MAX_CPU_ISA"):
        del os.environ[name]


def clock_of(options):
    """CPU seconds of this process where one thread does the work, otherwise the time of day."""
    one_thread = options.device == "cpu" and options.threads == 1
    return time.process_time if one_thread else time.perf_counter


def timed(clock, function, *arguments):
    """Return the result, on the CPU, and the seconds."""
    start = clock()
    result = function(*arguments).cpu()  # waits for the device
    return result, clock() - start


def best_batch_size(name, program, prompts, options):
    """Return the fastest of the batch sizes, the better of two runs each, and print them all."""
    sizes, times = options.batch_sizes, {}
    if len(sizes) == 1:
        return sizes[0]
    prompts = prompts[: max(sizes)]
    for _ in range(2):
        for size in sizes:
            _, took = timed(clock_of(options), program, prompts, options.penalty, size)
            times[size] = min(took, times.get(size, took))
    per_prompt = {size: round(1e3 * took / len(prompts), 1) for size, took in times.items()}
    print(f"{name}: ms per prompt by batch size", per_prompt)
    return min(times, key=times.get)


def linear_layers(model):
    """List the linear layers, the head included."""
    return [module for module in model.modules() if isinstance(module, torch.nn.Linear)]


def product_operations(model):
    """Floating-point operations per prompt of the linear layers: 2 per weight and token.

    Only the last token of a prompt goes through the head. The last new token is not fed back.
    """
    head = model.get_output_embeddings().weight.numel()
    body = sum(layer.weight.numel() for layer in linear_layers(model)) - head
    n_fed_back = N_BEAMS * (N_NEW - 1)
    return 2 * (body * (PROMPT_LENGTH + n_fed_back) + head * (1 + n_fed_back))


def product_rate(model, n_rows, clock):
    """Operations per second of the linear layers alone, one after the other, on `n_rows` rows."""
    layers = linear_layers(model)
    inputs = [torch.randn(n_rows, layer.in_features).to(layer.weight) for layer in layers]
    operations = 2 * n_rows * sum(layer.weight.numel() for layer in layers)
    n_sweeps = max(1, round(OPERATIONS_OF_FLOOR / operations))
    _, took = timed(clock, apply_layers, layers, inputs, n_sweeps)
    return n_sweeps * operations / took


@torch.no_grad()
def apply_layers(layers, inputs, n_sweeps):
    """Apply each layer to its inputs, so many times, and return the last outputs."""
    for _ in range(n_sweeps):
        for layer, rows in zip(layers, inputs, strict=True):
            outputs = layer(rows)
    return outputs


def compare(model, tokenizer, prompts, options):
    """Run the programs in turn, and print their times and ratios, and the floor."""
    faster = onednn.use_for_linear_layers(copy.deepcopy(model))
    cache = "static" if options.static_cache else None
    programs = {"generate": functools.partial(by_library, model, cache)}
    if options.ctranslate2:
        programs["CTranslate2"] = ctranslate2_program(model, tokenizer, options.threads)
    else:
        same = "generate, this project's linear layers"
        programs[same] = functools.partial(by_library, faster, cache)
    programs["beam_search"] = functools.partial(by_beam_search, faster)
    sizes = {name: best_batch_size(name, programs[name], prompts, options) for name in programs}
    n_rows = N_BEAMS * min(sizes["beam_search"], len(prompts))
    clock, tokens, times, rates = clock_of(options), {}, {name: [] for name in programs}, []
    for _ in range(options.rounds):
        for name, program in programs.items():
            tokens[name], took = timed(clock, program, prompts, options.penalty, sizes[name])
            times[name].append(took / len(prompts))
        rates.append(product_rate(faster, n_rows, clock))
    print_times(times, tokens, sizes)
    print_floor(faster, times["beam_search"], rates, n_rows)


def print_times(times, tokens, sizes):
    """Print each program's time per prompt, its ratio to `beam_search`, and tokens that differ."""
    for name, took in times.items():
        n_different = int((tokens[name] != tokens["generate"]).any(dim=1).sum())
        print(
            f"{name}: batch size {sizes[name]}, {1e3 * statistics.median(took):.1f} ms per prompt; "
            f"{n_different} of {len(tokens[name])} prompts differ from generate's"
        )
        if name != "beam_search":
            ratios = [other / own for other, own in zip(took, times["beam_search"], strict=True)]
            low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
            print(f"  ratio to beam_search: {middle:.2f}, {low:.2f} to {high:.2f}")


def print_floor(model, times, rates, n_rows):
    """Print the operations per prompt, the rate of products alone, and the share reached."""
    operations = product_operations(model)
    shares = [operations / took / rate for took, rate in zip(times, rates, strict=True)]
    print(
        f"floor: {operations / 1e9:.2f} GFLOP per prompt; linear layers alone on {n_rows} rows: "
        f"{statistics.median(rates) / 1e9:.1f} GFLOP/s; beam_search reaches "
        f"{statistics.median(shares):.0%}, {min(shares):.0%} to {max(shares):.0%}"
    )


def print_profile(model, prompts, penalty):
    """Print where the time of the second of two searches goes."""
    model = onednn.use_for_linear_layers(model)
    by_beam_search(model, prompts, penalty, None)
    with torch.profiler.profile(acc_events=True) as profiler:
        by_beam_search(model, prompts, penalty, None)
    key = "self_cuda_time_total" if prompts.is_cuda else "self_cpu_time_total"
    print(profiler.key_averages().table(sort_by=key, row_limit=15))


if __name__ == "__main__":
    main()
