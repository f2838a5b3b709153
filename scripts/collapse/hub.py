"""The Hugging Face hub: whether it answers, asked once.

Its client tries an unreachable hub again and again, for a minute or longer; files that it has
fetched before are at hand without it.
"""

SECONDS = 10  # to wait for an answer


def answers():
    """Whether the hub can be reached, at the address and through the proxy of its own client."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=SECONDS)
    except Exception:  # of the network or of the client, also where it is told to stay offline
        return False
    return True
