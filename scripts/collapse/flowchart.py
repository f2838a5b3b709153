"""Flow charts as SVG: layers from top to bottom, without edges that others imply.

References
----------
Sugiyama, Tagawa & Toda 1981 (layers, and the order in them by barycentres).
"""

from html import escape
from itertools import pairwise

ROW, BOX, GAP, LETTER = 58, 30, 18, 7.3  # pixels; LETTER: width of one, 12 px monospace


def draw(steps, label):
    """The chart of `steps` as an SVG element, to be styled by the page.

    Parameters
    ----------
    steps : dict of str to dict
        For each step ``jobs``, how often it runs, and ``takes``, the steps it takes files from,
        which may include itself. A box says ``name ×jobs``; one that takes its own files is of
        class ``again``.
    label : str
        Text alternative.

    Returns
    -------
    str
        SVG 1.1.
    """
    rows, parents = layers(
        reduced({name: [n for n in step["takes"] if n != name] for name, step in steps.items()})
    )
    text = {n: f"{n} ×{s['jobs']}" if s["jobs"] > 1 else n for n, s in steps.items()}
    width = {n: LETTER * len(text[n]) + 16 if n in text else 0 for row in rows for n in row}
    total = max(sum(width[n] + GAP for n in row) for row in rows)
    at = {}
    for y, row in enumerate(rows):
        space, x = (total - sum(width[n] for n in row)) / len(row), 0
        for n in row:
            at[n] = (x + (space + width[n]) / 2, y * ROW + BOX / 2 + 1)
            x += space + width[n]
    lines = [_line(*at[p], *at[n], boxed=n in text) for n in parents for p in parents[n]]
    boxes = [
        _box(*at[n], width[n], text[n], "again" if n in step["takes"] else "once")
        for n, step in steps.items()
    ]
    height = ROW * (len(rows) - 1) + BOX + 2
    return (
        f'<svg class="flow" role="img" aria-label="{escape(label)}" width="{total:.0f}" '
        f'height="{height}" viewBox="0 0 {total:.0f} {height}">{"".join(lines + boxes)}</svg>'
    )


def reduced(takes):
    """The same paths of an acyclic graph with the fewest edges (its transitive reduction).

    Parameters
    ----------
    takes : dict of str to list of str
        The nodes that each node comes from.
    """
    above = {}

    def ancestors(name):
        if name not in above:
            above[name] = set(takes[name]).union(*map(ancestors, takes[name]))
        return above[name]

    return {
        name: [n for n in sources if not any(n in ancestors(m) for m in sources if m != n)]
        for name, sources in takes.items()
    }


def layers(takes):
    """Nodes in rows, each below all that it comes from, and what each hangs from one row above.

    Parameters
    ----------
    takes : dict of str to list of str
        Acyclic. An edge over several rows passes through nodes ``(source, row)`` between them.

    Returns
    -------
    rows : list of list
        Ordered so that nodes lie below those that they hang from.
    parents : dict of list
    """
    depth = {}

    def row_of(name):
        if name not in depth:
            depth[name] = 1 + max(map(row_of, takes[name]), default=-1)
        return depth[name]

    rows, parents = [[] for _ in range(1 + max(map(row_of, takes)))], {}
    for name, sources in takes.items():
        rows[depth[name]].append(name)
        parents[name] = []
        for source in sources:
            last = source
            for row in range(depth[source] + 1, depth[name]):
                if (source, row) not in parents:
                    parents[source, row] = [last]
                    rows[row].append((source, row))
                last = (source, row)
            parents[name].append(last)
    for above, row in pairwise(rows):
        place = {name: (i + 0.5) / len(above) for i, name in enumerate(above)}
        row.sort(key=lambda n: sum(place[p] for p in parents[n]) / len(parents[n]))
    return rows, parents


def _line(x0, y0, x1, y1, *, boxed):
    """From the lower edge of a row's boxes to a box's upper edge, or through its row."""
    start, end = y0 + BOX / 2, y1 - BOX / 2
    middle = (start + end) / 2
    bend = f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {end:.1f}"
    through = "" if boxed else f"V{y1 + BOX / 2:.1f}"
    return f'<path d="M{x0:.1f} {start:.1f}{bend}{through}"/>'


def _box(x, y, width, text, kind):
    return (
        f'<g class="{kind}"><rect x="{x - width / 2:.1f}" y="{y - BOX / 2:.1f}" '
        f'width="{width:.1f}" height="{BOX}" rx="5"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{escape(text)}</text></g>'
    )
