"""The statements of a Python file: what each means, what it refers to, what runs at import."""

import ast
import builtins
import contextlib
from pathlib import Path

from pipeline import hashes, paths

# of these, the values differ between Python 3.11, 3.12 and 3.13, but not the meaning
_IGNORED = {"ctx", "kind", "type_comment", "type_ignores"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
# an assignment, decorator or base class that calls only these does nothing but define its name
_HARMLESS = {
    *("bool", "dict", "dict.fromkeys", "float", "frozenset", "int", "len", "list", "object"),
    *("range", "set", "str", "tuple", "classmethod", "property", "staticmethod"),
    *("Exception", "OSError", "RuntimeError", "ValueError"),
    *("contextlib.contextmanager", "dataclasses.dataclass", "dataclasses.field"),
    *("functools.cache", "functools.lru_cache", "functools.wraps", "typing.NamedTuple"),
    *("logging.getLogger", "pathlib.Path", "re.compile"),
    *("torch.autograd.Function", "torch.inference_mode", "torch.nn.Module", "torch.no_grad"),
}
# what these read or run is not in the text: anything of their own file, or of the whole project
_OWN_FILE = {"__builtins__", "compile", "dir", "eval", "exec", "globals", "locals", "vars"}
_ANY_FILE = {
    *("__globals__", "__import__", "__subclasses__", "builtins", "f_globals"),
    *("importlib", "inspect", "pkgutil", "runpy", "sys.modules"),
}
_NAMED_IN_TEXT = ("importlib.metadata", "importlib.util.find_spec", "inspect.signature")
_GIVEN = {*dir(builtins), "__class__", "__doc__", "__file__", "__name__", "__qualname__"}
_GIVEN.add("snakemake")  # Snakemake puts it into every script
WHOLE, EVERYTHING = ":", "*"
NOTHING = {"statements": [], "names": {}, "imports": {}, "effects": [], "loads": []}


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
    documented = (ast.Module, *_SCOPES)
    if name == "body" and isinstance(node, documented) and ast.get_docstring(node, clean=False):
        return value[1:] or [ast.Pass()]
    return value


def parsed(path):
    """What the top-level statements of a file below ``scripts`` define and refer to.

    Depends on the file alone: whether a name belongs to the project is decided by the reader.

    Parameters
    ----------
    path : str or Path
        A folder is a package without statements.

    Returns
    -------
    dict
        ``statements``: of each, in order, its hash, the statements of this file that it refers to,
        and its targets outside: ``module:name`` for a name, ``module:`` for a module as an object,
        ``module`` for one that is imported inside it, `WHOLE` for all of this file, `EVERYTHING`
        for all files. ``names``: statements by the name that they define. ``imports``: targets by
        the name that they are imported as. ``effects``: statements that count in any case.
        ``loads``: modules that are imported when this one is. All of it can be written as JSON.
    """
    path = Path(path)
    tree = ast.parse("" if path.is_dir() else path.read_text(encoding="utf-8"))
    file = _File(tree, path.relative_to(paths.SCRIPTS).parent.parts)
    digests = [hashes.digest(canonical(node)) for node in file.statements]
    references = [file.references(i) for i in range(len(digests))]
    return {
        "statements": [[digest, *both] for digest, both in zip(digests, references, strict=True)],
        "names": file.names,
        "imports": file.imports,
        "effects": [i for i, node in enumerate(file.statements) if file.runs(node)],
        "loads": sorted({name for node in _at_import(tree) for name in file.loaded(node)}),
    }


class _File:
    """The names of a file, from a syntax tree and the names of the packages that it is in."""

    def __init__(self, tree, packages):
        self._packages = packages
        self.statements = list(_statements(tree))
        self._nodes = [list(_nodes(statement)) for statement in self.statements]
        self._chains = [_chains(nodes) for nodes in self._nodes]
        self.names, self.imports = {}, {}
        for i, statement in enumerate(self.statements):
            for name in sorted(_defined(statement)):
                self.names.setdefault(name, []).append(i)
        everywhere = [node for nodes in self._nodes for node in nodes]
        for node in everywhere:
            for name, target, _ in self._imported(node):
                self.imports.setdefault(name, []).append(target)
        local = {name for node in everywhere for name in _bound(node)}
        self._known = {*_GIVEN, *self.names, *self.imports, *local}
        self._read = {chain.partition(".")[0] for chain in set().union(*self._chains)}

    def references(self, i):
        """Statements of this file that a statement refers to, and its targets outside."""
        here, outside = set(), {name for node in self._nodes[i] for name in self.loaded(node)}
        for chain in self._chains[i]:
            head = chain.partition(".")[0]
            here.update(self.names.get(head, ()))
            outside.update(self._targets(chain) if head in self.imports else ())
            if head not in self._known or head in _OWN_FILE - self.names.keys():
                outside.add(WHOLE)
            if any(map(_runs_any_code, self._full_names(chain))):
                outside.add(EVERYTHING)
        return sorted(here), sorted(outside)

    def runs(self, node):
        """Whether a statement may do more than define names that others refer to."""
        if isinstance(node, _IMPORTS):
            # an import that nothing here uses is there for what it does
            return not _defined(node) & self._read
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in ast.walk(target)]
            if any(isinstance(part, ast.Attribute | ast.Subscript) for part in parts):
                return True
        elif not isinstance(node, _SCOPES):
            return True
        return not all(map(self._is_harmless, _called(node)))

    def loaded(self, node):
        """Modules that an import statement may load, and all of a module for its ``*``."""
        return [module for _, _, modules in self._imported(node) for module in modules]

    def _imported(self, node):
        """Name, target and loaded modules of each part of an import statement."""
        for alias in node.names if isinstance(node, _IMPORTS) else ():
            (name,) = _defined_by(alias)
            if isinstance(node, ast.Import):
                yield name, f"{alias.name if alias.asname else name}:", [alias.name]
                continue
            above = self._packages[: len(self._packages) + 1 - node.level] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            every = alias.name == "*"
            target = f"{module}:{'' if every else alias.name}"
            yield name, target, [module, target if every else f"{module}.{alias.name}"]

    def _targets(self, chain):
        """Targets of a dotted name that begins with an imported one."""
        head, _, rest = chain.partition(".")
        return [attribute(target, rest) for target in self.imports[head]]

    def _full_names(self, chain):
        head = chain.partition(".")[0]
        if head in self.imports:
            return [target.replace(":", ".").rstrip(".") for target in self._targets(chain)]
        return [] if head in self.names else [chain]

    def _is_harmless(self, chain):
        names = self._full_names(chain) if chain else []
        return bool(names) and _HARMLESS.issuperset(names)


def attribute(target, name):
    """The target of a dotted name (or "") in what a target refers to."""
    return f"{target}{'.' if name and target[-1] != ':' else ''}{name}"


def _statements(tree):
    """Top-level statements; a part of an import is one, and a bare constant is none."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (ast.Import([alias]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (ast.ImportFrom(node.module, [alias], node.level) for alias in node.names)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield node


def _at_import(node):
    """Nodes that are executed when a module is imported: no bodies of functions."""
    queue = [node]
    while queue:
        node = queue.pop()
        yield node
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            queue += [node.args, *getattr(node, "decorator_list", ())]
            queue += [node.returns] if getattr(node, "returns", None) else []
        else:
            queue += ast.iter_child_nodes(node)


def _called(node):
    """Dotted names of what a statement calls at import, decorates with or derives from.

    None stands for anything that is not a dotted name.
    """
    for below in _at_import(node):
        if isinstance(below, ast.Call):
            yield _dotted(below.func)
        if isinstance(below, _SCOPES):
            yield from (_dotted(d) for d in below.decorator_list if not isinstance(d, ast.Call))
        if isinstance(below, ast.ClassDef):
            yield from map(_dotted, below.bases)
            yield from (None for _ in below.keywords)


def _defined(node):
    """Names that a statement binds in its module, or deletes from it."""
    if isinstance(node, _SCOPES):
        return {node.name}
    if isinstance(node, ast.Lambda):
        return set()
    return {*_bound(node)}.union(*map(_defined, ast.iter_child_nodes(node)))


def _bound(node):
    """Names that one node binds, in whatever scope, or deletes."""
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, _IMPORTS):
        return [name for alias in node.names for name in _defined_by(alias)]
    if isinstance(node, (ast.alias, ast.keyword)):
        return []
    # functions, classes, handlers and patterns; arguments; the rest of a mapping's pattern
    names = (getattr(node, field, None) for field in ("name", "arg", "rest"))
    return [name for name in names if isinstance(name, str)]


def _defined_by(alias):
    return [alias.asname or alias.name.partition(".")[0]]


def _nodes(node):
    """All nodes of a syntax tree, with a dotted name that is read as one node."""
    queue = [node]
    while queue:
        node = queue.pop()
        yield node
        if not _dotted(node):
            queue += ast.iter_child_nodes(node)
            queue += _quoted(node)


def _quoted(node):
    """Expressions that annotations give as text."""
    if isinstance(node, (*_FUNCTIONS, ast.arg, ast.AnnAssign)):
        annotation = node.returns if isinstance(node, _FUNCTIONS) else node.annotation
        for part in ast.walk(annotation) if annotation else ():
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                with contextlib.suppress(SyntaxError):
                    yield ast.parse(part.value, mode="eval")


def _chains(nodes):
    """Dotted names that nodes read; names of special attributes alone."""
    found = set()
    for node in nodes:
        if chain := _dotted(node):
            found.add(chain)
        if isinstance(node, ast.Attribute) and node.attr in _ANY_FILE:
            found.add(node.attr)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def _dotted(node):
    """``a.b.c`` of a name that is read, and of its attributes; None for other expressions."""
    if isinstance(node, ast.Name):
        return None if isinstance(node.ctx, ast.Store) else node.id
    value = _dotted(node.value) if isinstance(node, ast.Attribute) else None
    return value and f"{value}.{node.attr}"


def _runs_any_code(name):
    """Whether a dotted name may lead to code that the text does not name."""

    def is_below(prefix):
        return name == prefix or name.startswith(f"{prefix}.")

    return any(map(is_below, _ANY_FILE)) and not any(map(is_below, _NAMED_IN_TEXT))
