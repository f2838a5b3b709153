"""Fingerprints of code: what a job computes with, without comments, docstrings and formatting."""

import ast
import os
from pathlib import Path

from pipeline import definitions, hashes, paths

# runs and records jobs, but has no part in what they compute
MACHINERY = {"pipeline.job"}
_LOADED, _WHOLE = "", "*"


class Fingerprints:
    """Fingerprints of scripts and of everything in this project that they refer to.

    Parameters
    ----------
    cache : pipeline.hashes.HashCache
    """

    def __init__(self, cache):
        self._cache = cache
        # what another version of the parser remembered is not used
        self._kind = f"definitions {cache.sha256(definitions.__file__)[:16]}"
        self._files = _files_of_modules()
        # results that several scripts share
        self._modules, self._digests = {}, {}
        self._meanings, self._nodes = {}, {}

    def of_job(self, script, *others):
        """What a job is made with.

        Parameters
        ----------
        script : str
            Relative to ``scripts/jobs``.
        *others : str
            Captions, reference values and the like, relative to the project's root; no Python.

        Returns
        -------
        dict of str to str
            Fingerprint of the script, of each module that it imports, directly or not, and of the
            other files, by path relative to the project's root. That of a module covers the
            statements that `reached` gives.
        """
        found = {name: self.of_file(name) for name in others}
        for file, indices in self.reached(script).items():
            found[f"{paths.SCRIPTS.name}/{file}"] = self._digest(file, frozenset(indices))
        return dict(sorted(found.items()))

    def reached(self, script):
        """Top-level statements that a script can run, by static resolution of names.

        These are the statements with side effects of every module that is imported, and the
        definitions that any of the statements refers to. Where names do not tell what runs, all of
        a module counts: a module that is used as an object, an attribute that is not defined.

        Parameters
        ----------
        script : str
            Relative to ``scripts/jobs``.

        Returns
        -------
        dict of str to set of int
            Positions in ``definitions.parsed(file)["statements"]``, by path relative to
            ``scripts``.
        """
        start = f"jobs/{script}", _LOADED
        found, queue, seen = {}, [start], {start}
        while queue:
            node = queue.pop()
            if node not in self._meanings:
                self._meanings[node] = self._meaning(*node)
            indices, after = self._meanings[node]
            found.setdefault(node[0], set()).update(indices)
            new = after - seen
            seen |= new
            queue += new
        return {file: indices for file, indices in found.items() if file.endswith(".py")}

    def of_file(self, name):
        """Fingerprint of one whole file, by its path relative to the project's root, or None.

        A Python file is known by its syntax tree, any other file by its bytes.
        """
        file = paths.source(name)
        if file.suffix == ".py":
            return self._cache.remembered("syntax", file, _of_syntax)
        return self._cache.sha256(file)

    def edited(self, code):
        """Files that are no longer those of a job's fingerprints.

        Parameters
        ----------
        code : dict of str to str
            As `of_job` gave it.

        Returns
        -------
        list of str
        """
        jobs = f"{paths.SCRIPTS.name}/jobs/"
        scripts = [name for name in code if name.startswith(jobs)]
        now = {name: self.of_file(name) for name in code if not name.endswith(".py")}
        for script in scripts:
            now |= self.of_job(script.removeprefix(jobs))
        return sorted(name for name in {*code, *now} if code.get(name) != now.get(name))

    def _digest(self, file, indices):
        """Fingerprint of some statements of a file, in their order."""
        if (file, indices) not in self._digests:
            statements = self._module(file)["statements"]
            text = ",".join(statements[i][0] for i in sorted(indices))
            self._digests[file, indices] = hashes.digest(text)
        return self._digests[file, indices]

    def _meaning(self, file, name):
        """Statements of a file that a dotted name in it refers to, and nodes that these need.

        A node is a file and a name, `_LOADED` for what its import runs, `_WHOLE` for all of it.
        """
        module = self._module(file)
        if name == _LOADED:
            indices, outside = module["effects"], module["loads"]
        elif name == _WHOLE:
            indices = range(len(module["statements"]))
            outside = [target for targets in module["imports"].values() for target in targets]
            # of a package all that is below it, of another module nothing
            above = file.removesuffix("__init__.py")
            outside += [f"{name}:" for name, path in self._files.items() if path.startswith(above)]
        else:
            head, _, rest = name.partition(".")
            imported = module["imports"].get(head, ())
            outside = [definitions.attribute(target, rest) for target in imported]
            indices = module["names"].get(head, ())
        indices = _closure(module["statements"], indices)
        nodes = {(file, _LOADED)}
        for target in set(outside).union(*(module["statements"][i][2] for i in indices)):
            if target == definitions.WHOLE:
                nodes.add((file, _WHOLE))
            elif target not in self._nodes:
                self._nodes[target] = self._resolved(target)
            nodes.update(self._nodes.get(target, ()))
        return indices, nodes

    def _resolved(self, target):
        """Nodes that a target means in any file; none if it is not of this project."""
        if target == definitions.EVERYTHING:
            return [("", _WHOLE)]
        module, colon, name = target.partition(":")
        if module.partition(".")[0] not in self._files:
            return []
        return [*self._loads(module), *(self._attribute(module, name) if colon else ())]

    def _loads(self, module):
        """Nodes of the import of a module and of the packages that it is in."""
        parts = module.split(".")
        names = [".".join(parts[: depth + 1]) for depth in range(len(parts))]
        return [(self._files[name], _LOADED) for name in names if name in self._files]

    def _attribute(self, module, name):
        """Nodes of a dotted name in a module that may be of this project; none if it is not."""
        head, _, rest = name.partition(".")
        file, below = self._files.get(module), f"{module}.{head}"
        if file is None or below in MACHINERY:
            return []
        if not name:
            return [(file, _WHOLE)]
        inside = self._attribute(below, rest)
        known = self._module(file)
        if head in known["names"] or head in known["imports"]:
            return [(file, name), *inside]
        return inside or [(file, _WHOLE)]

    def _module(self, file):
        if file not in self._modules:
            place = paths.SCRIPTS / file
            found = self._cache.remembered(self._kind, place, definitions.parsed)
            self._modules[file] = found or definitions.NOTHING
        return self._modules[file]


def _files_of_modules():
    """Files of this project's modules by their full names; of a bare folder, the folder.

    All paths are relative to ``scripts``, which is the folder of the module "".
    """
    found = {}
    for folder, _, names in os.walk(paths.SCRIPTS):
        place = os.path.relpath(folder, paths.SCRIPTS).replace(".", "", 1)
        package = place.replace("/", ".")
        found[package] = os.path.join(place, "__init__.py" if "__init__.py" in names else "")
        for name in names:
            if name.endswith(".py") and name != "__init__.py":
                found[f"{package}.{name[:-3]}".lstrip(".")] = os.path.join(place, name)
    return {module: file for module, file in found.items() if module not in MACHINERY}


def _closure(statements, start):
    """Statements that these refer to within their file, directly or not, and these."""
    found, queue = set(start), list(start)
    while queue:
        new = set(statements[queue.pop()][1]) - found
        found |= new
        queue += new
    return found


def _of_syntax(path):
    text = Path(path).read_text(encoding="utf-8")
    return hashes.digest(definitions.canonical(ast.parse(text)))
