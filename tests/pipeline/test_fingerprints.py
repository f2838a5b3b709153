"""Fingerprints of code change with its meaning, and with nothing else."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pipeline import definitions, files, fingerprints, hashes, paths, weights

FUNCTION = '''
"""A module."""
import numpy as np
LIMIT = 3
def double(x, *, by=2):
    """Multiply."""
    # a comment
    if x is None:
        return f"{x!r:>{LIMIT}} none"
    return x * by
class Empty:
    """Nothing."""
'''
SAME = {
    "comments": lambda text: text.replace("# a comment", "# another"),
    "docstrings": lambda text: text.replace("Multiply.", "Multiply `x`.\n\n    Really."),
    "no docstring": lambda text: text.replace('    """Multiply."""\n', ""),
    "layout": lambda text: text.replace("x, *, by=2", "\n    x,\n    *,\n    by = 2,\n"),
    "quotes": lambda text: text.replace('f"{x!r:>{LIMIT}} none"', "f'{x!r:>{LIMIT}} none'"),
}
OTHER = {
    "a value": lambda text: text.replace("by=2", "by=3"),
    "a type": lambda text: text.replace("by=2", "by=2.0"),
    "a name": lambda text: text.replace("double", "twice"),
    "None for False": lambda text: text.replace("x is None", "x is False"),
    "an order": lambda text: text.replace("x * by", "by * x"),
    "a conversion": lambda text: text.replace("!r", "!s"),
    "a text": lambda text: text.replace("none", "nothing"),
    "a keyword": lambda text: text.replace(" *,", ""),
}


def canonical(text):
    return definitions.canonical(ast.parse(text))


@pytest.mark.parametrize("change", SAME)
def test_what_means_the_same_has_the_same_fingerprint(change):
    changed = SAME[change](FUNCTION)
    assert changed != FUNCTION
    assert canonical(changed) == canonical(FUNCTION)


@pytest.mark.parametrize("change", OTHER)
def test_what_means_something_else_has_another(change):
    assert canonical(OTHER[change](FUNCTION)) != canonical(FUNCTION)


def test_nothing_in_it_depends_on_the_version_of_python():
    """Fields that 3.12 and 3.13 added or fill differently are empty here, or are left out."""
    tree = ast.parse(FUNCTION)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.type_params = []  # as Python 3.12 gives it
        if isinstance(node, ast.Constant):
            node.kind = None
    text = definitions.canonical(tree)
    assert text == canonical(FUNCTION)
    for word in ("type_params", "kind", "ctx", "type_ignores", "lineno"):
        assert f"{word}=" not in text


def test_real_code_parses_to_the_same_after_formatting_is_lost():
    for path in sorted(paths.SCRIPTS.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert canonical(ast.unparse(tree)) == definitions.canonical(tree), path


def of_job(*args):
    return fingerprints.Fingerprints(hashes.HashCache(None)).of_job(*args)


def test_a_job_is_made_with_its_script_and_all_that_it_imports():
    found = set(of_job("vae/train.py", "workflow/report/vae_samples.md"))
    assert {
        "scripts/jobs/vae/train.py",
        "scripts/collapse/__init__.py",
        "scripts/collapse/vae/vae.py",
        "scripts/collapse/process/generations.py",
        "scripts/pipeline/files.py",
        "workflow/report/vae_samples.md",
    } <= found
    assert not [path for path in found if "/lm/" in path or "/report/p" in path]


def test_a_file_that_is_missing_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    known = fingerprints.Fingerprints(hashes.HashCache(None))
    assert known.of_file("nothing.py") is None
    shutil.copy(__file__, tmp_path / "some.py")
    assert len(known.of_file("some.py")) == 64


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Function that writes files of a project and gives the fingerprints of its script."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "SCRIPTS", tmp_path / "scripts")

    def written(files):
        for name, text in files.items():
            path = tmp_path / "scripts" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return of_job("job.py")

    return written


UNUSED = "def unused():\n    return 22\n"
F = "def f():\n    return 11\n"
# script, module m; 11 is in what the script uses (and must count), 22 in nothing that it uses
PAIRS = {
    "a function": ("from m import f\nf()\n", "def f():\n    return 11\n"),
    "under another name": ("from m import f as g\ng()\n", "def f():\n    return 11\n"),
    "of a module": ("import m\nm.f()\n", "def f():\n    return 11\n"),
    "of a renamed module": ("import m as n\nn.f()\n", "def f():\n    return 11\n"),
    "in a function of the script": (
        "def main():\n    from m import f\n    return f()\nmain()\n",
        "def f():\n    return 11\n",
    ),
    "of a function": ("import m\nm.f()\n", "def f():\n    return g\ndef g():\n    return 11\n"),
    "a method": ("import m\nm.C().f()\n", "class C:\n    def f(self):\n        return 11\n"),
    "of a base": ("import m\nm.C()\n", "class B:\n    a = 11\nclass C(B):\n    b = 1\n"),
    "a decorator": (
        "import m\nm.f()\n",
        "def d(f):\n    return 11\n@d\ndef f():\n    return 1\n",
    ),
    "a decorator that keeps functions": (
        "import m\nm.RULES['f']()\n",
        "RULES = {}\ndef kept(f):\n    RULES['f'] = f\n@kept\ndef f():\n    return 11\n",
    ),
    "a default": ("import m\nm.f()\n", "A = 11\ndef f(x=A):\n    return x\n"),
    "an annotation": ("import m\nm.f()\n", "A = 11\ndef f(x: A):\n    return x\n"),
    "a quoted annotation": ("import m\nm.f()\n", "A = 11\ndef f(x: 'A'):\n    return x\n"),
    "a dict of functions": (
        "import m\nm.ALL['f']()\n",
        "def f():\n    return 11\nALL = {'f': f}\n",
    ),
    "one of two names": ("import m\nm.A\n", "A, B = 11, 1\n"),
    "assigned again": ("import m\nm.A\n", "A = 1\nA = A + 11\n"),
    "deleted": ("import m\nm.f()\n", "def f():\n    return A\nA = 11\ndel A\n"),
    "added to": ("import m\nm.A\n", "A = []\nA += [11]\n"),
    "added to in a function": (
        "import m\nm.f()\n",
        "A = 11\ndef f():\n    global A\n    A += 1\n",
    ),
    "a statement": ("import m\n", "print(11)\n"),
    "what a statement calls": ("import m\n", "def f():\n    return 11\nprint(f())\n"),
    "an item": ("import m\n", "A = {}\nA['b'] = 11\n"),
    "an attribute": ("import m\n", "import os\nos.a = 11\n"),
    "an unused value that is called": ("import m\n", "A = print(11)\n"),
    "a branch": ("import m\n", "if True:\n    A = 11\n"),
    "a try": ("import m\n", "try:\n    A = 11\nexcept OSError:\n    pass\n"),
    "a loop": ("import m\n", "for i in (11,):\n    pass\n"),
    "a context": ("import m\n", "with open('a') as f:\n    11\n"),
    "a name of a branch": ("import m\nm.A\n", "if B := 11:\n    A = B\n"),
    "an import for what it does": ("import m\n", "import a11\n"),
    "where a name is from": ("import m\nm.f()\n", "import a11 as a\ndef f():\n    return a.b\n"),
    "a local variable of its name": (
        "import m\nm.f()\n",
        "def g():\n    return 11\ndef f():\n    g = 1\n    return g\n",
    ),
}
# as above, where it is unknown what is used: all of m counts
WHOLE = {
    "passed on": "import m\nprint(m)\n",
    "getattr": "import m\ngetattr(m, 'f')()\n",
    "vars": "from m import g as h\nimport m\nvars(m)['f']()\n",
    "its dict": "import m\nm.__dict__['f']()\n",
    "star": "from m import *\n",
    "an attribute that is not in it": "import m\nm.other\n",
    "importlib": "import importlib\nimportlib.import_module('m').f()\n",
    "a function of importlib": "from importlib import import_module as i\ni('m').f()\n",
    "import": "__import__('m').f()\n",
    "modules": "import m, sys\nsys.modules['m'].f()\n",
    "globals": "import m\nglobals()['m'].f()\n",
    "eval": "import m\neval('m.f()')\n",
    "exec": "import m\nexec('m.f()')\n",
    "inspect": "import inspect\nimport m\ninspect.getmodule(m.g).f()\n",
    "of a function": "import m\nm.g.__globals__['f']()\n",
    "a name that nothing defines": "from m import *\nf()\n",
}


def edits(project, files):
    """Whether an edit of 11 and whether one of 22 changes the fingerprints."""
    before = project(files)
    found = []
    for old, new in (("11", "12"), ("22", "23")):
        changed = {name: text.replace(old, new) for name, text in files.items()}
        assert changed != files
        found.append(project(changed) != before)
    return tuple(found)


@pytest.mark.parametrize("pair", PAIRS)
def test_what_a_script_uses_counts_and_nothing_else_does(project, pair):
    script, module = PAIRS[pair]
    assert edits(project, {"jobs/job.py": script, "m.py": module + UNUSED}) == (True, False)


@pytest.mark.parametrize("pair", WHOLE)
def test_a_module_whose_use_cannot_be_told_counts_as_a_whole(project, pair):
    module = "def f():\n    return 11\ndef g():\n    return 1\n"
    files = {"jobs/job.py": WHOLE[pair], "m.py": module, "jobs/other.txt": "22"}
    assert edits(project, files) == (True, False)
    files["jobs/job.py"] = "import m\nm.g()\n"
    assert not edits(project, files)[0]


# script, other files
PACKAGES = {
    "re-exported": (
        "import b\nb.f()\n",
        {"b.py": "from a import f\n", "a.py": F + UNUSED},
    ),
    "re-exported under another name": (
        "from b import g\ng()\n",
        {"b.py": "import a as c\nfrom a import f as g\n", "a.py": F + UNUSED},
    ),
    "a module in a module": (
        "import b\nb.a.f()\n",
        {"b.py": "import a\n", "a.py": F + UNUSED},
    ),
    "where it is re-exported from": (
        "import b\nb.f()\n",
        {"b.py": "from a11 import f\n" + UNUSED, "a11.py": "", "a12.py": ""},
    ),
    "re-exported by a star": (
        "import b\nb.f()\n",
        {"b.py": "from a import *\n", "a.py": "def f():\n    return 11\n", "c.py": UNUSED},
    ),
    "in a package": (
        "import p.q.m\np.q.m.f()\n",
        {"p/q/m.py": F + UNUSED, "p/q/__init__.py": "", "p/__init__.py": ""},
    ),
    "of a package from outside": (
        "from p import m\nm.f()\n",
        {"p/m.py": F + UNUSED, "p/__init__.py": ""},
    ),
    "what a package does": (
        "from p.q.m import f\nf()\n",
        {
            "p/q/m.py": "def f():\n    return 1\n" + UNUSED,
            "p/q/__init__.py": UNUSED,
            "p/__init__.py": "print(11)\n" + UNUSED,
        },
    ),
    "from its own package": (
        "from p import m\nm.f()\n",
        {
            "p/m.py": "from . import n\nfrom .n import g\ndef f():\n    return n.h, g\n" + UNUSED,
            "p/n.py": "def g():\n    return 11\ndef h():\n    return 11\n" + UNUSED,
            "p/__init__.py": "",
        },
    ),
    "a package as an object": (
        "import p\ngetattr(p, 'm').f()\n",
        {"p/m.py": "def f():\n    return 11\n", "p/__init__.py": "", "c.py": UNUSED},
    ),
    "imports in a circle": (
        "import a\na.f()\n",
        {
            "a.py": "import b\ndef f():\n    return b.g()\n" + UNUSED,
            "b.py": "import a\nfrom a import f\ndef g():\n    return a.f, f, 11\n",
        },
    ),
    "what an import in a function runs": (
        "from a import f\nf()\n",
        {"a.py": "def f():\n    import b\n" + UNUSED, "b.py": "print(11)\n" + UNUSED},
    ),
    "set from outside": (
        "import a, b\nb.g()\n",
        {"a.py": "import b\nb.value = 11\n", "b.py": "def g(): return value\n", "c.py": UNUSED},
    ),
}  # fmt: skip


@pytest.mark.parametrize("pair", PACKAGES)
def test_names_are_followed_through_modules_and_packages(project, pair):
    script, files = PACKAGES[pair]
    assert edits(project, {"jobs/job.py": script, **files}) == (True, False)


def test_a_module_that_is_imported_only_is_listed(project):
    files = {"jobs/job.py": "import m\n", "m.py": UNUSED, "n.py": "print()\n"}
    found = project(files)
    assert found.keys() == {"scripts/jobs/job.py", "scripts/m.py"}
    assert found["scripts/m.py"] == hashes.digest("")


def test_an_unused_import_of_the_project_counts_what_it_runs_only(project):
    files = {"jobs/job.py": "import m\n", "m.py": "import a\n", "a.py": "print(11)\n" + UNUSED}
    assert edits(project, files) == (True, False)


def test_the_order_of_what_is_used_counts(project):
    files = {"jobs/job.py": "import m\nm.A\n", "m.py": "B = 1\nprint()\nA = 1\n"}
    before = project(files)
    assert project(files | {"m.py": "print()\nB = 1\nA = 1\n"}) == before
    assert project(files | {"m.py": "B = 1\nA = 1\nprint()\n"}) != before


def test_comments_docstrings_and_bare_constants_do_not_count(project):
    files = {"jobs/job.py": "import m\nm.f()\n", "m.py": "def f():\n    return 1\n"}
    documented = '"""M."""\ndef f():\n    """F."""\n    # now\n    return (1)\n"""The end."""\n'
    assert project(files) == project(files | {"m.py": documented})


def test_what_runs_and_records_jobs_has_no_part_in_what_they_compute(project):
    script = "from pipeline.job import job\nfrom pipeline import job as other\njob(), other\n"
    files = {"jobs/job.py": script, "pipeline/__init__.py": UNUSED, "pipeline/job.py": "print()"}
    assert project(files).keys() == {"scripts/jobs/job.py", "scripts/pipeline/__init__.py"}


def test_a_new_module_counts_although_the_file_that_imports_it_is_remembered(project, tmp_path):
    files = {"jobs/job.py": "import later\nlater.f()\n"}
    project(files)
    for path in (tmp_path / "scripts/jobs").iterdir():
        os.utime(path, (1e9, 1e9))
    time.sleep(2.1)  # entries of files that have just changed are not kept
    cache = hashes.HashCache(tmp_path / "cache.json")
    before = fingerprints.Fingerprints(cache).of_job("job.py")
    cache.save()
    (tmp_path / "scripts/later.py").write_text("def f():\n    return 1\n")
    again = fingerprints.Fingerprints(hashes.HashCache(tmp_path / "cache.json")).of_job("job.py")
    assert again.keys() - before.keys() == {"scripts/later.py"}


def test_what_is_remembered_gives_the_same_fingerprints(tmp_path):
    cache = hashes.HashCache(tmp_path / "cache.json")
    first = fingerprints.Fingerprints(cache).of_job("gaussian/chain.py")
    cache.save()
    kept = hashes.HashCache(tmp_path / "cache.json")
    assert fingerprints.Fingerprints(kept).of_job("gaussian/chain.py") == first


def test_edited_names_the_files_that_changed(project):
    files = {"jobs/job.py": "import m\nm.f()\n", "m.py": "def f():\n    return 1\n" + UNUSED}
    code = project(files)

    def edited():
        return fingerprints.Fingerprints(hashes.HashCache(None)).edited(code)

    assert edited() == []
    project({"m.py": files["m.py"].replace("22", "23")})
    assert edited() == []
    project({"m.py": files["m.py"].replace("1", "2")})
    assert edited() == ["scripts/m.py"]
    project({"jobs/job.py": "import n\n", "n.py": ""})
    assert edited() == ["scripts/jobs/job.py", "scripts/m.py", "scripts/n.py"]


def names_of(script):
    """Names of the top-level definitions that a script of this project reaches, by file."""
    found = {}
    for file, indices in fingerprints.Fingerprints(hashes.HashCache(None)).reached(script).items():
        names = definitions.parsed(paths.SCRIPTS / file)["names"]
        found[file] = {name for name, places in names.items() if indices & set(places)}
    return found


def test_a_script_that_trains_reaches_what_it_computes_with():
    found = names_of("lm/train.py")
    for file, name in (
        ("collapse/process/generations.py", "composition"),
        ("collapse/process/generations.py", "_choose_among"),
        ("collapse/process/seeds.py", "seed"),
        ("collapse/lm/beam.py", "_search"),
        ("collapse/lm/beam.py", "_attend_in_groups"),
        ("collapse/neural/onednn.py", "_LinearFunction"),
        ("collapse/neural/torch_tools.py", "make_deterministic"),
        ("pipeline/devices.py", "take_gpu"),
    ):
        assert name in found[file], f"{name} of {file}"
    assert not {"read_csv", "sha256"} & found["pipeline/files.py"]


def test_a_figure_of_a_language_model_does_not_depend_on_the_model():
    found = names_of("lm/perplexity_figure.py")
    assert "save" in found["report/plotting.py"]
    assert not [file for file in found if file.startswith("collapse/lm/")]


def test_no_script_needs_a_module_as_a_whole():
    """Each would make its jobs run again after edits that do not concern them."""
    known = fingerprints.Fingerprints(hashes.HashCache(None))
    for script in (paths.SCRIPTS / "jobs").rglob("*.py"):
        known.reached(str(script.relative_to(paths.SCRIPTS / "jobs")))
    assert len(known._meanings) > 200
    assert not [file for file, name in known._meanings if name == fingerprints._WHOLE]


REGIME = {"new": 0.5, "previous": 0.2, "real": 0.3}
TRAINING = {
    **{"epochs": 1, "batch_size": 2, "learning_rate": 1e-3, "schedule": "linear", "warmup": 0.1},
    **{"weight_decay": 0.1, "clip": 1.0, "patience": 1, "precision": "fp32", "device": "cpu"},
}


def tiny_gaussian(folder):
    files.write_arrays(folder / "real.npz", real=np.random.default_rng(1).normal(size=(2, 20)))
    return {
        "params": {"regime": REGIME, "seed": 1, "truth": {"mean": 0.0, "std": 1.0}},
        "input": {"real": str(folder / "real.npz"), "start": ""},
        "output": {"chain": str(folder / "made.npz")},
        "wildcards": {"ddof": "1", "generation": "3"},
    }


def tiny_kde(folder):
    settings = {"regimes": {"a": REGIME}, "sizes": [10], "bandwidths": [None, 0.3], "runs": 3}
    return {
        "params": {"settings": settings | {"last_generation": 2}, "seed": 1},
        "input": {},
        "output": {"chain": str(folder / "made.npz")},
        "wildcards": {},
    }


def tiny_lm(folder):
    import toy_language  # takes seconds

    rng = np.random.default_rng(1)
    blocks = {name: rng.integers(4, 20, (4, 8)) for name in ("blocks", "validation", "test")}
    files.write_arrays(folder / "real.npz", **blocks)
    model = toy_language.opt_model(n_vocabulary=20, hidden_size=8, n_layers=1, n_heads=2)
    weights.save(folder / "start.safetensors", model)
    files.write_text(folder / "config.json", model.config.to_json_string())
    inputs = {"real": "real.npz", "config": "config.json", "start": "start.safetensors"}
    outputs = ("model", "losses.npz", "metrics", "samples.npz")
    decoding = {"beams": 2, "repetition_penalty": 1.0}
    return {
        "params": {
            "settings": TRAINING | decoding,
            "regime": REGIME,
            "prompts": "original",
            **dict.fromkeys(("seed", "mix_seed", "sampling_seed"), 1),
        },
        "input": {name: str(folder / file) for name, file in inputs.items()}
        | {"sources": [str(folder / "real.npz")] * 3},
        "output": {Path(name).stem: str(folder / f"made_{name}") for name in outputs},
        "wildcards": {"generation": "1"},
    }


TINY = {"gaussian/chain.py": tiny_gaussian, "kde/chains.py": tiny_kde, "lm/train.py": tiny_lm}


def called_by(script, folder):
    """Functions of the project that a tiny job calls: files and statements."""
    job = {"script": script, **TINY[script](folder)}
    (folder / "job.json").write_text(json.dumps(job))
    command = [sys.executable, Path(__file__).parent / "traced_job.py", paths.SCRIPTS]
    done = subprocess.run([*command, folder / "job.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {}
    for file, line in json.loads(done.stdout.splitlines()[-1]):
        tree = ast.parse((paths.SCRIPTS / file).read_text(encoding="utf-8"))
        (place,) = (i for i, node in enumerate(definitions._statements(tree)) if holds(node, line))
        found.setdefault(file, set()).add(place)
    return found


def holds(node, line):
    parts = [node, *getattr(node, "decorator_list", ())]
    lines = [part.lineno for part in parts if hasattr(part, "lineno")]  # a part of an import: none
    return bool(lines) and min(lines) <= line <= node.end_lineno


@pytest.mark.parametrize("script", TINY)
def test_every_function_that_a_job_calls_is_part_of_its_fingerprint(script, tmp_path):
    called = called_by(script, tmp_path)
    reached = fingerprints.Fingerprints(hashes.HashCache(None)).reached(script)
    assert sum(map(len, called.values())) >= 6
    for file, places in called.items():
        assert places <= reached.get(file, set()), file


def test_the_check_of_called_functions_can_fail(tmp_path):
    """What one job calls is not part of another's fingerprint."""
    called = called_by("kde/chains.py", tmp_path)
    other = fingerprints.Fingerprints(hashes.HashCache(None)).reached("gaussian/chain.py")
    assert any(not places <= other.get(file, set()) for file, places in called.items())
