"""What holds of every format of a report: it is offered, documented, and grows with the steps, not with the tasks."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from profiler.cli.main import main
from profiler.model import Variant
from profiler.report import FORMATS, render
from profiler.report.shape import Report
from tests.conftest import GOLDEN, ROOT
from tests.reports import a_report, keep
from tests.rules.documents import Block, blocks
from tests.sample_runs import a_fitting_run

TEXTS = ("markdown", "junit", "prometheus", "pytest-benchmark", "github-action-benchmark")
PAGE = ROOT / "docs" / "formats.md"


@cache
def a_report_of_tasks(tasks: int) -> Report:
    """The reference job with so many tasks of train in place of its twenty."""
    run = a_fitting_run()
    others = [item for item in run.measurements if item.variant is Variant.MONOLITH or item.step != "train"]
    train = next(item for item in run.of(Variant.DECOMPOSED) if item.step == "train")
    many = [replace(train, index=index, cpu_ns=train.cpu_ns + index % 7) for index in range(tasks)]
    return a_report(replace(run, measurements=(*others, *many)))


@pytest.mark.parametrize("format_name", TEXTS)
def test_many_tasks_take_no_more_text_than_few(format_name: str) -> None:
    few, many = (len(render(a_report_of_tasks(tasks), format_name)) for tasks in (100, 20_000))
    assert many < few * 1.5


@pytest.mark.parametrize("format_name", TEXTS)
def test_a_format_is_offered_and_explained(format_name: str) -> None:
    assert format_name in FORMATS
    assert f"## {format_name}" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("format_name", TEXTS)
def test_the_command_writes_it(format_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep(a_fitting_run())
    assert main(["report", "--format", format_name, "-o", "out"]) == 0
    expected = render(a_report(a_fitting_run()), format_name)
    assert len((tmp_path / "out").read_text(encoding="utf-8")) == pytest.approx(len(expected), rel=0.05)


def test_an_unknown_format_is_refused_with_those_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", "--format", "yaml"]) == 2
    assert "github-action-benchmark" in capsys.readouterr().err


@pytest.mark.parametrize("format_name", TEXTS)
def test_a_format_imports_no_library_for_data(format_name: str) -> None:
    code = (
        "import sys; from tests.sample_runs import a_fitting_run; from tests.reports import a_report\n"
        "from profiler.report import render\n"
        f"render(a_report(a_fitting_run()), {format_name!r})\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'pandas', 'numpy', 'duckdb', 'sklearn', 'rich'}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ast.literal_eval(ended.stdout) == []


EXAMPLES = [block for block in blocks(PAGE) if block.label.startswith("from: ")]


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.label)
def test_an_example_on_the_page_is_of_a_real_report(block: Block) -> None:
    """Each stands in a golden file, line for line; where lines are left out, a line of dots says so."""
    whole = (GOLDEN / block.label.removeprefix("from: ")).read_text(encoding="utf-8")
    place = 0
    for part in block.text.split("…\n"):
        place = whole.index(part, place) + len(part)


def test_every_format_has_an_example() -> None:
    assert len(EXAMPLES) == len(TEXTS)
