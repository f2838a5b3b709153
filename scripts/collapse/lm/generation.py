"""Text that a language model generates: by beam search, as in the paper, or by sampling.

References
----------
arXiv:2305.17493, section 5.2 (beam search with five beams); Holtzman et al. 2020, arXiv:1904.09751
(nucleus sampling); Fan et al. 2018, arXiv:1805.04833 (top-k sampling).
"""

import torch

from collapse.lm import beam, language_model

SAMPLED_AT_ONCE = 64  # prompts; a constant, because the random numbers of a prompt depend on it


def continue_blocks(model, prompts, settings, *, seed):
    """Continue every block with as many new tokens as it has.

    Parameters
    ----------
    model : PreTrainedModel
        In evaluation mode.
    prompts : ndarray of int, shape (n, length)
    settings : mapping
        decoding ("beam", the default, or "sample") and precision. For beam search: beams and
        repetition_penalty, which multiplies log-probabilities, as `generate` of transformers does
        in beam search. For sampling: temperature, top_p and top_k, by the processors of
        transformers. Sampling takes no penalty: transformers would apply it to raw logits, which
        is another operation.
    seed : int
        For sampling; beam search is deterministic.

    Returns
    -------
    ndarray, shape (n, length)
        The new tokens only, of the same dtype as `prompts`.

    Raises
    ------
    UserError
        If a single block does not fit in memory.
    """
    decode = _sample if settings.get("decoding") == "sample" else _beam_search
    given = language_model.tensor(prompts, model.device)
    try:
        with language_model.autocast(model.device, settings["precision"]):
            tokens = decode(model, given, settings, seed=seed)
    except RuntimeError as error:  # both already process few blocks at once
        language_model.halved(1, error)
    return tokens.cpu().numpy().astype(prompts.dtype)


def _beam_search(model, prompts, settings, *, seed):
    return beam.beam_search(
        model,
        prompts,
        n_new_tokens=prompts.shape[1],
        n_beams=settings["beams"],
        repetition_penalty=settings["repetition_penalty"],
    )


@torch.no_grad()
def _sample(model, prompts, settings, *, seed):
    """Sample by `generate` of transformers; end-of-sequence tokens are suppressed."""
    length, parts = prompts.shape[1], []
    with language_model.global_seed(seed, model.device):
        for part in prompts.split(SAMPLED_AT_ONCE):
            found = model.generate(
                part,
                attention_mask=torch.ones_like(part),
                do_sample=True,
                num_beams=1,
                temperature=settings.get("temperature", 1.0),
                top_p=settings.get("top_p", 1.0),
                top_k=settings.get("top_k") or 0,
                min_new_tokens=length,
                max_new_tokens=length,
            )
            parts.append(found[:, length:])
    return torch.cat(parts)
