"""Time and cost of each step at every memory size of Lambda, with the size marked that the report chooses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from profiler.model import Variant
from profiler.report.clean import one_line
from profiler.report.page.chart import Chart
from profiler.report.page.charts.canvas import BOLD, LINE, TEXT, WIDTH, Sheet, draw, shortened
from profiler.report.page.charts.colours import INK, LIMIT
from profiler.report.page.charts.looks import colour_of
from profiler.report.shape import Report
from profiler.sweep import Point, Sweep, sweeps_of
from profiler.units import MIB, count, dollars, duration, memory, significant, time_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KEY = "sizes"
TITLE = "Time and cost at other memory sizes"
MOST_STEPS = 6

_LEFT, _WIDTH, _PLOT = 38, 118, 112
_HEAD = 3 * LINE + 10
_HEIGHT = _HEAD + _PLOT + 42
_TICKS = (256, 2048, 8192)
_DOTS = (0, (1, 2))


def sizes_chart(report: Report) -> Chart:
    """Draw the steps that a size of Lambda holds, those that cost the most."""
    sweeps = sweeps_of(report.run, report.verdict)
    drawn = [sweep for sweep in sweeps if any(point.holds for point in sweep.points) or sweep.chosen]
    too_big = [sweep for sweep in sweeps if sweep not in drawn]
    if not drawn:
        return Chart(key=KEY, title=TITLE, absent=_absent(too_big))
    kept = sorted(drawn, key=lambda sweep: -_usd(sweep))[:MOST_STEPS]
    shown = [sweep for sweep in drawn if sweep in kept]
    limit_ns = report.verdict.terms.limits.max_duration_ns
    description = " ".join(_sentence(sweep, limit_ns) for sweep in shown)
    drawings = tuple(
        draw(
            partial(_paint, sweep=sweep, limit_ns=limit_ns),
            height=_HEIGHT,
            key=f"{KEY}-{place}",
            title=TITLE,
            description=_sentence(sweep, limit_ns),
        )
        for place, sweep in enumerate(shown)
    )
    note = _note(shown, too_big, len(drawn) - len(shown))
    return Chart(key=KEY, title=TITLE, drawings=drawings, description=description, note=note)


def _usd(sweep: Sweep) -> float:
    return float((sweep.chosen or sweep.points[-1]).usd)


# --- the same in words ----------------------------------------------------------------------------------------------


def _sentence(sweep: Sweep, limit_ns: int) -> str:
    text = f"{_name(sweep)}: {_figures(sweep)}"
    if sweep.chosen is not None:
        text += f" and {significant(sweep.chosen.gb_s)} GB-seconds"
    able = [point for point in sweep.points if point.holds and point.duration_ns <= limit_ns]
    if able:
        cheapest = min(able, key=lambda point: point.usd)
        fastest = min(able, key=lambda point: (point.duration_ns, point.memory_mib))
        less = f"{memory(cheapest.memory_mib * MIB)} would cost least, {dollars(cheapest.usd)}"
        text += ". Of all sizes drawn that hold it " + (less if cheapest != sweep.chosen else "this costs least")
        text += f"; the shortest time is {duration(fastest.duration_ns)}, from {memory(fastest.memory_mib * MIB)} on"
    return f"{text}."


def _name(sweep: Sweep) -> str:
    if sweep.variant is Variant.MONOLITH:
        return f"All of {one_line(sweep.name)} as one process"
    return one_line(sweep.name) + (f", {count(sweep.tasks)} tasks" if sweep.tasks > 1 else "")


def _figures(sweep: Sweep) -> str:
    """The chosen size in one line: the verdict's own figures."""
    if sweep.chosen is None:
        return "no size will do"
    point = sweep.chosen
    return f"{memory(point.memory_mib * MIB)}, {duration(point.duration_ns)}, {dollars(point.usd)} a run"


def _absent(too_big: Sequence[Sweep]) -> str:
    return _too_big(too_big) if too_big else "Nothing of this run was measured."


def _too_big(sweeps: Sequence[Sweep]) -> str:
    return " ".join(
        f"No size holds {_name(sweep)[0].lower()}{_name(sweep)[1:]}: it needs {memory(sweep.needed_mib * MIB)}."
        if sweep.variant is Variant.MONOLITH
        else f"No size holds {one_line(sweep.name)}: it needs {memory(sweep.needed_mib * MIB)}."
        for sweep in sweeps
    )


def _note(shown: Sequence[Sweep], too_big: Sequence[Sweep], left: int) -> str:
    notes = [
        "Time is that of the longest task without its init, cost that of all tasks with their inits, both by the "
        "report's own model; the dot is the size that it chooses. Dotted: too small for the peak, with headroom."
    ]
    if too_big:
        notes.append(_too_big(too_big))
    if left:
        notes.append(f"{count(left)} cheaper steps are not drawn.")
    for sweep in shown:
        if sweep.sampled < sweep.tasks:
            notes.append(
                f"The cost of {one_line(sweep.name)} is drawn from {count(sweep.sampled)} of its {count(sweep.tasks)} "
                "tasks; its dot is of them all."
            )
    return " ".join(notes)


# --- the picture ----------------------------------------------------------------------------------------------------


def _paint(sheet: Sheet, *, sweep: Sweep, limit_ns: int) -> None:
    runs, per = _per_runs(sweep)
    sheet.text(shortened(_name(sweep), WIDTH, BOLD), left=0, base=LINE - 4, fontweight="bold")
    sheet.text(_figures(sweep), left=0, base=2 * LINE - 4)
    right = WIDTH - _WIDTH - 12
    shown = [point for point in sweep.points if point.holds or point == sweep.chosen] or list(sweep.points)
    clock = time_scale([max(point.duration_ns for point in shown)])
    near = max(point.duration_ns for point in shown) >= limit_ns
    ends = f"; limit {limit_ns / clock.size:,g}" if near else ""
    what = "longest task" if sweep.tasks > 1 else "time"
    sheet.text(f"{what}, {clock.name}{ends}", left=0, base=3 * LINE - 2)
    sheet.text(f"$ {per}", left=right - 8, base=3 * LINE - 2)
    times = sheet.plot(left=_LEFT, top=_HEAD, width=_WIDTH, height=_PLOT)
    money = sheet.plot(left=right, top=_HEAD, width=_WIDTH, height=_PLOT)
    _curve(times, sweep, {point: point.duration_ns / clock.size for point in sweep.points}, shown)
    _curve(money, sweep, {point: float(point.usd) * runs for point in sweep.points}, shown)
    if near:
        times.axhline(limit_ns / clock.size, color=LIMIT.drawn, linewidth=1.6, linestyle=(0, (7, 3)))


def _per_runs(sweep: Sweep) -> tuple[int, str]:
    """How many runs' dollars are numbers that one can read."""
    usd = _usd(sweep)
    steps = ((1, "a run"), (1_000, "per 1,000 runs"), (1_000_000, "per million runs"))
    return next((step for step in steps if usd * step[0] >= 1), steps[-1])


def _curve(axes: Axes, sweep: Sweep, values: dict[Point, float], shown: Sequence[Point]) -> None:
    """Over the sizes that hold the step, and dotted over the smaller ones."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    colour = colour_of(sweep.variant).drawn
    sizes = [point.memory_mib for point in sweep.points]
    heights = [values[point] for point in sweep.points]
    border = next((place for place, point in enumerate(sweep.points) if point.holds), len(sizes))
    axes.plot(sizes[: border + 1], heights[: border + 1], color=colour, linewidth=2, linestyle=_DOTS)
    axes.plot(sizes[border:], heights[border:], color=colour, linewidth=2)
    axes.set_xscale("log", base=2)
    axes.set_xlim(sizes[0], sizes[-1])
    axes.set_ylim(0, max(values[point] for point in shown) * 1.25 or 1)
    axes.xaxis.set_major_locator(FixedLocator([size for size in _TICKS if sizes[0] <= size <= sizes[-1]]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: _tick(size)))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.tick_params(labelsize=TEXT - 0.5)
    if sweep.chosen is not None:
        size = sweep.chosen.memory_mib
        axes.axvline(size, color=INK.drawn, linewidth=1, linestyle=(0, (2, 2)))
        axes.plot([size], [values[sweep.chosen]], marker="o", markersize=8, color=INK.drawn, clip_on=False)


def _tick(size: float) -> str:
    return f"{size / 1024:g} GB" if size >= 1024 else f"{size:g} MB"
