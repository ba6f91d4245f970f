"""The report as one page of HTML that holds all it needs: no script and no request, to be read, printed and passed on.

Deterministic: the same run and facts give the same bytes. Everything is escaped on its way into the page but the
drawings, which are made here and escape what they name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from profiler.errors import UsageError
from profiler.model import Variant
from profiler.report.page.chart import Chart
from profiler.report.page.grid import grid_of, meanings, said_below
from profiler.report.page.links import linked
from profiler.report.shape import Report

if TYPE_CHECKING:
    from jinja2 import Environment

_SHOWN_WARNINGS, _MOST_WARNINGS = 5, 100


def render(report: Report) -> str:
    """Return the page.

    Raises:
        UsageError: If matplotlib or jinja2 is not installed.
    """
    needs_libraries()
    from profiler.report.page.charts import charts_of

    return page_of(report, charts_of(report))


def needs_libraries() -> None:
    """Refuse to begin a page where what makes it is missing, so that nothing is drawn in vain.

    Raises:
        UsageError: If matplotlib or jinja2 is not installed.
    """
    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UsageError("the html format needs matplotlib and jinja2", hint="pip install 'paredown[html]'") from error


def page_of(report: Report, charts: Sequence[Chart]) -> str:
    """Return the page with these pictures."""
    verdict, *others = report.statements
    variants = [name for name in Variant if getattr(report.verdict, name) is not None]
    warnings = report.warnings[:_MOST_WARNINGS]
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            charts=charts,
            headline=report.checked.headline if report.checked else verdict,
            verdict=verdict,
            objections=[statement.text.removeprefix("· ") for statement in others if not statement.label],
            statements=[statement for statement in others if statement.label],
            sections=list(zip(variants, report.sections, strict=True)),
            legend=meanings(section.steps for section in report.sections),
            made=next((statement.text for statement in report.basis if statement.label == "run"), ""),
            warnings=warnings[:_SHOWN_WARNINGS],
            folded_warnings=warnings[_SHOWN_WARNINGS:],
            more_warnings=len(report.warnings) - len(warnings),
        )
    )


@cache
def environment() -> Environment:
    """What renders the templates of this folder; everything is escaped unless it says otherwise."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from profiler.units import count

    loader = PackageLoader("profiler.report.page")
    made = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(grid_of=grid_of, said_below=said_below, linked=linked, count=count)
    return made
