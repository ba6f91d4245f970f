"""The tables of runs side by side: figure by figure, each run's, its change against the first run's, and its noise.

Two runs stand in columns; of more, each has a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from profiler.comparing.values import Doubt, Figure, Finding, Line, Side, SideBySide, Value
from profiler.model import Variant
from profiler.report.clean import one_line
from profiler.report.figures import numbers, sizes, times
from profiler.report.pace import at_one_pace, slower
from profiler.report.plain import listed
from profiler.report.shape import Cell, Column, Row, Section, Table, Tone
from profiler.units import align, count, dollars

TITLES = {
    Figure.PEAK: "peak memory",
    Figure.CPU: "CPU time",
    Figure.GB_SECONDS: "GB-seconds a run",
    Figure.USD_PER_REQUEST: "$ a 1000 requests",
    Figure.TASKS: "tasks",
    Figure.WALL: "elapsed",
}
WORDS = {
    Finding.MORE: "more",
    Finding.LESS: "less",
    Finding.SAME: "within noise",
    Finding.UNKNOWN: "unknown",
    Finding.NOT_COMPARED: "",
}
DOUBTS = {Doubt.REPEATS: "noise unknown", Doubt.BUSY: "machine busy", Doubt.PACE: "pace unknown"}
TONES = {Finding.MORE: Tone.NO, Finding.LESS: Tone.YES, Finding.UNKNOWN: Tone.DOUBT}
_WHOLE = "all steps"
_REQUESTS = 1000
"""Dollars are shown of so many; one request costs less than a reader takes in at a glance."""


def section_of(variant: Variant, lines: Sequence[Line], compared: SideBySide) -> Section:
    """Figure by figure, in each the whole first and then the steps; of tasks only those whose number differs."""
    wide = len(compared.sides) == 2
    rows: list[Row] = []
    for figure in Figure:
        shown = [line for line in lines if line.figure is figure and (figure is not Figure.TASKS or _differs(line))]
        if figure is Figure.TASKS:
            shown = [line for line in shown if line.step is not None]
        if shown:
            unit, texts = _texts(figure, shown)
            title = f"{TITLES[figure]}, {unit}" if unit else TITLES[figure]
            rows.append(_row([title]))
            for line, of_line in zip(shown, texts, strict=True):
                rows += _wide(line, of_line, compared.sides) if wide else _tall(line, of_line, compared.sides)
    letters = [side.letter for side in compared.sides]
    values = [Column(key=f"value{letter}", title=letter, right=True) for letter in letters]
    if not wide:
        values = [Column(key="letter"), Column(key="value", right=True)]
    columns = (
        Column(key="step", always=True),
        *values,
        Column(key="change", title="change, %", right=True),
        Column(key="interval", title="interval, %", right=True),
        Column(key="finding"),
    )
    cells = len(columns)
    filled = [Row(cells=(*row.cells, *(Cell() for _ in range(cells - len(row.cells))))) for row in rows]
    return Section(
        title=variant.value.capitalize(),
        steps=Table(columns=columns, rows=tuple(filled)),
        notes=tuple(_at_one_pace(variant, compared.sides)),
    )


def _at_one_pace(variant: Variant, sides: Sequence[Side]) -> Iterator[str]:
    """That times are not as measured, where that can be seen."""
    first = sides[0].letter
    known = [(side.letter, slower(dict(side.slower).get(variant, 1))) for side in sides[1:]]
    (letter, how), *others = [(letter, how) for letter, how in known if how] or [("", "")]
    if how:
        said = [f"The cores of {letter} were {how}", *(f"those of {letter} {how}" for letter, how in others)]
        yield at_one_pace(f"{listed(said)} than those of {first}", "CPU time, GB-seconds and dollars", first)


def _differs(line: Line) -> bool:
    return len({value.typical for value in line.values if value is not None}) > 1


def _row(texts: Sequence[str], finding: Finding | None = None) -> Row:
    cells = [Cell(text=text) for text in texts]
    if finding is not None:
        cells[-1] = Cell(text=texts[-1], tone=TONES.get(finding, Tone.PLAIN))
    return Row(cells=tuple(cells))


def _wide(line: Line, texts: Sequence[str], sides: Sequence[Side]) -> list[Row]:
    return [_row([_name(line), *texts, *_change(line, line.values[-1], sides[-1])], _finding(line.values[-1]))]


def _tall(line: Line, texts: Sequence[str], sides: Sequence[Side]) -> list[Row]:
    rows = []
    name = _name(line)
    for side, value, text in zip(sides, line.values, texts, strict=True):
        if value is not None:
            rows.append(_row([name, side.letter, text, *_change(line, value, side)], _finding(value)))
            name = ""
    return rows


def _name(line: Line) -> str:
    return f"  {one_line(line.step)}" if line.step is not None else f"  {_WHOLE}"


def _finding(value: Value | None) -> Finding | None:
    return None if value is None or value.difference is None else value.difference.finding


def _change(line: Line, value: Value | None, side: Side) -> tuple[str, str, str]:
    if value is None:
        return "", "", "not in it"
    found = value.difference
    if found is None:
        return "", "", ""
    interval = "" if found.interval is None else " to ".join(change(end) for end in found.interval)
    word = WORDS[found.finding] if found.doubt is None else DOUBTS[found.doubt]
    if found.finding is Finding.NOT_COMPARED and line.figure is not Figure.WALL:
        word = "hypothetical" if side.same_machine else "other machine"
    if line.figure is Figure.TASKS:
        word = ""
    return "" if found.ratio is None else change(found.ratio), interval, word


def change(ratio: float) -> str:
    """Return a ratio as the percentage that it is off from 1, signed.

    >>> change(1.0334), change(0.98), change(1.0), change(25.0)
    ('+3.3', '-2.0', '0.0', '+2,400')
    """
    off = (ratio - 1) * 100
    text = f"{off:+,.0f}" if abs(off) >= 1000 else f"{off:+.1f}"
    return text[1:] if text in ("+0.0", "-0.0") else text


def _texts(figure: Figure, lines: Sequence[Line]) -> tuple[str, list[list[str]]]:
    """The unit of a block and its figures, their decimal points aligned over all runs."""
    flat = [None if value is None else value.typical for line in lines for value in line.values]
    whole = [None if value is None else round(value) for value in flat]
    unit = ""
    match figure:
        case Figure.PEAK:
            unit, texts = sizes(whole)
            marks = ["~" if value and value.bounded else "" for line in lines for value in line.values]
            texts = [mark + text.lstrip() if mark else text for mark, text in zip(marks, texts, strict=True)]
        case Figure.CPU | Figure.WALL:
            unit, texts = times(whole)
        case Figure.GB_SECONDS:
            texts = numbers([None if value is None else Decimal(value) for value in flat])
        case Figure.USD_PER_REQUEST:
            texts = list(align(["" if value is None else dollars(Decimal(value) * _REQUESTS) for value in flat]))
        case Figure.TASKS:
            texts = ["" if value is None else count(value) for value in whole]
    width = len(lines[0].values)
    return unit, [texts[start : start + width] for start in range(0, len(texts), width)]
