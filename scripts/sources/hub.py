"""Find out whether the Hugging Face hub is reachable.

The hub's client retries an unreachable hub for a minute or longer. Files in its cache are available
without the hub.
"""

TIMEOUT = 10  # seconds


def answers():
    """Whether the hub is reachable with the address and the proxy that its client uses."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=TIMEOUT)
    except Exception:  # network errors, and those of a client in offline mode
        return False
    return True
