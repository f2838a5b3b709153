"""A job's output is in its log, also when it fails; the terminal gets one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline import engine, logs

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def run_job(tmp_path, body, *before):
    """Run a job with this body; returns exit status, terminal text and log."""
    lines = ["from collapse.errors import UserError", "from pipeline.job import job", "import os"]
    lines += ["from types import SimpleNamespace; import numpy as np, pandas as pd"]
    lines += ["from pipeline.files import read_arrays"]
    lines += [f"os.chdir({str(tmp_path)!r}); os.makedirs('logs/smoke', exist_ok=True)"]
    lines += ["adapter = SimpleNamespace(log=['logs/smoke/some.log'], rule='some_rule')"]
    lines += ["adapter.input, adapter.output, adapter.params = [], [], {}"]
    lines += [*before, "with job(adapter):", f"    {body}"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(SCRIPTS)},
    )
    return (
        done.returncode,
        done.stdout + done.stderr,
        (tmp_path / "logs/smoke/some.log").read_text(),
    )


def test_output_goes_to_the_log_also_of_child_processes(tmp_path):
    status, said, log = run_job(tmp_path, "print('mine'); os.system('echo child')")
    assert (status, said) == (0, "")
    assert "mine" in log
    assert "child" in log
    assert log.splitlines()[-1].startswith("done: some_rule: ")
    assert logs.DONE.search(log)


@pytest.mark.parametrize(
    ("body", "sentence", "traced"),
    [
        ("raise UserError('x is 1: make it 2.')", "x is 1: make it 2.", False),
        ("open('/no/such/file')", "/no/such/file: No such file or directory. Fix this", True),
        ("raise OSError(28, 'No space left on device')", "No space left on device. Fix", True),
        ("1 / 0", "ZeroDivisionError: division by zero (traceback in ", True),
        ("open('a.npz', 'w').write('PK'); read_arrays('a.npz')", "a.npz is not whole", False),
        (
            "np.savez('a.npz', a=np.array([{}])); read_arrays('a.npz')",
            "a.npz is not whole (it does not hold plain arrays): delete it and run again.",
            False,
        ),
        (
            "open('a.csv', 'w').close(); pd.read_csv('a.csv')",
            "a.csv: EmptyDataError: No columns to parse from file (traceback in ",
            True,
        ),
        (
            "open('a.txt', 'wb').write(b'\\xe9'); open('a.txt', encoding='utf-8').read()",
            "UnicodeDecodeError: 'utf-8' codec can't decode",
            True,
        ),
        (r"raise ValueError('one\ntwo')", "ValueError: one (traceback in ", True),
        (
            "open('a.json', 'w').write('NaN'); adapter.output.append('a.json')",
            "a.json has 1 numbers that are not finite, the first NaN: change its settings",
            False,
        ),
    ],
)
def test_a_failure_is_one_sentence_here_and_whole_in_the_log(tmp_path, body, sentence, traced):
    status, said, log = run_job(tmp_path, f"print('before'); {body}")
    assert status == 1
    assert sentence in said
    assert len(said.strip().splitlines()) == 1
    assert "before" in log
    assert sentence in log
    assert ("Traceback" in log) is traced
    assert "done:" not in log


def test_the_errors_of_a_run_are_those_of_its_own_jobs(tmp_path):
    texts = {
        "smoke/vae/a": "epoch 1\nTraceback\nERROR: the second.\n",
        "data/mnist": "ERROR: the first.\n",
        "smoke/vae/b": "ERROR: of an attempt.\ndone: vae: 1 s\n",
        "laptop/vae/a": "ERROR: of another scale.\n",
        "smoke/vae/old": "ERROR: of an earlier run.\n",
    }
    for name, text in texts.items():
        path = tmp_path / f"{name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        at = {"data/mnist": 200, "smoke/vae/old": 50}.get(name, 300)
        os.utime(path, (at, at))
    assert logs.errors(tmp_path, "smoke", 100) == ["the first.", "the second."]
    assert engine.failure(logs.errors(tmp_path, "smoke", 100)) == (
        "the run did not finish. 2 jobs failed, the first with: the first. Fix these errors, then "
        "run the same command."
    )
    assert engine.failure(["one."]) == (
        "the run did not finish. Fix the error above, then run the same command."
    )


def test_code_of_another_checkout_leaves_no_record(tmp_path):
    """Also if it is imported late, while the job runs."""
    record = tmp_path / "results/smoke/records/some.json"
    status, said, _ = run_job(tmp_path, "pass", "adapter.scriptdir = '/other/scripts/jobs/kde'")
    assert (status, "of another checkout" in said, record.exists()) == (1, True, False)
    late = "import sys, types; sys.modules['collapse.x'] = types.SimpleNamespace(__file__='/x.py')"
    status, said, _ = run_job(tmp_path, late)
    assert (status, "of another checkout" in said, record.exists()) == (1, True, False)
    status, said, _ = run_job(tmp_path, "pass")
    assert (status, said, record.exists()) == (0, "", True)
