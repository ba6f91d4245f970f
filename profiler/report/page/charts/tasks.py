"""The tasks of each fan-out: how their times and peaks are spread, and which are the largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from profiler.fit import StepFit
from profiler.model import Ending, Measurement, Variant
from profiler.report.clean import one_line
from profiler.report.page.chart import Chart
from profiler.report.page.charts.canvas import BOLD, LINE, TEXT, WIDTH, Sheet, draw, shortened, width_of
from profiler.report.page.charts.colours import INK, LIMIT
from profiler.report.page.charts.looks import bar_of
from profiler.report.plain import many
from profiler.report.shape import Report
from profiler.sizing import has_figures, top
from profiler.units import MIB, Scale, count, duration, memory, memory_range, memory_scale, ratio, time_scale
from profiler.variants import latest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KEY = "tasks"
TITLE = "Tasks of each fan-out"
MOST_STEPS = 4
NAMED = 3
"""Longest tasks of a step that are named."""
BINS = 28

_LEFT, _WIDTH, _PLOT = 38, 122, 96
_HEAD, _FOOT = 2 * LINE + 10, 2 * LINE + 32
_LEAST = 0.015
"""Of the highest bar: a bin with a single task is seen, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    measured: Measurement
    time_ns: int
    """Predicted on Lambda, its init included; where no size will do, measured here."""

    @property
    def peak_bytes(self) -> int:
        return top(self.measured.peak)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FanOut:
    fit: StepFit
    part: str
    """What a task handles: a shard, or a part of the input."""
    tasks: tuple[_Task, ...]
    """Those that have figures, the longest first."""

    @property
    def middle_ns(self) -> int:
        return round(median(task.time_ns for task in self.tasks))

    @property
    def named(self) -> tuple[_Task, ...]:
        """The longest, and the one with the highest peak."""
        largest = max(self.tasks, key=lambda task: task.peak_bytes)
        longest = self.tasks[:NAMED]
        return longest if any(task.peak_bytes == largest.peak_bytes for task in longest) else (*longest, largest)


def tasks_chart(report: Report) -> Chart:
    """Draw the spread of each fan-out's tasks, those of the steps that take the most GB-seconds."""
    steps = _fan_outs(report)
    if not steps:
        planned = any(step.fans_out for step in report.run.plan.decomposed)
        absent = "Of no step more than one task was measured." if planned else "No step of this run fans out."
        return Chart(key=KEY, title=TITLE, absent=absent)
    kept = sorted(steps, key=lambda step: -(step.fit.gb_s or 0))[:MOST_STEPS]
    shown = [step for step in steps if step in kept]
    drawings = tuple(
        draw(
            partial(_paint, step=step),
            height=_height(step),
            key=f"{KEY}-{place}",
            title=TITLE,
            description=_sentence(step),
        )
        for place, step in enumerate(shown)
    )
    description = " ".join(_sentence(step) for step in shown)
    note = _note(shown, len(steps) - len(shown))
    return Chart(key=KEY, title=TITLE, drawings=drawings, description=description, note=note)


def _fan_outs(report: Report) -> list[_FanOut]:
    if report.verdict.decomposed is None:
        return []
    by_step: dict[str, list[Measurement]] = {}
    for task in filter(has_figures, latest(report.run.of(Variant.DECOMPOSED))):
        by_step.setdefault(task.step, []).append(task)
    parts = {step.name: "part" if step.parts else "shard" for step in report.run.plan.decomposed}
    return [
        _FanOut(
            fit=step,
            part=parts.get(step.name, "shard"),
            tasks=tuple(
                sorted(
                    (
                        _Task(measured=task, time_ns=time)
                        for task, time in zip(by_step[step.name], step.task_times_ns, strict=True)
                    ),
                    key=lambda task: (-task.time_ns, task.measured.index),
                )
            ),
        )
        for step in report.verdict.decomposed.steps
        if len(step.task_times_ns) > 1
    ]


# --- the same in words ----------------------------------------------------------------------------------------------


def _sentence(step: _FanOut) -> str:
    failed = step.fit.tasks - step.fit.outcomes.get(Ending.OK, 0)
    unwell = f", {count(failed)} of which did not end well" if failed else ""
    return (
        f"{one_line(step.fit.name)}, {count(step.fit.tasks)} tasks{unwell}, {_where(step)}: {_times(step)}; "
        f"{_peaks(step)}. The largest are {'; '.join(_task(step, task) for task in step.named)}."
    )


def _where(step: _FanOut) -> str:
    if step.fit.hypothetical or step.fit.memory_mib is None:
        return "times as measured here"
    return f"times predicted on Lambda at {memory(step.fit.memory_mib * MIB)}"


def _times(step: _FanOut) -> str:
    return f"median {duration(step.middle_ns)}, longest {duration(step.tasks[0].time_ns)}{_factor(step)}"


def _factor(step: _FanOut) -> str:
    times = ratio(step.tasks[0].time_ns / step.middle_ns) if step.middle_ns else ""
    return f", {times} ×" if times else ""


def _peaks(step: _FanOut) -> str:
    middle = memory(round(median(task.peak_bytes for task in step.tasks)))
    largest = max(step.tasks, key=lambda task: task.peak_bytes).measured.peak
    size = "" if step.fit.memory_mib is None else f" of {memory(step.fit.memory_mib * MIB)}"
    return f"median {middle}, largest {memory_range(largest.low, largest.high)}{size}"


def _task(step: _FanOut, task: _Task) -> str:
    return ", ".join(text for text in _used_and_handled(step, task) if text)


def _used_and_handled(step: _FanOut, task: _Task) -> tuple[str, str]:
    """Which task it is and what it took; and how much it had to handle, as far as that is known."""
    measured = task.measured
    used = f"{duration(task.time_ns)}, {memory_range(measured.peak.low, measured.peak.high)}"
    handled = (_of(measured.groups, "group"), _of(measured.rows_in, "row"))
    return f"{step.part} {measured.index}: {used}", ", ".join(text for text in handled if text)


def _of(number: int | None, what: str) -> str:
    return "" if number is None else many(number, what)


def _note(shown: Sequence[_FanOut], left: int) -> str:
    notes = ["An answer is there when the longest task is."]
    if any(step.fit.memory_mib is not None for step in shown):
        notes.append("Times are those that the report predicts on Lambda, inits included; peaks are as measured here.")
    if any(not task.measured.peak.exact for step in shown for task in step.tasks):
        notes.append("Of a peak that is only bounded its upper end is drawn.")
    if left:
        notes.append(f"{count(left)} smaller fan-outs are not drawn.")
    return " ".join(notes)


# --- the picture ----------------------------------------------------------------------------------------------------


def _named_lines(step: _FanOut) -> list[str]:
    """The largest tasks, each on a line, or on two where one has no room for it."""
    lines = ["the longest:"]
    for place, task in enumerate(step.named):
        if place == NAMED:
            lines.append("the highest peak:")
        whole = f"  {_task(step, task)}"
        used, handled = _used_and_handled(step, task)
        lines += [whole] if width_of(whole) <= WIDTH else [f"  {used},", f"  {handled}"]
    return lines


def _height(step: _FanOut) -> float:
    return _HEAD + _PLOT + _FOOT + LINE * len(_named_lines(step)) + 10


def _paint(sheet: Sheet, *, step: _FanOut) -> None:
    head = f": {count(step.fit.tasks)} tasks"
    name = shortened(one_line(step.fit.name), WIDTH - width_of(head, BOLD), BOLD)
    sheet.text(name + head, left=0, base=LINE - 4, fontweight="bold")
    size = None if step.fit.memory_mib is None else step.fit.memory_mib * MIB
    times = [task.time_ns for task in step.tasks]
    peaks = [task.peak_bytes for task in step.tasks]
    for left, what, values, unit, limit in (
        (_LEFT, "time of a task", times, time_scale(times), None),
        (WIDTH - _WIDTH - 8, "its peak", peaks, memory_scale([*peaks, size]), size),
    ):
        sheet.text(f"{what}, {unit.name}", left=left, base=2 * LINE - 2)
        axes = sheet.plot(left=left, top=_HEAD, width=_WIDTH, height=_PLOT)
        _histogram(axes, values, unit, limit)
    base = _HEAD + _PLOT + LINE + 22
    for text in (_times(step), _peaks(step), *_named_lines(step)):
        sheet.text(text.strip(), left=12 if text.startswith(" ") else 0, base=base)
        base += LINE


def _histogram(axes: Axes, values: Sequence[int], unit: Scale, limit: int | None) -> None:
    """How many tasks lie where, from 0 to the largest of them, or to the limit."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    end = max(*values, limit or 0, 1)
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, value * BINS // end)] += 1
    most = max(counts)
    wide = end / unit.size / BINS
    heights = [max(number, _LEAST * most) if number else 0 for number in counts]
    places = [place for place, number in enumerate(counts) if number]
    axes.bar(
        [place * wide for place in places],
        [heights[place] for place in places],
        width=wide,
        align="edge",
        **(bar_of(Variant.DECOMPOSED) | {"linewidth": 1}),
    )
    axes.set_xlim(0, end / unit.size * 1.02)
    axes.set_ylim(0, most * 1.25)
    axes.plot(
        [max(values) / unit.size], [most * 1.22],
        marker="v", markersize=7, color=INK.drawn, clip_on=False,
    )  # fmt: skip
    if limit is not None:
        axes.axvline(limit / unit.size, color=LIMIT.drawn, linewidth=1.6, linestyle=(0, (7, 3)))
        axes.annotate(
            "size", (limit / unit.size, 1), xycoords=("data", "axes fraction"), xytext=(2, 8),
            textcoords="offset points", ha="right" if limit == end else "left", color=LIMIT.drawn,
        )  # fmt: skip
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=2, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.tick_params(labelsize=TEXT - 0.5)


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:g}"
