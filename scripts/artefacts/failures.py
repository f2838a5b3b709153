"""What went wrong between DVC and a remote, as one sentence that names the next command."""

import re

from collapse.errors import UserError

_MAKE = {"pull": "pull", "push": "publish", "repro": "publish"}
_PLACE = {"pull": "here", "push": "in remote '{remote}'", "repro": "here"}
_AGAIN = "run 'make {make}' again; it goes on where it stopped"
_FAILURES = (  # pattern in what was said; what it means; what to do
    (
        r"unsaved files|is going to be removed|without confirmation",
        "what is here differs from what is to be pulled and is saved nowhere else",
        "keep it with 'make publish', or replace it with 'make pull FORCE=1'",
    ),
    (
        r"No space left on device|quota exceeded|507, message",
        "there is no space left {place}",
        "make room and " + _AGAIN,
    ),
    (
        r"(405|501), message",
        "remote '{remote}' takes no uploads (HTTP {0})",
        "it is for readers or wants another method (PUT or POST, '.venv/bin/dvc remote modify "
        "--local {remote} method PUT'): set that, or name another with REMOTE=",
    ),
    (
        r"Permission denied: '([^']+)'",
        "'{0}' may not be read or written",
        "set its permissions and " + _AGAIN,
    ),
    (
        r"(?:401|403), message|Permission denied|PermissionError|Forbidden|Access ?Denied"
        r"|InvalidAccessKeyId|SignatureDoesNotMatch|Unable to locate credentials",
        "remote '{remote}' refuses access",
        "set its permissions or your credentials (docs/artefacts.md) and " + _AGAIN,
    ),
    (
        r"Connect call failed|Cannot connect|Could not connect|Connection refused|Name or service"
        r"|Temporary failure in name|EndpointConnectionError|Connection reset|Server ?disconnected"
        r"|Connection closed|timed out|TimeoutError",
        "remote '{remote}' does not answer",
        "look at its address ('.venv/bin/dvc remote list') and " + _AGAIN,
    ),
    (
        r"(5\d\d), message",
        "remote '{remote}' fails by itself (HTTP {0})",
        "wait or ask whoever runs it, then " + _AGAIN,
    ),
    (
        r"NoSuchBucket|bucket does not exist",
        "the bucket of remote '{remote}' does not exist",
        "make it, or look at its address ('.venv/bin/dvc remote list'), and " + _AGAIN,
    ),
)


def known(action, remote, said):
    """The sentence for what DVC or a remote's driver said, or None where it says no more.

    Parameters
    ----------
    action : {'pull', 'push'}
    remote : str
    said : str
    """
    for pattern, what, remedy in _FAILURES:
        if found := re.search(pattern, said, re.IGNORECASE):
            what = f"{what}: {remedy}".replace("{place}", _PLACE[action])
            return UserError(what.format(*found.groups(), remote=remote, make=_MAKE[action]) + ".")
    return None


def unknown(action, said):
    """A sentence with the first thing that DVC itself complained of."""
    said = re.sub(r"\x1b\[[\d;]*m", "", said)
    own = re.findall(r"^ERROR: (?!failed to reproduce)(.*)", said, re.MULTILINE)
    first = own[0] if own else next(iter(said.strip().splitlines()[-1:]), "it said nothing")
    return UserError(
        f"dvc {action} failed ({first.rstrip('.:')}): mend that and run "
        f"'make {_MAKE[action]}' again; what has arrived is kept."
    )


def words(error):
    """An exception and what caused it, as text."""
    chain = []
    while error is not None and error not in chain:  # drivers tie causes in circles
        chain.append(error)
        error = error.__cause__ or error.__context__
    return "; ".join(f"{type(error).__name__}: {error}" for error in chain)
