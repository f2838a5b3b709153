"""Rules and adapters: small, and complete about the code they depend on."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
ADAPTERS = [
    path
    for folder in (SCRIPTS, SCRIPTS / "figures", SCRIPTS / "tables")
    for path in sorted(folder.glob("*.py"))
    if "with job(snakemake" in path.read_text()
]


def test_every_adapter_belongs_to_a_rule():
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    for path in ADAPTERS:
        name = path.relative_to(SCRIPTS).as_posix()
        assert f'"../../scripts/{name}"' in rules, name
        assert f'code=code_of("{name}")' in rules, name


@pytest.mark.parametrize("path", sorted((SCRIPTS / "collapse").glob("*.py")), ids=lambda p: p.name)
def test_the_library_knows_no_workflow_and_its_functions_are_short_and_documented(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "snakemake"]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            docstring = len((ast.get_docstring(node, clean=False) or "").splitlines())
            assert node.end_lineno - node.lineno + 1 - docstring <= 50, node.name


def test_lazy_imports_count_as_dependencies():
    """`mnist.read` imports torchvision inside a function; packages' own modules do so too."""
    namespace = {}
    source = (ROOT / "workflow/rules/common.smk").read_text()
    start = source.index("def imported_modules")
    end = source.index("def needs")
    exec(source[start:end], {"ast": ast}, namespace)
    tree = ast.parse(
        "def f():\n    from collapse import vae, files as f\n    import collapse.mnist"
    )
    found = [m for node in ast.walk(tree) for m in namespace["imported_modules"](node)]
    assert found == ["vae", "files", "mnist"]
