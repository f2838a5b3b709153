"""Time `beam.beam_search` against `transformers`' `generate`, in turn, in one process.

Three programs: `generate` with the library's own model, `generate` with this project's linear
layers (the same as the first on a GPU), and `beam_search` with these. Each gets the fastest of
its batch sizes, found first. Then they run A B C A B C ... on the same prompts; the medians of the
ratios round by round are printed. The tokens must agree. The model's size is the laptop scale's.

    export PYTHONPATH=scripts
    python scripts/benchmarks/beam_search.py
    python scripts/benchmarks/beam_search.py --hidden-size 256 --vocabulary 8000 --threads 2
    python scripts/benchmarks/beam_search.py --device cuda --dtype bfloat16 \
        --hidden-size 768 --layers 12 --heads 12 --vocabulary 50272 --prompts 1024 \
        --batch-sizes 64 256 1024
    python scripts/benchmarks/beam_search.py --profile
"""

import argparse
import copy
import statistics
import sys
import time
from pathlib import Path

import torch
from collapse.lm.beam import beam_search
from collapse.neural import onednn
from pipeline import yaml_files

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from toy_language import llama_model, markov_text, opt_model, train

PROMPT_LENGTH, N_NEW, N_BEAMS = 64, 64, 5
N_TEXT_VOCABULARY = 200  # few words, so that some seconds of training are enough


def main():
    """Print the ratio, or the profile."""
    options = parse_options()
    torch.set_num_threads(options.threads)
    model = make_model(options)
    generator = torch.Generator().manual_seed(2)
    prompts = markov_text(
        options.prompts, PROMPT_LENGTH, n_vocabulary=N_TEXT_VOCABULARY, generator=generator
    ).to(options.device)
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"{options.architecture}, {n_parameters / 1e6:.2f} million parameters, {options.dtype}")
    print(f"{options.device}, {options.threads} threads, {options.prompts} prompts")
    if options.profile:
        print_profile(model, prompts, options.penalty)
    else:
        compare(model, prompts, options)


def parse_options():
    """Sizes of the model and of the work."""
    lm = yaml_files.read_yaml("config.yaml")["lm"]["pretrain"]
    size = lm["architecture"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
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
    return parser.parse_args()


def make_model(options):
    """Return a model of the sizes asked for, trained for a moment on Markov text."""
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
    return model.to(options.device, getattr(torch, options.dtype))


def by_library(model, prompts, penalty, batch_size, cache=None):
    """New tokens by `generate`; `cache` names its kind of cache, by default a growing one."""
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


def by_library_with_static_cache(model, prompts, penalty, batch_size):
    """New tokens by `generate` with its preallocated cache."""
    return by_library(model, prompts, penalty, batch_size, cache="static")


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


def timed(program, model, prompts, penalty, batch_size):
    """Return the tokens and the milliseconds per prompt."""
    start = time.perf_counter()
    tokens = program(model, prompts, penalty, batch_size).cpu()  # waits for the device
    return tokens, 1e3 * (time.perf_counter() - start) / len(prompts)


def best_batch_size(name, program, model, prompts, penalty, batch_sizes):
    """Return the fastest of the batch sizes, the better of two runs each, and print them all."""
    seconds = {}
    for _ in range(2):
        for size in batch_sizes:
            _, took = timed(program, model, prompts[: max(batch_sizes)], penalty, size)
            seconds[size] = min(took, seconds.get(size, took))
    print(f"{name}: ms per prompt by batch size", {n: round(t, 1) for n, t in seconds.items()})
    return min(seconds, key=seconds.get)


def compare(model, prompts, options):
    """Print the times of the programs run in turn, and `beam_search`'s ratio to each other."""
    library = by_library_with_static_cache if options.static_cache else by_library
    faster = onednn.use_for_linear_layers(copy.deepcopy(model))
    programs = {
        "generate": (library, model),
        "generate, this project's linear layers": (library, faster),
        "beam_search": (by_beam_search, faster),
    }
    sizes = {
        name: best_batch_size(name, *program, prompts, options.penalty, options.batch_sizes)
        for name, program in programs.items()
    }
    times, tokens = {name: [] for name in programs}, {}
    for _ in range(options.rounds):
        for name, program in programs.items():
            tokens[name], took = timed(*program, prompts, options.penalty, sizes[name])
            times[name].append(took)
    for name, took in times.items():
        print(f"{name}: batch size {sizes[name]}, {statistics.median(took):.1f} ms per prompt")
        if name != "beam_search":
            ratios = [slow / fast for slow, fast in zip(took, times["beam_search"], strict=True)]
            n_different = int((tokens[name] != tokens["beam_search"]).any(dim=1).sum())
            print(
                f"  ratio: {statistics.median(ratios):.2f}, {min(ratios):.2f} to "
                f"{max(ratios):.2f}; {n_different} of {len(prompts)} prompts differ"
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
