"""Fingerprints of code: what a job computes with, without comments, docstrings and formatting."""

import ast
from pathlib import Path

from pipeline import hashes, paths

# runs and records jobs, but has no part in what they compute
MACHINERY = {"pipeline.job"}
# of these, the values differ between Python 3.11, 3.12 and 3.13, but not the meaning
_IGNORED = {"ctx", "kind", "type_comment", "type_ignores"}


def canonical(node):
    """A text that two syntax trees share exactly if they mean the same.

    Docstrings, positions, and fields that are empty are left out; so the text is the same for every
    supported version of Python.
    """
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={text}"
            for name, value in ast.iter_fields(node)
            if name not in _IGNORED and (text := canonical(_without_docstring(node, name, value)))
        ]
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(map(canonical, node))}]" if node else ""
    return "" if node is None else repr(node)


def _without_docstring(node, name, value):
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    if name == "body" and isinstance(node, documented) and ast.get_docstring(node, clean=False):
        return value[1:] or [ast.Pass()]
    return value


class Fingerprints:
    """Fingerprints of scripts and of everything that they import from this project.

    Parameters
    ----------
    cache : pipeline.hashes.HashCache
    """

    def __init__(self, cache):
        self._cache = cache
        self._modules = {}

    def of_job(self, script, *others):
        """What a job is made with.

        Parameters
        ----------
        script : str
            Relative to ``scripts/jobs``.
        *others : str
            Captions, reference values and the like, relative to the project's root.

        Returns
        -------
        dict of str to str
            Fingerprint of the script, of each module that it imports, directly or not, and of the
            other files, by path relative to the project's root.
        """
        found, queue = {}, [paths.SCRIPTS / "jobs" / script]
        while queue:
            file = queue.pop()
            name = str(file.relative_to(paths.ROOT))
            if name in found:
                continue
            found[name], imported = self._module(file)
            queue += [paths.SCRIPTS / path for path in imported]
        found |= {name: self.of_file(name) for name in others}
        return dict(sorted(found.items()))

    def of_file(self, name):
        """Fingerprint of one file, by its path relative to the project's root; None if missing.

        A Python file is known by its syntax tree, any other file by its bytes.
        """
        file = paths.source(name)
        if file.suffix == ".py":
            return (self._module(file) or [None])[0]
        return self._cache.sha256(file)

    def _module(self, file):
        if file not in self._modules:
            self._modules[file] = self._cache.remembered("module", file, _parsed)
        return self._modules[file]


def _parsed(path):
    """Fingerprint of a Python file and the files that it imports, relative to ``scripts``."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    imported = {file for node in ast.walk(tree) for file in _imported_files(node)}
    return [hashes.digest(canonical(tree)), sorted(imported)]


def _imported_files(node):
    """Files of this project that an import statement loads, packages' ``__init__`` included."""
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    elif isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        return
    for name in names:
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            module = ".".join(parts[:depth])
            place = Path(*parts[:depth])
            if module in MACHINERY:
                break
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if (paths.SCRIPTS / file).is_file():
                    yield str(file)
