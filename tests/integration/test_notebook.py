"""The magics of a notebook, in a real IPython of its own process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.place import PAREDOWN

pytest.importorskip("IPython", reason="IPython is not installed")


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return Notebook(tmp_path)


class Notebook:
    """Cells that are run one after another, and everything that they showed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *cells: str) -> str:
        lines = [f"get_ipython().run_cell({cell!r});" for cell in ("%load_ext profiler", *cells)]
        file = self.folder / "cells.ipy"
        file.write_text("\n".join(lines))
        done = subprocess.run(
            [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", str(file)],
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder), "IPYTHONDIR": str(self.folder / "ipython")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout


def test_a_cell_is_measured_with_the_report_below_it_and_its_names_stay(notebook: Notebook) -> None:
    shown = notebook.run("%%paredown\nheld = bytearray(200 << 20)\nprint('seen')\n40 + 2", "print(len(held))")
    before, report = shown.split("FITS   peak ")
    assert "seen" in before
    assert ": 42" in before
    assert "(200 MB above what the process held)" in report
    assert "On Lambda, at" in report
    assert str(200 << 20) in report


def test_the_peak_is_reset_before_each_cell(notebook: Notebook) -> None:
    shown = notebook.run("%%paredown\nlen(bytearray(200 << 20))", "%%paredown\nlen(bytearray(10 << 20))")
    first, second = (float(text) for text in re.findall(r"\(([\d.]+) MB above", shown))
    assert 195 <= first <= 205
    assert 5 <= second <= 15


def test_limits_are_written_as_in_a_test(notebook: Notebook) -> None:
    shown = notebook.run('%%paredown max_peak="100 MB", memory_mib=256\nheld = bytearray(200 << 20)')
    assert "DOES NOT FIT   peak 2" in shown
    assert "it declares 256 MB: declare memory_mib=" in shown
    assert "max_peak is 100 MB." in shown


def test_a_cell_that_raises_shows_its_traceback_and_what_it_used(notebook: Notebook) -> None:
    shown = notebook.run("%%paredown\n1 / 0")
    assert "ZeroDivisionError" in shown
    assert "RAISED   Until then: peak" in shown
    assert "The cell raised ZeroDivisionError; see above." in shown
    assert shown.count("ZeroDivisionError") == 3  # In its own traceback twice.
    assert "profiler/" not in shown


def test_a_cell_that_fails_is_one_to_whoever_runs_the_notebook(notebook: Notebook) -> None:
    """A runner of notebooks goes on behind a cell whose result is a success."""
    cells = ("%%paredown\n1 / 0", "%%paredown\ndef f(:", "%%paredown max_peek=3\n1", "%%paredown\n1")
    shown = notebook.run(*(f"print('success:', get_ipython().run_cell({cell!r}).success)" for cell in cells))
    assert re.findall(r"success: (\w+)", shown) == ["False", "False", "False", "True"]


def test_a_cell_with_await_is_measured_where_no_loop_runs_and_refused_where_one_does(notebook: Notebook) -> None:
    cell = "%%paredown\nimport asyncio\nawait asyncio.sleep(0.01)\nprint('slept')"
    shown = notebook.run(cell)
    assert "slept" in shown
    assert "FITS" in shown
    shown = notebook.run(f"import asyncio\nawait asyncio.sleep(0)\nget_ipython().run_cell({cell!r});")
    assert "error: %%paredown cannot measure a cell with await" in shown
    assert "slept" not in shown


def test_a_cell_with_a_syntax_error_is_not_reported(notebook: Notebook) -> None:
    shown = notebook.run("%%paredown\ndef f(:")
    assert "SyntaxError" in shown
    assert "peak" not in shown


MISTAKES = {
    "%%paredown max_peak='1 MB'  # not much\nx = 3": "max_peak is 1.00 MB",
    "%%paredown max_peek=3\n1": "error: %%paredown: 'max_peek' is unknown; did you mean max_peak?",
    "%%paredown timeout=3\n1": "error: %%paredown: 'timeout' is unknown; known: max_peak, ",
    "%%paredown last run\n1": "error: %%paredown cannot read 'last run'; expected limits such as",
    "%paredown": "error: there is no run in ",
    "%paredown one two": "error: %paredown takes one run, and got 2: one two",
    "%paredown 'one": 'error: %paredown cannot read "\'one"',
}


def test_a_mistake_is_told_in_one_line(notebook: Notebook) -> None:
    shown = notebook.run(*MISTAKES)
    for said in MISTAKES.values():
        _, found, shown = shown.partition(said)
        assert found == said
    assert "Traceback" not in shown


def test_a_kept_run_is_shown(notebook: Notebook) -> None:
    (notebook.folder / "small.py").write_text("held = bytearray(10 << 20)\n")
    subprocess.run([PAREDOWN, "run", "small.py", "-q"], cwd=notebook.folder, check=True)
    shown = notebook.run("%paredown", f"%paredown {next((notebook.folder / '.paredown' / 'runs').iterdir()).stem}")
    assert shown.count("What this rests on") == 2
