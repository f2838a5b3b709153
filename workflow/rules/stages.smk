"""Targets of DVC's stages (dvc.yaml): all that tables and figures take from one family."""

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


rule discrete:
    input:
        shown_of("discrete"),


rule gaussian:
    input:
        shown_of("gaussian"),


rule gmm:
    input:
        shown_of("gmm"),


rule vae:
    input:
        shown_of("vae"),


rule lm:
    input:
        shown_of("lm"),


rule tables:
    input:
        shown_of("tables"),


rule figures:
    input:
        shown_of("figures"),
