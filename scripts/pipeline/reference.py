"""Read the project's reference files: published values, claims, and open choices."""

import pandas as pd
from collapse import labels
from collapse.errors import UserError

from pipeline import paths, yaml_files

PUBLISHED = "reference/published_values.csv"
CLAIMS = "reference/claims.yaml"
LATER = "reference/claims_later.yaml"
CHOICES = "reference/fidelity.yaml"
PROFILE = "reference/collapse_profile.yaml"
COLUMNS = ["claim", "quantity", "setting", "generation", "run", "value", "grade", "source"]


def published(path=PUBLISHED):
    """Read all published values.

    Parameters
    ----------
    path : str or Path
        CSV file, relative to the project's root.

    Returns
    -------
    DataFrame
        With `COLUMNS`; see `collapse.claims.published`.

    Raises
    ------
    UserError
        If the file is not such a table.
    """
    try:
        table = pd.read_csv(paths.source(path))
    except ValueError as error:  # includes the parser errors of pandas
        reason = str(error).strip()
        raise UserError(f"{path} is not a CSV table ({reason}): restore the file.") from error
    if list(table.columns) != COLUMNS:
        raise UserError(f"{path} must have the columns {', '.join(COLUMNS)}: restore the file.")
    return table


def claims(path=CLAIMS):
    """Read the records of claims, unchecked; see `collapse.claims.records.validate`."""
    return _filled(path).get("claims")


def gates(path=CLAIMS):
    """Read the records of gates, unchecked; see `collapse.claims.records.validate`."""
    return _filled(path).get("gates", [])


def profile(path=PROFILE):
    """Read the meanings of collapse, unchecked; see `collapse.claims.profile.validate`."""
    return yaml_files.read_yaml(paths.source(path))


def choices(path=CHOICES):
    """Read the choices that the paper leaves open, by name; see `collapse.claims.fidelity`."""
    return _filled(path)


def _filled(path):
    """Read a file whose texts have names in braces, see `collapse.labels`."""
    try:
        return labels.filled(yaml_files.read_yaml(paths.source(path)))
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
