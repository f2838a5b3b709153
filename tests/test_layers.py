"""Each layer of scripts/ imports only the layers below it, and the science reads no files."""

import ast
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
PROJECT = {path.parent.name for path in SCRIPTS.glob("*/__init__.py")} | {"jobs"}
SCIENCE = {"numpy", "scipy", "pandas", "sklearn", "torch", "transformers", "tokenizers"}
FILE_MODULES = {"pathlib", "shutil", "tempfile", "glob", "io", "zipfile", "gzip", "fcntl", "csv"}
# functions and methods that read or write files, whatever they belong to
FILE_CALLS = {
    *("open", "read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "unlink"),
    *("read_csv", "to_csv", "read_json", "read_parquet", "save", "savez", "savez_compressed"),
    *("save_pretrained", "from_pretrained", "from_file", "load_file", "save_file", "fromfile"),
}
# packages that a package may import, besides itself
ALLOWED = {
    "collapse": set(),
    "pipeline": {"collapse", "cluster"},
    "sources": {"collapse", "pipeline"},
    "report": {"collapse", "pipeline"},
}


def modules(package):
    return sorted((SCRIPTS / package).rglob("*.py"))


def imported(tree):
    """Full names of the modules that a syntax tree imports, at any level of indentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where a module is from"
            yield node.module


def foreign(path, text=None):
    """Packages of this project that a file imports from another layer than its own."""
    own = path.relative_to(SCRIPTS).parts[0]
    roots = {name.split(".")[0] for name in imported(ast.parse(text or path.read_text()))}
    return (roots & PROJECT) - {own} - ALLOWED[own]


def impurities(text):
    """What a module of the science must not contain: foreign imports and access to files."""
    tree = ast.parse(text)
    for name in imported(tree):
        root = name.split(".")[0]
        known = root == "collapse" or root in SCIENCE or root in sys.stdlib_module_names
        if not known or root in FILE_MODULES:
            yield f"imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "attr", None) or getattr(function, "id", None)
            if name in FILE_CALLS:
                yield f"calls {name} in line {node.lineno}"
        elif isinstance(node, ast.Name) and node.id == "snakemake":
            yield f"knows snakemake in line {node.lineno}"
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "os.path":
            yield f"knows paths in line {node.lineno}"


@pytest.mark.parametrize("path", modules("collapse"), ids=lambda p: str(p.relative_to(SCRIPTS)))
def test_the_science_reads_no_files_and_knows_no_workflow(path):
    assert list(impurities(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_lower_layers(package):
    assert {str(path): found for path in modules(package) if (found := foreign(path))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "from pipeline import files",
        "def f():\n    import pipeline.files",
        "import safetensors.torch",
        "from pathlib import Path",
        "def f(path):\n    return open(path)",
        "def f(path):\n    return path.read_text()",
        "import pandas as pd\ndef f(path):\n    return pd.read_csv(path)",
        "print(snakemake.input)",
    ],
)
def test_control_impure_science_is_found(text):
    assert list(impurities(text))


def test_control_an_import_of_a_higher_layer_is_found():
    path = SCRIPTS / "pipeline" / "files.py"
    assert foreign(path, "def f():\n    from artefacts import remote") == {"artefacts"}
    assert foreign(path, "from jobs.vae import train") == {"jobs"}
