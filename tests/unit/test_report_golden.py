"""Whole reports, as a reader sees them. `pytest --update-golden` writes the files anew; the diff is then to be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len

from profiler.report import render
from tests.reports import a_report
from tests.sample_runs import SAMPLES

WIDTHS = (80, 140)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_report_is_as_it_was(name: str, width: int, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}-{width}.txt", render(a_report(SAMPLES[name]()), width=width))


@pytest.mark.parametrize("width", range(40, 200, 7))
@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_is_longer_than_the_terminal(name: str, width: int) -> None:
    assert max(map(cell_len, render(a_report(SAMPLES[name]()), width=width).splitlines())) <= width


@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_ends_in_spaces(name: str) -> None:
    for width in WIDTHS:
        lines = render(a_report(SAMPLES[name]()), width=width).splitlines()
        assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_the_verdict_stands_before_every_figure(name: str) -> None:
    report = a_report(SAMPLES[name]())
    lines = render(report).splitlines()
    label = report.statements[0].label
    assert label in ("FITS", "DOES NOT FIT", "UNDECIDED")
    assert next(line for line in lines if line.startswith("  ") and line[2].isupper()).strip().startswith(label)
