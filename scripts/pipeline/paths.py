"""Where the project's own files are: code, captions, reference values, scales, profiles.

Data, results and logs are relative to the working directory, which may be another folder.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
SCALES = ROOT / "workflow" / "scales"
CAPTIONS = ROOT / "workflow" / "report"
REFERENCE = ROOT / "reference"


def source(path):
    """Absolute path of one of the project's own files, given relative to `ROOT`."""
    return ROOT / path
