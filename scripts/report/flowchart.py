"""Flow charts as SVG: layers from top to bottom, without edges that other edges imply.

References
----------
Sugiyama, Tagawa & Toda 1981: layers, and the order within them by barycentres.
"""

from html import escape
from itertools import pairwise

import networkx as nx

ROW, BOX, GAP, LETTER = 58, 30, 18, 7.3  # pixels; LETTER: width of one, 12 px monospace


def draw(steps, label):
    """Draw `steps` as an SVG element, which the page styles.

    Parameters
    ----------
    steps : dict of str to dict
        For each step ``jobs``, how often it runs, and ``takes``, the steps whose files it takes,
        which may include itself. A box reads ``name ×jobs``; the box of a step that takes its own
        files has the class ``again``, any other box the class ``once``.
    label : str
        Text alternative.

    Returns
    -------
    str
        SVG 1.1; the same for the same arguments.
    """
    text = {n: f"{n} ×{s['jobs']}" if s["jobs"] > 1 else n for n, s in steps.items()}
    width = {n: LETTER * len(text[n]) + 16 for n in steps}
    takes = {name: [n for n in step["takes"] if n != name] for name, step in steps.items()}
    rows, parents = layers(reduced(takes))
    at, total = _positions(rows, width)
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
    """Remove the edges that paths of other edges imply (transitive reduction).

    Parameters
    ----------
    takes : dict of str to list of str
        Acyclic: the nodes that each node comes from.

    Returns
    -------
    dict of str to list of str
        The order of nodes and edges is that of `takes`.
    """
    fewest = nx.transitive_reduction(_graph(takes))
    return {
        name: [source for source in sources if fewest.has_edge(source, name)]
        for name, sources in takes.items()
    }


def layers(takes):
    """Arrange nodes in rows, each node below all nodes that it comes from.

    Parameters
    ----------
    takes : dict of str to list of str
        Acyclic. An edge that spans several rows passes through nodes ``(source, row)`` in between.

    Returns
    -------
    rows : list of list
        Ordered so that nodes are close to those that they come from.
    parents : dict of list
        For each node, the nodes of the previous row that it is connected with.
    """
    generations = list(nx.topological_generations(_graph(takes)))
    depth = {name: row for row, names in enumerate(generations) for name in names}
    rows = [[] for _ in generations]
    parents = {}
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


def _graph(takes):
    graph = nx.DiGraph()
    graph.add_nodes_from(takes)
    graph.add_edges_from((source, name) for name, found in takes.items() for source in found)
    return graph


def _positions(rows, width):
    """Centre of every node, spread evenly over its row, and the width of the chart, in pixels."""
    total = max(sum(width.get(n, 0) + GAP for n in row) for row in rows)
    at = {}
    for y, row in enumerate(rows):
        space, x = (total - sum(width.get(n, 0) for n in row)) / len(row), 0
        for n in row:
            at[n] = (x + (space + width.get(n, 0)) / 2, y * ROW + BOX / 2 + 1)
            x += space + width.get(n, 0)
    return at, total


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
