"""GB-seconds per step, before and after: two bars for each step's name, on one scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from profiler.model import Variant
from profiler.report.page.chart import Chart
from profiler.report.page.charts.canvas import LINE, WIDTH, Sheet, draw, shortened, width_of
from profiler.report.page.charts.looks import bar, bar_of, called
from profiler.report.shape import Report
from profiler.report.steps import nested_note, step_name
from profiler.units import count, significant
from profiler.variants import VariantVerdict

KEY = "gb-seconds"
TITLE = "GB-seconds per step"
MOST_STEPS = 12
"""More than these are one bar together."""

_ROW, _BAR, _BETWEEN = 17, 11, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    variant: Variant
    gb_s: Decimal
    hypothetical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    name: str
    bars: tuple[_Bar, ...]

    @property
    def largest(self) -> Decimal:
        return max(bar.gb_s for bar in self.bars)


def gb_seconds_chart(report: Report) -> Chart:
    """Draw what each step comes to in both variants."""
    whole = [item for item in (report.verdict.monolith, report.verdict.decomposed) if item and item.gb_s is not None]
    steps = _fewer(_steps(whole))
    if not steps:
        return Chart(key=KEY, title=TITLE, absent="No step of this run was measured.")
    names = {variant: called(variant, report.run) for variant in Variant}
    description = " ".join((*_totals(whole, names), *(_sentence(step, names) for step in steps)))
    height = LINE * len(whole) + 12 + sum(LINE + _ROW * len(step.bars) + _BETWEEN for step in steps)
    drawn = draw(
        lambda sheet: _paint(sheet, steps, whole, names), height=height, key=KEY, title=TITLE, description=description
    )
    note = " ".join(filter(None, (_note(steps), *(nested_note(item.steps) for item in whole))))
    return Chart(key=KEY, title=TITLE, drawings=(drawn,), description=description, note=note)


def _steps(whole: Sequence[VariantVerdict]) -> list[_Step]:
    """Steps by name, in the order in which they run, each with a bar for every variant that measured it."""
    bars: dict[str, list[_Bar]] = {}
    for item in whole:
        for step in item.steps:
            if step.gb_s is not None:
                bar = _Bar(variant=item.variant, gb_s=step.gb_s, hypothetical=step.hypothetical)
                bars.setdefault(step_name(step, item.steps), []).append(bar)
    return [_Step(name=name, bars=tuple(found)) for name, found in bars.items()]


def _fewer(steps: list[_Step]) -> list[_Step]:
    """At most so many, the largest ones, in their order; the others added up."""
    if len(steps) <= MOST_STEPS:
        return steps
    kept = sorted(steps, key=lambda step: -step.largest)[: MOST_STEPS - 1]
    rest = [step for step in steps if step not in kept]
    bars = tuple(
        _Bar(
            variant=variant,
            gb_s=sum((bar.gb_s for bar in found), Decimal(0)),
            hypothetical=any(bar.hypothetical for bar in found),
        )
        for variant in Variant
        if (found := [bar for step in rest for bar in step.bars if bar.variant is variant])
    )
    return [*(step for step in steps if step in kept), _Step(name=f"{count(len(rest))} smaller steps", bars=bars)]


def _totals(whole: Sequence[VariantVerdict], names: Mapping[Variant, str]) -> Iterator[str]:
    for item in whole:
        if item.gb_s is not None:
            end = ", to compare only." if item.hypothetical else "."
            yield f"All of {names[item.variant]}: {significant(item.gb_s)} GB-seconds{end}"


def _sentence(step: _Step, names: Mapping[Variant, str]) -> str:
    return f"{step.name}: " + ", ".join(f"{names[shown.variant]} {_figure(shown)}" for shown in step.bars) + "."


def _note(steps: Sequence[_Step]) -> str:
    if any(bar.hypothetical for step in steps for bar in step.bars):
        return (
            "A bar with a broken edge is peak × time, of what no Lambda holds: it only serves to compare. "
            "The others are what Lambda bills."
        )
    return "What Lambda bills for all tasks of a step, inits included."


def _paint(sheet: Sheet, steps: Sequence[_Step], whole: Sequence[VariantVerdict], names: Mapping[Variant, str]) -> None:
    base = LINE - 4.0
    for item in whole:
        bar(sheet, left=1, top=base - _BAR, width=22, height=_BAR, **bar_of(item.variant, broken=item.hypothetical))
        total = f"{names[item.variant]}: {significant(item.gb_s or 0)} GB-seconds in all"
        sheet.text(total, left=30, base=base, fontweight="bold")
        base += LINE
    base += 12
    most = max(step.largest for step in steps)
    room = WIDTH - max(width_of(_figure(shown)) for step in steps for shown in step.bars) - 8
    for step in steps:
        sheet.text(shortened(step.name, WIDTH), left=0, base=base)
        top = base + 6
        for shown in step.bars:
            length = max(1.5, float(shown.gb_s / most) * room) if most else 1.5
            look = bar_of(shown.variant, broken=shown.hypothetical)
            bar(sheet, left=1, top=top, width=length, height=_BAR, **look)
            sheet.text(_figure(shown), left=length + 7, base=top + _BAR - 0.5)
            top += _ROW
        base = top + LINE - 6 + _BETWEEN


def _figure(shown: _Bar) -> str:
    return significant(shown.gb_s)
