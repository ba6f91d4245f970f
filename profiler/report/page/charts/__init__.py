"""The pictures of a report, drawn by matplotlib without a screen, and handed on as text."""

from __future__ import annotations

from profiler.report.page.chart import Chart
from profiler.report.page.charts.gb_seconds import gb_seconds_chart
from profiler.report.page.charts.memory import memory_chart
from profiler.report.page.charts.sizes import sizes_chart
from profiler.report.page.charts.tasks import tasks_chart
from profiler.report.shape import Report


def charts_of(report: Report) -> tuple[Chart, ...]:
    """Return all pictures that a report has, in the order in which they are to be read.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    return (memory_chart(report), gb_seconds_chart(report), tasks_chart(report), sizes_chart(report))
