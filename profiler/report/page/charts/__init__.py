"""The pictures of a report, drawn by matplotlib without a screen, and handed on as text."""

from __future__ import annotations

from profiler.report.page.chart import Chart
from profiler.report.shape import Report


def charts_of(report: Report) -> tuple[Chart, ...]:
    """All pictures that a report has, in the order in which they are to be read."""
    return ()
