"""A figure of a job from run to run: a point for each run, a line between neighbours that can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from profiler.checking.outcome import Measure
from profiler.history.values import History, Trend
from profiler.report.changes_table import amount
from profiler.report.history_page import NAMES
from profiler.report.moments import moment
from profiler.report.page.chart import Chart
from profiler.report.page.charts.canvas import LINE, WIDTH, Sheet, draw, width_of
from profiler.report.page.charts.colours import INK
from profiler.report.page.charts.looks import colour_of
from profiler.units import count, memory_scale, percent, time_scale

_LEFT, _RIGHT, _PLOT = 52, 8, 150
_NEAR = 0.5
"""Where the smallest figure is above this part of the largest, the axis begins above 0, or the line would be flat."""
_MOST_MARKS = 60
"""Of more runs only the line is drawn."""


def trend_charts(history: History) -> tuple[Chart, ...]:
    """Return a picture of each figure of each whole variant.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    return tuple(_chart(trend, history) for trend in history.trends if trend.step is None)


def _chart(trend: Trend, history: History) -> Chart:
    key = f"{trend.variant}-{trend.measure}"
    title = f"{trend.variant.value.capitalize()}: {NAMES[trend.measure]}"
    description = _description(trend, history)
    drawn = draw(
        lambda sheet: _paint(sheet, trend, history),
        height=LINE + _PLOT + 34,
        key=key,
        title=title,
        description=description,
    )
    note = "The axis does not begin at 0." if _bottom(trend) else ""
    return Chart(key=key, title=title, drawings=(drawn,), description=description, note=note)


def _description(trend: Trend, history: History) -> str:
    known = trend.known
    text = (
        f"{count(len(known))} of {count(len(history.runs))} runs: {amount(trend.measure, known[0])} first, "
        f"{amount(trend.measure, known[-1])} last, {amount(trend.measure, min(known))} at least, "
        f"{amount(trend.measure, max(known))} at most."
    )
    return text if trend.rise is None else f"{text} It rose by {percent(trend.rise.rise)}."


def _bottom(trend: Trend) -> float:
    """Where the axis begins."""
    low, high = min(trend.known), max(trend.known)
    return low - max(high - low, 0.1 * high) / 2 if low > _NEAR * high else 0.0


def _paint(sheet: Sheet, trend: Trend, history: History) -> None:
    known = trend.known
    largest = [round(max(known))]
    scale = memory_scale(largest) if trend.measure is Measure.PEAK else time_scale(largest)
    size = scale.size
    sheet.text(scale.name, left=0, base=LINE - 4)
    axes = sheet.plot(left=_LEFT, top=LINE, width=WIDTH - _LEFT - _RIGHT, height=_PLOT)
    places = range(len(trend.values))
    values = [float("nan") if value is None else value / size for value in trend.values]
    marked = len(values) <= _MOST_MARKS or _has_lonely(trend.values)
    colour = colour_of(trend.variant).drawn
    axes.plot(places, values, color=colour, linewidth=2, marker="o" if marked else None, markersize=4)
    bottom, top = _bottom(trend) / size, max(known) / size
    axes.set_ylim(bottom, top + (top - bottom) * 0.1 if top > bottom else top + 1)
    margin = max(0.5, len(values) / 40)
    axes.set_xlim(-margin, len(values) - 1 + margin)
    axes.set_xticks([])
    axes.locator_params(axis="y", nbins=5)
    base = LINE + _PLOT + 20
    first, last = (moment(run.header.created)[:10] for run in (history.runs[0], history.runs[-1]))
    sheet.text(first, left=_LEFT, base=base, colour=INK.drawn)
    if last != first:
        sheet.text(last, left=WIDTH - _RIGHT - width_of(last), base=base, colour=INK.drawn)


def _has_lonely(values: Sequence[float | None]) -> bool:
    """Whether a figure has no neighbour, so that no line would show it."""
    padded = [None, *values, None]
    return any(
        value is not None and padded[place] is None and padded[place + 2] is None for place, value in enumerate(values)
    )
