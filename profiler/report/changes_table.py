"""Every figure that a check compared, as a table: a row per step, memory and CPU time side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from profiler.checking.outcome import Called, Change, Check, Measure
from profiler.model import Variant
from profiler.report.clean import one_line
from profiler.report.figures import numbers, times
from profiler.report.shape import Cell, Column, Row, Table, Tone
from profiler.units import align, duration, memory, memory_scale, significant

_RANK = (Called.WORSE, Called.UNKNOWN, Called.BETTER, Called.NO_CHANGE, Called.NOT_COMPARED)
_TONES = {Called.WORSE: Tone.NO, Called.BETTER: Tone.YES, Called.UNKNOWN: Tone.DOUBT}
_SAID = {Called.WORSE: "worse", Called.BETTER: "better", Called.UNKNOWN: "unknown"}
_GROUPS = {Measure.PEAK: "peak", Measure.CPU: "CPU"}
_SHORT = {Measure.PEAK: "memory", Measure.CPU: "CPU"}

Place = tuple[Variant, str | None]


def changes_table(check: Check, variant: Variant | None = None) -> Table:
    """Lay out the figures: what decides first, then as the run has them.

    Args:
        check: What was found.
        variant: Only of this one; None: of all, with a column that says which.
    """
    places: dict[Place, dict[Measure, Change]] = {}
    for change in check.changes:
        if variant is None or change.variant is variant:
            places.setdefault((change.variant, change.step), {})[change.measure] = change
    rows = sorted(places.items(), key=lambda item: _rank(check, item[0], item[1]))
    names = ["whole" if step is None else one_line(step) for (_, step), _ in rows]
    filled = [
        _Filled(Column(key="step", title="step"), names),
        _Filled(Column(key="variant", title="variant"), [of.value if variant is None else "" for (of, _), _ in rows]),
    ]
    for measure in Measure:
        filled += _measured(measure, [_compared(changes.get(measure)) for _, changes in rows])
    results = [_result(changes, _crept(check, place)) for place, changes in rows]
    filled.append(_Filled(Column(key="result"), [text for text, _ in results], [tone for _, tone in results]))
    return Table(
        title="What changed" if rows else "",
        columns=tuple(item.column for item in filled),
        rows=tuple(
            Row(cells=tuple(item.cell(place) for item in filled), subject=name) for place, name in enumerate(names)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Filled:
    """A column with its texts."""

    column: Column
    texts: Sequence[str]
    tones: Sequence[Tone] = ()

    def cell(self, place: int) -> Cell:
        return Cell(text=self.texts[place], tone=self.tones[place] if self.tones else Tone.PLAIN)


def amount(measure: Measure, value: float) -> str:
    """Return a figure with its unit."""
    return memory(round(value)) if measure is Measure.PEAK else duration(round(value))


def growth(ratio: float | Decimal, digits: int = 2) -> str:
    """Return by how much something grew, in percent.

    >>> growth(1.1731), growth(0.95), growth(1.0), growth(3), growth(float("inf"))
    ('+17 %', '-5.0 %', '0 %', '+200 %', 'from nothing')
    """
    percent = _percent(ratio, digits)
    return f"{percent} %" if percent else "from nothing"


def interval(ends: tuple[float, float] | None) -> str:
    """Return an interval of a ratio as growth at both ends; empty where it is not known.

    >>> interval((1.16, 1.184)), interval((1.171, 1.174)), interval(None)
    ('+16 to +18 %', '+17.1 to +17.4 %', '')
    """
    if ends is None:
        return ""
    texts = [_percent(end, 2) for end in ends]
    if texts[0] == texts[1]:
        texts = [_percent(end, 3) for end in ends]
    return f"{texts[0]} to {texts[1]} %"


def _percent(ratio: float | Decimal, digits: int) -> str:
    """Growth without its unit; empty where there was nothing before."""
    if not math.isfinite(ratio):
        return ""
    hundredths = (Fraction(ratio) - 1) * 100
    if abs(hundredths) < Fraction(1, 20):
        return "0"
    return f"{'+' if hundredths > 0 else '-'}{significant(abs(hundredths), digits)}"


def _compared(change: Change | None) -> Change | None:
    """A change that is shown: figures that cannot be compared would be."""
    return None if change is None or change.called is Called.NOT_COMPARED else change


def _measured(measure: Measure, found: Sequence[Change | None]) -> list[_Filled]:
    """The columns of one measure."""
    unit, figures = (_sizes if measure is Measure.PEAK else times)(
        [value for change in found for value in _values(change)]
    )
    key, group = measure.value, f"{_GROUPS[measure]}, {unit}"
    tones = [Tone.PLAIN if change is None else _TONES.get(change.called, Tone.PLAIN) for change in found]
    growths = align(["" if change is None else _percent(change.ratio, 2) for change in found])
    intervals = ["" if change is None else interval(change.interval) for change in found]
    return [
        _Filled(Column(key=f"before_{key}", title="before", group=group, right=True), figures[::2]),
        _Filled(Column(key=f"now_{key}", title="now", group=group, right=True), figures[1::2]),
        _Filled(Column(key=f"change_{key}", title="change %", group=group, right=True), growths, tones),
        _Filled(Column(key=f"interval_{key}", title="95 % interval", group=group, right=True), intervals),
    ]


def _sizes(sizes_bytes: Sequence[int | None]) -> tuple[str, list[str]]:
    """Sizes in a unit in which the smallest still has its digits: a small step beside a large one may be what grew."""
    scale = memory_scale([min((size for size in sizes_bytes if size), default=0)])
    return scale.name, numbers([None if size is None else Fraction(size, scale.size) for size in sizes_bytes])


def _values(change: Change | None) -> tuple[int | None, int | None]:
    return (None, None) if change is None else (round(change.before), round(change.after))


def _crept(check: Check, place: Place) -> list[str]:
    """The figures of a row that rose over several runs, though not since the last of them."""
    return [_SHORT[creep.measure] for creep in check.creeps if (creep.variant, creep.step) == place]


def _result(changes: dict[Measure, Change], crept: Sequence[str]) -> tuple[str, Tone]:
    """What the figures of a row are taken for, in words."""
    if crept and all(change.called is not Called.WORSE for change in changes.values()):
        return f"{' and '.join(crept)} crept up", Tone.NO
    for called in (Called.WORSE, Called.UNKNOWN, Called.BETTER):
        measures = [_SHORT[measure] for measure, change in changes.items() if change.called is called]
        if measures:
            return f"{' and '.join(measures)} {_SAID[called]}", _TONES[called]
    return "as before", Tone.PLAIN


def _rank(check: Check, place: Place, changes: dict[Measure, Change]) -> tuple[int, bool]:
    """The worst first, of the variant that decides before the other's."""
    if _crept(check, place):
        return (0, place[0] is not check.variant)
    worst = min(_RANK.index(change.called) for change in changes.values())
    quiet = _RANK.index(Called.NO_CHANGE)
    return (quiet if worst >= quiet else worst, place[0] is not check.variant)
