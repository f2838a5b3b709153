"""Files are whole or absent, and hold no clock."""

import numpy as np
import pandas as pd
import pytest
from collapse.errors import UserError
from pipeline import files


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    files.write_text(path, "old")
    with pytest.raises(RuntimeError), files.replacing(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_arrays_are_read_back_and_their_bytes_do_not_depend_on_the_clock(tmp_path, monkeypatch):
    values = np.random.default_rng(1).normal(size=(3, 4))
    files.write_arrays(tmp_path / "a.npz", values=values)
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    files.write_arrays(tmp_path / "b.npz", values=values)
    np.testing.assert_array_equal(files.read_arrays(tmp_path / "a.npz")["values"], values)
    assert files.sha256(tmp_path / "a.npz") == files.sha256(tmp_path / "b.npz")


def test_arrays_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "evil.npz", values=np.array([object()], dtype=object))
    with pytest.raises(UserError, match=r"evil\.npz .*allow_pickle"):
        files.read_arrays(tmp_path / "evil.npz")


@pytest.mark.parametrize("keep", [0, 10, 200, -1])
def test_truncated_arrays_are_reported_in_one_line(tmp_path, keep):
    path = tmp_path / "a.npz"
    files.write_arrays(path, values=np.arange(1000))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"(?i)a\.npz .*[:.] delete it and run again") as caught:
        files.read_arrays(path)
    assert "\n" not in str(caught.value)


def test_truncated_json_is_reported_in_one_line(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"half": ')
    with pytest.raises(UserError, match=r"(?i)a\.json .*[:.] delete it and run again") as caught:
        files.read_json(path)
    assert "\n" not in str(caught.value)


def test_tables_are_rounded_and_missing_numbers_are_dashes(tmp_path):
    table = pd.DataFrame({"m": [1], "value": [1 / 3], "none": [float("nan")]})
    files.write_table(tmp_path / "t.csv", table)
    files.write_markdown(tmp_path / "t.md", table)
    assert (tmp_path / "t.csv").read_text() == "m,value,none\n1,0.333333,\n"
    assert (tmp_path / "t.md").read_text().splitlines()[2] == "| 1 | 0.3333 | – |"
