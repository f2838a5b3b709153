"""Names of figures and tables as targets of a run."""

import difflib
import re
from pathlib import Path

from collapse.errors import UserError

from pipeline import paths

MANY = 50  # names, of which a message lists only some
OWN = "families"  # the rule that makes what belongs to families alone


def of_families(families, names, scale, given=None):
    """What overrides the configuration, and the targets, of a command for some families.

    Parameters
    ----------
    families : sequence of str
        Instead of those of the scale; none: these.
    names : sequence of str
        See `resolve`; none: what belongs to the families alone, without claims and page.
    scale : str
    given : pipeline.configuration.Given, optional
        What overrides the files of the configuration; by default what the profile of every run
        gives.

    Returns
    -------
    given : pipeline.configuration.Given
    targets : list of str
        None: the default target.

    Raises
    ------
    UserError
        If a family or a name is unknown, or the configuration has another mistake.
    """
    from pipeline import configuration

    given = (configuration.given() if given is None else given).only(families)
    if given.values or given.files:
        configuration.load(given.layers(scale))
    return given, resolve(names or [OWN] * bool(families), scale, given)


def resolve(names, scale, given=None):
    """The files or rules that names stand for.

    Parameters
    ----------
    names : iterable of str
        Figures or tables by their bare names (``gmm_l2``), paths of results, or rules.
    scale : str
    given : pipeline.configuration.Given, optional
        What overrides the files of the configuration.

    Returns
    -------
    list of str
        Paths or rules; both files where a figure and a table share a name.

    Raises
    ------
    UserError
        If a bare name is none of these; the message lists similar names.
    """
    names = list(names)
    if not any(is_bare(name) for name in names):
        return names
    known = _known(scale, given)
    return [path for name in names for path in _paths(name, scale, known)]


def is_bare(name):
    """Whether a target is given by a name, not by a path."""
    return "/" not in name and "." not in name


def shown_paths(name, scale):
    """Paths that a figure and a table of this name have."""
    return [f"results/{scale}/figures/{name}.png", f"results/{scale}/tables/{name}.csv"]


def unknown(name, scale, known):
    """The error for a name that is not among the known ones."""
    few = sorted(known)[: None if len(known) < MANY else 5]
    near = difflib.get_close_matches(name, sorted(known), n=5, cutoff=0.5) or few
    return UserError(
        f"{name!r} is not a figure, table or result of scale {scale}: choose one of "
        f"{', '.join(near)}, or give the path of a file."
    )


def rule_names():
    """Names of all rules of the workflow that are written out in its files."""
    texts = [path.read_text(encoding="utf-8") for path in _rule_files()]
    return {name for text in texts for name in re.findall(r"^rule (\w+):", text, re.MULTILINE)}


def _rule_files():
    return [paths.ROOT / "Snakefile", *sorted(Path(paths.ROOT, "workflow/rules").glob("*.smk"))]


def _known(scale, given):
    from pipeline import configuration
    from pipeline.layout import Layout

    layers = (given or configuration.given()).layers(scale)
    layout = Layout(configuration.load(layers))
    return set(layout.figures("png")) | set(layout.tables("csv"))


def _paths(name, scale, known):
    if not is_bare(name):
        return [name]
    if found := [path for path in shown_paths(name, scale) if path in known]:
        return found
    if name in rule_names():
        return [name]
    raise unknown(name, scale, {Path(path).stem for path in known})
