"""A verdict laid out for a reader: `build` makes a `Report`, a format makes text of it.

Formats are pure functions from a report to text; they print nothing and ask for nothing.
"""

from __future__ import annotations

from profiler.report.build import build
from profiler.report.shape import Names, Report

FORMATS = ("terminal", "json")


def render(report: Report, format_name: str = "terminal", *, width: int = 80, colour: bool = False) -> str:
    """Return a report as text that ends in a newline.

    Args:
        report: Made by `build`.
        format_name: One of `FORMATS`.
        width: Cells of a line, for the terminal.
        colour: Whether to write a terminal's escape sequences, for the terminal.

    Raises:
        ValueError: If there is no such format.
    """
    # Each format is imported when it is asked for: rich alone takes longer to import than most reports to write.
    match format_name:
        case "terminal":
            from profiler.report import terminal

            return terminal.render(report, width=width, colour=colour)
        case "json":
            from profiler.report import json_report

            return json_report.render(report)
    raise ValueError(f"there is no format {format_name!r}; expected one of {', '.join(FORMATS)}")


__all__ = ["FORMATS", "Names", "Report", "build", "render"]
