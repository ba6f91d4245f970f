"""Memory over time of both variants on one axis, with Lambda's ceiling, and below it when each step ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from profiler.model import Peak, Variant
from profiler.report.clean import one_line
from profiler.report.page.chart import Chart
from profiler.report.page.charts.canvas import BOLD, LINE, WIDE, WIDTH, Sheet, draw, shortened, width_of
from profiler.report.page.charts.colours import INK, LIMIT
from profiler.report.page.charts.looks import BROKEN, bar_of, called, colour_of, sample
from profiler.report.page.charts.moments import Course, Span, course_of
from profiler.report.shape import Report
from profiler.sizing import top
from profiler.units import MIB, Scale, count, duration, memory, memory_range, memory_scale, time_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KEY = "memory"
TITLE = "Memory over time"
MOST_SPANS = 14
"""Of more steps the shortest have no line of their own."""

_LEFT, _RIGHT = 44, 6
_LEAST_NAME = 70
"""Pixels that a step's name keeps, rather than that all of its figures stand beside it."""
_PLOT, _ROW, _BAR = 210, 30, 7
_FAR = 0.4
"""A ceiling is drawn where the memory comes to at least this part of it; otherwise it is only named."""


def memory_chart(report: Report) -> Chart:
    """Draw both variants, as far as the run holds samples of them."""
    courses = [course for variant in Variant if (course := course_of(report.run, variant)) is not None]
    if not any(course.sampled for course in courses):
        return Chart(key=KEY, title=TITLE, absent=_absent(report, courses))
    spans = _shown(courses)
    description = " ".join(_description(report, courses))
    rows = sum(len(found) for found in spans.values())
    height = LINE * len(courses) + 30 + _PLOT + _ROW * rows + 46
    drawn, wide = (
        draw(
            lambda sheet: _paint(sheet, report, courses, spans),
            height=height,
            width=width,
            key=key,
            title=TITLE,
            description=description,
        )
        for key, width in ((KEY, WIDTH), (f"{KEY}-wide", WIDE))
    )
    note = " ".join(_note(courses, spans))
    return Chart(key=KEY, title=TITLE, drawings=(drawn,), wide=wide, description=description, note=note)


def _absent(report: Report, courses: Sequence[Course]) -> str:
    peaks = [_peak_sentence(course, report) for course in courses if course.peak is not None]
    why = "This run holds no samples: it was made without them, or its tasks ended before the first one was taken."
    return " ".join((why, *peaks))


def _shown(courses: Sequence[Course]) -> dict[Variant, tuple[Span, ...]]:
    """The steps that have a line: all, or the longest."""
    spans = [(course.variant, span) for course in courses for span in course.spans]
    longest = sorted(spans, key=lambda item: item[1].begin_ns - item[1].end_ns)[:MOST_SPANS]
    return {
        course.variant: tuple(span for span in course.spans if (course.variant, span) in longest) for course in courses
    }


# --- the same in words ----------------------------------------------------------------------------------------------


def _description(report: Report, courses: Sequence[Course]) -> Iterator[str]:
    ceiling = report.verdict.terms.limits.max_memory_mib
    for course in courses:
        yield f"{_peak_sentence(course, report)} From its first step on it ran for {duration(course.length_ns)}."
        sizes = _sizes(report, course.variant)
        for span in course.spans[: 2 * MOST_SPANS]:
            missed = ", between two samples" if _between(span) else ""
            yield f"{one_line(span.step)}{_figures(span, course.variant, sizes.get(span.step))}{missed}."
    yield f"Lambda's largest size is {memory(ceiling * MIB)}."


def _peak_sentence(course: Course, report: Report) -> str:
    name = called(course.variant, report.run).capitalize()
    name += ", the largest sandbox" if course.variant is Variant.DECOMPOSED else ""
    if course.peak is None:
        return f"{name}: its peak is not known."
    exact = "exactly " if course.peak.exact else ""
    return f"{name}: {exact}{_range(course.peak)} at its peak."


def _figures(span: Span, variant: Variant, size_mib: int | None) -> str:
    """What follows a step's name in its line: how long it ran, and its peak beside the size that it gets."""
    several = "tasks" if variant is Variant.DECOMPOSED else "times"
    tasks = f", {count(span.tasks)} {several}" if span.tasks > 1 else ""
    figures = "" if span.peak is None else f", {_range(span.peak)}"
    size = "" if size_mib is None or span.peak is None else f" of {memory(size_mib * MIB)}"
    return f"{tasks}: {duration(span.end_ns - span.begin_ns)}{figures}{size}"


def _between(span: Span) -> bool:
    return span.missed and span.sampled_bytes > 0


def _note(courses: Sequence[Course], spans: dict[Variant, tuple[Span, ...]]) -> Iterator[str]:
    if len(courses) > 1:
        yield "The variants were measured one after the other; both are drawn from 0."
    for course in courses:
        if course.variant is Variant.DECOMPOSED and course.tasks > 1:
            yield "Lambda's limit is for one sandbox: of those that ran at once, the largest of each moment is drawn."
        left = len(course.spans) - len(spans[course.variant])
        if left:
            yield f"{count(left)} shorter steps of the {course.variant.value} variant have no line of their own."
        if course.variant is Variant.DECOMPOSED and any(value is None for _, value in course.moments):
            yield "Where its line has a gap, no sandbox was sampled: they were starting, or ended too soon."
        if course.sampled < course.tasks and course.variant is Variant.DECOMPOSED:
            yield f"{count(course.sampled)} of its {count(course.tasks)} tasks have samples."
    if any(span.missed for course in courses for span in course.spans):
        yield "A dotted line is the peak of a step where it is higher than any sample: it fell between two."
    yield "Beside a step: its time here, its highest peak, and the memory size that the report gives it."


def _sizes(report: Report, variant: Variant) -> dict[str, int]:
    """The memory size of each step that has one of its own."""
    whole = {Variant.MONOLITH: report.verdict.monolith, Variant.DECOMPOSED: report.verdict.decomposed}[variant]
    return {step.name: step.memory_mib for step in whole.steps if step.memory_mib is not None} if whole else {}


# --- the picture ----------------------------------------------------------------------------------------------------


def _paint(sheet: Sheet, report: Report, courses: Sequence[Course], spans: dict[Variant, tuple[Span, ...]]) -> None:
    base = float(LINE - 4)
    for course in courses:
        sample(sheet, course.variant, y=base - 5)
        sheet.text(_key(course, report, sheet.width - 34), left=34, base=base, fontweight="bold")
        base += LINE
    ceiling = report.verdict.terms.limits.max_memory_mib * MIB
    highest = max(
        max((value or 0 for course in courses for _, value in course.moments), default=0),
        max((top(course.peak) for course in courses if course.peak is not None), default=0),
    )
    near = highest >= _FAR * ceiling
    most = max(highest, ceiling if near else 0) * (1.12 if near else 1.3)
    length = max(course.length_ns for course in courses)
    scale, clock = memory_scale([highest]), time_scale([length])
    width = sheet.width - _LEFT - _RIGHT
    rows = [(variant, span) for variant, found in spans.items() for span in found]
    plot = sheet.plot(left=_LEFT, top=base + 8, width=width, height=_PLOT)
    below = sheet.plot(left=_LEFT, top=base + 8 + _PLOT, width=width, height=_ROW * len(rows) + 8)
    sheet.text(scale.name, left=0, base=base + 4)
    for axes in (plot, below):
        axes.set_xlim(0, length / clock.size)
    plot.set_ylim(0, most / scale.size)
    _ticks(plot, below, scale, clock)
    if near:
        _ceiling(plot, ceiling, scale)
    else:
        plot.text(
            0.995, 0.965, f"↑ Lambda's largest size is {memory(ceiling)}", transform=plot.transAxes, ha="right",
            va="top", color=LIMIT.drawn,
        )  # fmt: skip
    for course in courses:
        _course(plot, course, scale, clock)
    _exact(plot, courses, scale, clock, highest)
    sizes = {course.variant: _sizes(report, course.variant) for course in courses}
    _spans(below, rows, sizes, clock, length=length, width=width)
    sheet.text(f"{_words(clock)} since the variant began", left=_LEFT, base=sheet.height - 4)


def _key(course: Course, report: Report, room: float) -> str:
    """What a line is of; that it is of one sandbox at a time, where there is room to say it."""
    name = called(course.variant, report.run)
    peak = "" if course.peak is None else f": peak {_range(course.peak)}"
    full = f"{name}, largest sandbox{peak}" if course.variant is Variant.DECOMPOSED else name + peak
    return full if width_of(full, BOLD) <= room else name + peak


def _range(peak: Peak) -> str:
    return memory_range(peak.low, peak.high)


def _words(clock: Scale) -> str:
    return {"h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds"}[clock.name]


def _ticks(plot: Axes, below: Axes, scale: Scale, clock: Scale) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    plain = FuncFormatter(lambda value, _: f"{value:,g}")
    plot.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    plot.yaxis.set_major_formatter(plain)
    for axes in (plot, below):
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(plain)
    plot.tick_params(axis="x", labelbottom=False)
    below.tick_params(axis="y", labelleft=False)
    below.grid(visible=False, axis="y")


def _ceiling(plot: Axes, ceiling: int, scale: Scale) -> None:
    plot.axhline(ceiling / scale.size, color=LIMIT.drawn, linewidth=1.6, linestyle=(0, (7, 3)))
    plot.annotate(
        f"Lambda's largest size, {memory(ceiling)}", (1, ceiling / scale.size), xycoords=("axes fraction", "data"),
        xytext=(-2, -5), textcoords="offset points", ha="right", va="top", color=LIMIT.drawn,
    )  # fmt: skip


def _course(plot: Axes, course: Course, scale: Scale, clock: Scale) -> None:
    times = [time / clock.size for time, _ in course.moments]
    values = [float("nan") if value is None else value / scale.size for _, value in course.moments]
    colour = colour_of(course.variant).drawn
    if course.variant is Variant.MONOLITH:
        plot.fill_between(times, values, color=colour, alpha=0.12, linewidth=0, step="post")
    dashes = "-" if course.variant is Variant.MONOLITH else BROKEN
    plot.plot(times, values, color=colour, linewidth=2, linestyle=dashes, drawstyle="steps-post")


def _exact(plot: Axes, courses: Sequence[Course], scale: Scale, clock: Scale, highest: int) -> None:
    """The peak of each step that is higher than its samples; of each variant the highest one is named."""
    for course in courses:
        missed = [span for span in course.spans if span.missed and span.peak is not None]
        for span in missed:
            assert span.peak is not None
            at = top(span.peak) / scale.size
            ends = [span.begin_ns / clock.size, span.end_ns / clock.size]
            plot.plot(ends, [at, at], color=colour_of(course.variant).drawn, linewidth=1.8, linestyle=":")
        named = max((span for span in missed if span.sampled_bytes), key=lambda span: top(span.peak), default=None)  # type: ignore[arg-type]
        if named is None or named.peak is None:
            continue
        middle, at = (named.begin_ns + named.end_ns) / 2 / clock.size, top(named.peak) / scale.size
        plot.plot([middle], [at], marker="D", markersize=7, color=colour_of(course.variant).drawn)
        exact = "exact peak" if named.peak.exact else "peak"
        right = middle > plot.get_xlim()[1] / 2
        plot.annotate(
            f"{exact} {_range(named.peak)}", (middle, at), xytext=(9 if right else -9, 7),
            textcoords="offset points", ha="right" if right else "left", color=INK.drawn,
        )  # fmt: skip


def _spans(
    below: Axes,
    rows: Sequence[tuple[Variant, Span]],
    sizes: dict[Variant, dict[str, int]],
    clock: Scale,
    *,
    length: int,
    width: float,
) -> None:
    """A line of text for each step, and under it a bar over its time; the text may begin left of the plot."""
    below.set_ylim(_ROW * len(rows) + 8, 0)
    least = length / clock.size / width * 2
    for place, (variant, span) in enumerate(rows):
        begin, wide = span.begin_ns / clock.size, max(least, (span.end_ns - span.begin_ns) / clock.size)
        below.barh(place * _ROW + 24, wide, left=begin, height=_BAR, **bar_of(variant))
        figures = _figures(span, variant, sizes[variant].get(span.step))
        name, room = one_line(span.step), _LEFT + width
        if room - width_of(figures) < min(_LEAST_NAME, width_of(name)):
            figures = _figures(span, variant, None)
        text = shortened(name, room - width_of(figures)) + figures
        fits = begin * clock.size / length * width + width_of(text) <= width
        below.annotate(
            text, (begin, place * _ROW + 16) if fits else (length / clock.size, place * _ROW + 16),
            ha="left" if fits else "right", va="baseline", color=INK.drawn,
        )  # fmt: skip
