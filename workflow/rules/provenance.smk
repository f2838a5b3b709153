"""What the results show, by family, and what each of them is made from."""

from snakemake.iocontainers import Wildcards


def shown(suffix):
    """Names of the default target's files with one ending."""
    return [Path(path).stem for path in [*figures(), *tables()] if path.endswith(suffix)]


CONTENTS = "workflow/report/contents.yaml"
try:
    FAMILIES = contents.read(CONTENTS, figures=shown(".png"), tables=shown(".csv"))
except UserError as error:
    stop([error])


def family_of(output):
    """The family of a figure, by its file, and the figure's entry."""
    name = Path(output.png).stem
    return next((family, family.figures[name]) for family in FAMILIES if name in family.figures)


# what Snakemake's own report says of a figure
IN_REPORT = {
    "caption": "../report/caption.rst",
    "category": lambda w, output: family_of(output)[0].title,
    "labels": lambda w, output: {
        "figure": Path(output.png).stem,
        "in the paper": contents.place(family_of(output)[1]) or "–",
    },
}


def producer(path):
    """The rule that makes a file; None for files that are there from the start."""
    return next((known for known in workflow.rules if known.is_producer(path)), None)


def step_of(rule):
    """A rule's name on the page; which models stay is no matter of where results come from."""
    return rule.name.removesuffix("_pruned")


@functools.cache
def ancestry(*targets):
    """What targets are made from.

    Returns
    -------
    steps : dict
        Of each rule ``jobs``, how many of them there are, and ``takes``, the rules whose files
        they take.
    sources : list of str
        All files that no rule makes, and those under data/.
    """
    jobs, takes, sources, queue = {}, {}, set(), list(targets)
    makers = {path: producer(path) for path in targets}
    while queue:
        path = queue.pop()
        maker = makers[path]
        if maker is None or path.startswith("data/"):
            sources.add(path)
        if maker is None:
            continue
        found = maker.get_wildcards(path)
        job = tuple(sorted(found.items()))
        if job in jobs.setdefault(step_of(maker), set()):
            continue
        jobs[step_of(maker)].add(job)
        for file in map(str, maker.expand_input(Wildcards(fromdict=found))[0]):
            if file not in makers:
                makers[file] = producer(file)
                queue.append(file)
            if makers[file]:
                takes.setdefault(step_of(maker), set()).add(step_of(makers[file]))
    steps = {
        name: {"jobs": len(jobs[name]), "takes": sorted(takes.get(name, []))}
        for name in sorted(jobs)
    }
    return steps, sorted(sources)


def origins(kind):
    """Input function: files that all figures and tables come from, ``data`` or the ``others``."""
    return lambda w: [
        path
        for path in ancestry(*figures(), *tables())[1]
        if path.startswith("data/") == (kind == "data")
    ]


def data_sums(w):
    """Files that list the data's hashes: the next one above each file of data."""
    above = lambda path: (f"{folder}/SHA256SUMS" for folder in Path(path).parents)
    return sorted({next(filter(producer, above(path))) for path in origins("data")(w)})


def family_steps(w):
    """For each family, the rules behind its figures and tables."""
    return {
        family.id: ancestry(
            *expand("results/{scale}/figures/{name}.png", scale=SCALE, name=family.figures),
            *expand("results/{scale}/tables/{name}.md", scale=SCALE, name=family.tables),
        )[0]
        for family in FAMILIES
    }


@functools.cache
def shown_files():
    """Every file under results/ that a table or figure of the default target takes, or is."""
    found, queue = set(), [*figures(), *tables()]
    while queue:
        path = queue.pop()
        if path in found or not path.startswith(f"results/{SCALE}/"):
            continue
        found.add(path)
        if path.startswith((f"results/{SCALE}/tables/", f"results/{SCALE}/figures/")):
            maker = producer(path)
            place = Wildcards(fromdict=maker.get_wildcards(path))
            queue += map(str, maker.expand_input(place)[0])
    return found


def shown_of(part):
    """Input function: those of them in one folder of the scale."""
    return lambda w: sorted(path for path in shown_files() if path.split("/")[2] == part)
