"""Errors of DVC and of remotes, as one line that names the next command."""

import re

from collapse.errors import UserError

_MAKE = {"pull": "pull", "push": "publish", "repro": "publish"}
_PLACE = {"pull": "here", "push": "in remote '{remote}'", "repro": "here"}
_AGAIN = "run 'make {make}' again; it resumes where it stopped"
_FAILURES = (  # pattern in the output; what it means; what to do
    (
        r"unsaved files|is going to be removed|without confirmation",
        "files here differ from what would be pulled, and are saved nowhere else",
        "keep it with 'make publish', or replace it with 'make pull FORCE=1'",
    ),
    (
        r"No space left on device|quota exceeded|507, message",
        "there is no space left {place}",
        "make room and " + _AGAIN,
    ),
    (
        r"(405|501), message",
        "remote '{remote}' accepts no uploads (HTTP {0})",
        "it is read-only, or needs another method (PUT or POST): set it with '.venv/bin/dvc remote "
        "modify --local {remote} method PUT', or name another remote with REMOTE=",
    ),
    (
        r"Permission denied: '([^']+)'",
        "'{0}' is not readable or writable",
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
        "check its address ('.venv/bin/dvc remote list') and " + _AGAIN,
    ),
    (
        r"(5\d\d), message",
        "remote '{remote}' has an internal error (HTTP {0})",
        "wait or ask its administrator, then " + _AGAIN,
    ),
    (
        r"NoSuchBucket|bucket does not exist",
        "the bucket of remote '{remote}' does not exist",
        "create it, or check its address ('.venv/bin/dvc remote list'), and " + _AGAIN,
    ),
)


def known(action, remote, output):
    """The error that explains the output of DVC or of a remote's driver, or None if unknown.

    Parameters
    ----------
    action : {'pull', 'push', 'repro'}
    remote : str
    output : str

    Returns
    -------
    UserError or None
    """
    for pattern, what, remedy in _FAILURES:
        if found := re.search(pattern, output, re.IGNORECASE):
            what = f"{what}: {remedy}".replace("{place}", _PLACE[action])
            return UserError(what.format(*found.groups(), remote=remote, make=_MAKE[action]) + ".")
    return None


def unknown(action, output):
    """An error with the first complaint in DVC's output."""
    output = re.sub(r"\x1b\[[\d;]*m", "", output)
    own = re.findall(r"^ERROR: (?!failed to reproduce)(.*)", output, re.MULTILINE)
    first = own[0] if own else next(iter(output.strip().splitlines()[-1:]), "it printed nothing")
    return UserError(
        f"dvc {action} failed ({first.rstrip('.:')}): fix this and run "
        f"'make {_MAKE[action]}' again; what has arrived is kept."
    )


def as_text(error):
    """An exception and its causes, as text."""
    chain = []
    while error is not None and error not in chain:  # drivers make circles of causes
        chain.append(error)
        error = error.__cause__ or error.__context__
    return "; ".join(f"{type(error).__name__}: {error}" for error in chain)
