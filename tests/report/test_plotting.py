"""The style of all figures: distinct for colour-blind readers and in grey, sized for a journal."""

from itertools import combinations

import numpy as np
import pytest
from collapse import labels
from matplotlib.colors import to_rgb
from report import plotting

# Machado, Oliveira & Fernandes 2009, table 1, severity 1.0: what readers who lack one kind of cone
# see, as a matrix on linear RGB
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    "grey print": [[0.2126, 0.7152, 0.0722]] * 3,
}
XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
CLEAR = 10.0  # difference in CIELAB; about 2.3 is just noticeable side by side


def lab(colour, matrix):
    """CIELAB, white point D65, of a colour as it is seen."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = XYZ @ np.clip(matrix @ linear, 0, 1) / np.sum(XYZ, axis=1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def confused(styles, matrix):
    """Pairs of styles that a reader takes for one another."""
    return [
        (one, other)
        for one, other in combinations(styles, 2)
        if one["linestyle"] == other["linestyle"]
        and np.linalg.norm(lab(one["color"], matrix) - lab(other["color"], matrix)) < CLEAR
    ]


@pytest.mark.parametrize("seen", SEEN)
def test_series_are_told_apart(seen):
    matrix = np.array(SEEN[seen])
    styles = [plotting.series(position) for position in range(len(plotting.COLOURS))]
    assert confused(styles, matrix) == []
    steps = [{"color": colour, "linestyle": "-"} for colour in plotting.sequence(6)]
    assert confused(steps, matrix) == []


def test_control_red_and_green_are_confused():
    pair = [{"color": colour, "linestyle": "-"} for colour in ("#c03030", "#607a00")]
    assert confused(pair, np.array(SEEN["deuteranopia"]))
    assert not confused(pair, np.array(SEEN["all cones"]))


def test_a_regime_has_one_label_and_position_everywhere():
    assert plotting.regime("replace") == plotting.regime("no_data_preserved")
    found = {plotting.regime(name) for name in labels.REGIMES}
    assert len({label for label, _ in found}) == len({position for _, position in found})
    assert max(position for _, position in found) < len(plotting.COLOURS)


def test_regimes_of_ones_own_take_free_positions():
    shown = ["replace", "share_30", "share_60", "preserve10"]
    found = [plotting.regime(name, shown) for name in shown]
    assert found[1][0] == "share 30"
    assert [position for _, position in found] == [0, 2, 3, 1]


def test_panels_are_lettered_and_fit_the_page():
    figure, found = plotting.grid(2, 3, height=1.5)
    letters = [axes.get_title(loc="left") for axes in found.flat]
    assert letters == list("abcdef")
    assert figure.get_figwidth() * 25.4 == pytest.approx(183)
    figure, _ = plotting.panels(4, height=1.5)
    assert len([a for a in figure.axes if a.axison]) == 4
    figure, found = plotting.rows_of_panels([["x", "y"], ["u", "v", "w"]], height=1.5)
    assert [axes.get_title(loc="left") for axes in found.values()] == list("abcde")
    spans = {key: axes.get_subplotspec().colspan for key, axes in found.items()}
    assert [len(spans[key]) for key in found] == [3, 3, 2, 2, 2]
    assert plotting.grid(1, 1, height=2)[1][0, 0].get_title(loc="left") == ""


def test_a_legend_names_each_label_once():
    figure, found = plotting.grid(1, 2, height=1.5)
    for axes in found.flat:
        axes.plot([0, 1], label="same")
    found[0, 1].plot([0, 1], label="other")
    plotting.legend(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["same", "other"]


def test_images_are_tiled_row_by_row():
    images = np.arange(6)[:, None, None] * np.ones((6, 2, 3), int)
    picture = plotting.tiled(images, 2)
    assert picture.shape == (4, 9)
    assert picture[::2, ::3].tolist() == [[0, 1, 2], [3, 4, 5]]
