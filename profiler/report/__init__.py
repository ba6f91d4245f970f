"""What a reader sees of a verdict, a budget or a bill: a format makes text of it.

A verdict is made a `Report` by `build` before that. Formats are pure functions from a value to text; they print nothing
and ask for nothing. Nothing of ours is imported here: a bill shall not wait for what only a verdict needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from profiler.report.shape import Report

FORMATS = (
    "terminal",
    "json",
    "html",
    "markdown",
    "junit",
    "prometheus",
    "pytest-benchmark",
    "github-action-benchmark",
)


def render(report: Report, format_name: str = "terminal", *, width: int = 80, colour: bool = False) -> str:
    """Return a report as text that ends in a newline.

    Args:
        report: Made by `build`.
        format_name: One of `FORMATS`.
        width: Cells of a line, for the terminal.
        colour: Whether to write a terminal's escape sequences, for the terminal.

    Raises:
        ValueError: If there is no such format.
        UsageError: If what the format is made with is not installed.
    """
    # Each format is imported when it is asked for: rich alone takes longer to import than most reports to write.
    match format_name:
        case "terminal":
            from profiler.report import terminal

            return terminal.render(report, width=width, colour=colour)
        case "json":
            from profiler.report import json_report

            return json_report.render(report)
        case "html":
            from profiler.report.page import rendering

            return rendering.render(report)
        case "markdown":
            from profiler.report import markdown

            return markdown.render(report)
        case "junit":
            from profiler.report import junit

            return junit.render(report)
        case "prometheus":
            from profiler.report import prometheus

            return prometheus.render(report)
        case "pytest-benchmark":
            from profiler.report import pytest_json

            return pytest_json.render(report)
        case "github-action-benchmark":
            from profiler.report import action_json

            return action_json.render(report)
    raise ValueError(f"there is no format {format_name!r}; expected one of {', '.join(FORMATS)}")
