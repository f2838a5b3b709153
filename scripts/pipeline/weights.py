"""Files of neural models: weights as safetensors, and tokenizers.

PyTorch and the tokenizer library are imported only where they are used, so that tables can read
a tokenizer without loading PyTorch.
"""

from collapse.errors import UserError

from pipeline import files


def save(path, model):
    """Write a module's weights atomically. A tied weight is written under its first name only.

    Parameters
    ----------
    path : str or Path
    model : torch.nn.Module
        On any device.
    """
    from safetensors.torch import save_file

    weights = {
        name: values.detach().cpu().contiguous()
        for name, values in model.state_dict().items()
        if name not in _tied(model)
    }
    with files.replacing(path) as partial:
        save_file(weights, partial)


def load(path, model):
    """Read weights written by `save` into a module.

    Parameters
    ----------
    path : str or Path
    model : torch.nn.Module
        Of the same architecture; changed in place.

    Returns
    -------
    torch.nn.Module
        `model`, in evaluation mode.

    Raises
    ------
    UserError
        If the file is damaged, or holds the weights of another model.
    """
    from safetensors.torch import load_file

    try:
        missing, unexpected = model.load_state_dict(load_file(path), strict=False)
        if wrong := sorted({*unexpected, *missing} - _tied(model)):
            raise ValueError(f"{wrong[0]} does not fit")
    except Exception as error:  # the errors of safetensors have no common base class
        raise UserError(
            f"{path} does not hold the weights of this model ({str(error).splitlines()[0]}). "
            "Delete the file and run again."
        ) from error
    return model.eval()


def load_tokenizer(path):
    """Read a tokenizer from its JSON file.

    Returns
    -------
    tokenizers.Tokenizer

    Raises
    ------
    UserError
        If the file is not a tokenizer.
    """
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises plain Exception
        raise UserError(
            f"{path} is not a tokenizer ({error}). Delete the file and run again."
        ) from error


def _tied(model):
    """Names of weights that are the same tensor as another weight, as `transformers` lists them."""
    tied = getattr(model, "_tied_weights_keys", None) or ()
    return set(tied) if tied and model.config.tie_word_embeddings else set()
