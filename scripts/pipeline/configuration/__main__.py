"""Write the JSON schema and the reference page, or check that they are up to date."""

import argparse
import sys

from pipeline import files, paths
from pipeline.configuration import reference


def main(argv=None):
    """Write the generated files; with ``--check``, exit 1 with a line for each that differs."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.configuration", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if files differ"
    )
    check, differ = parser.parse_args(argv).check, False
    for name, text in reference.files().items():
        path = paths.source(name)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        differ = True
        if check:
            print(f"{name} differs from the models: run python -m pipeline.configuration.")
        else:
            files.write_text(path, text)
    return int(check and differ)


if __name__ == "__main__":
    sys.exit(main())
