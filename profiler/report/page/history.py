"""The history of a job as a page of HTML that holds all it needs, its charts drawn as SVG."""

from __future__ import annotations

from profiler.history.values import History
from profiler.report.history_page import history_page
from profiler.report.page.rendering import environment, needs_libraries


def render(history: History, *, steps: bool = False) -> str:
    """Return the page.

    Raises:
        UsageError: If matplotlib or jinja2 is not installed.
    """
    needs_libraries()
    from profiler import __version__
    from profiler.report.page.charts.trends import trend_charts
    from profiler.report.page.grid import meanings

    sheet = history_page(history, steps=steps, cells=30)
    return (
        environment()
        .get_template("sheet.html.j2")
        .render(
            kind="history",
            sheet=sheet,
            charts=trend_charts(history),
            legend=meanings(section.steps for section in sheet.sections),
            version=__version__,
        )
    )
