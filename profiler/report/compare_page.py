"""Runs side by side as a page: what differs, then every figure against that of the first run, with its noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from shlex import quote

from profiler.comparing.values import Difference, Figure, Finding, Line, Side, SideBySide, Value
from profiler.model import Variant
from profiler.report.clean import one_line
from profiler.report.figures import numbers, sizes, times
from profiler.report.moments import moment
from profiler.report.shape import Cell, Column, Command, Row, Section, Statement, Table, Tone
from profiler.report.sheet import Block, Sheet
from profiler.units import align, count, dollars, percent

TITLES = {
    Figure.PEAK: "peak memory",
    Figure.CPU: "CPU time",
    Figure.GB_SECONDS: "GB-seconds a run",
    Figure.USD_PER_REQUEST: "$ a 1,000 requests",
    Figure.TASKS: "tasks",
    Figure.WALL: "elapsed here",
}
WORDS = {
    Finding.MORE: "more",
    Finding.LESS: "less",
    Finding.SAME: "within noise",
    Finding.UNKNOWN: "noise unknown",
    Finding.NOT_COMPARED: "",
}
_TONES = {Finding.MORE: Tone.NO, Finding.LESS: Tone.YES, Finding.UNKNOWN: Tone.DOUBT}
_WHOLE = "all steps"
_REQUESTS = 1000
"""Dollars are shown of so many; one request costs less than a reader takes in at a glance."""
_CLAIMED = {
    Figure.PEAK: ("much", "memory"),
    Figure.GB_SECONDS: ("many", "GB-seconds"),
    Figure.CPU: ("much", "CPU time"),
}


def compare_page(compared: SideBySide) -> Sheet:
    """Lay out a comparison."""
    return Sheet(
        title=one_line(compared.job),
        facts=(
            f"{len(compared.sides)} runs side by side",
            f"{compared.sides[0].letter} is what the others are held to",
        ),
        statements=(*_claims(compared), *_warnings(compared)),
        blocks=(
            Block(title="Runs", statements=tuple(map(_run, compared.sides))),
            Block(title="What differs", statements=tuple(_traits(compared))),
        ),
        sections=tuple(_section(variant, lines, compared) for variant, lines in _by_variant(compared.lines)),
        notes=tuple(_notes(compared)),
        commands=tuple(_commands(compared)),
    )


# --- in words -------------------------------------------------------------------------------------------------------


def _claims(compared: SideBySide) -> Iterator[Statement]:
    """For each run the sentence that stands alone: what it takes against the first."""
    first = compared.sides[0].letter
    for place, side in enumerate(compared.sides[1:], start=1):
        said = []
        findings: list[Finding] = []
        for variant in Variant:
            parts = []
            of_variant: list[Finding] = []
            for figure in _CLAIMED:
                value = _whole(compared, variant, figure, place)
                found = None if value is None else value.difference
                if found is not None and found.finding is not Finding.NOT_COMPARED and found.ratio is not None:
                    parts.append(_claimed(figure, found))
                    of_variant.append(found.finding)
            if parts:
                unknown = " (noise unknown)" if Finding.UNKNOWN in of_variant else ""
                said.append(f"{variant}: {', '.join(parts)}{unknown}")
            findings += of_variant
        text = "; ".join(said) if said else "no figure of it can be compared"
        yield Statement(label=f"{side.letter} against {first}", text=f"{text}.", tone=_tone_of(findings))


def _whole(compared: SideBySide, variant: Variant, figure: Figure, place: int) -> Value | None:
    wanted = variant, None, figure
    return next(
        (line.values[place] for line in compared.lines if (line.variant, line.step, line.figure) == wanted), None
    )


def _claimed(figure: Figure, found: Difference) -> str:
    ratio = found.ratio or 0.0
    size = percent(abs(Decimal(ratio) - 1))
    amount, what = _CLAIMED[figure]
    if found.finding is Finding.SAME or size == "0 %":
        return f"as {amount} {what}"
    less = "less" if amount == "much" else "fewer"
    return f"{size} {'more' if ratio > 1 else less} {what}"


def _tone_of(findings: Sequence[Finding]) -> Tone:
    for finding in (Finding.MORE, Finding.UNKNOWN, Finding.LESS):
        if finding in findings:
            return _TONES[finding]
    return Tone.PLAIN


def _warnings(compared: SideBySide) -> Iterator[Statement]:
    """What stands against taking a difference for one of the code."""
    for side in compared.sides[1:]:
        if side.other_data:
            text = f"In {side.letter} the {one_line(side.other_data)}: what differs need not be the code."
            yield Statement(label="OTHER WORK", text=text, tone=Tone.DOUBT)
    machines = [side.letter for side in compared.sides[1:] if not side.same_machine]
    if machines:
        text = (
            f"{_and(machines)} ran on another machine than {compared.sides[0].letter}: memory is compared, time and "
            "what follows from it is shown and not judged."
        )
        yield Statement(label="OTHER MACHINE", text=text, tone=Tone.DOUBT)
    letters = [side.letter for side in compared.sides]
    for variant, rows in compared.rows:
        said = [f"{letter} {count(number)}" for letter, number in zip(letters, rows, strict=True) if number is not None]
        text = f"The {variant} answers have different numbers of rows: {', '.join(said)}."
        yield Statement(label="OTHER ANSWER", text=text, tone=Tone.DOUBT)
    for side in compared.sides:
        for variant, repeats in side.repeats:
            if not repeats:
                text = f"{side.letter} did not bring its {variant} variant to its end: no figure of it is shown."
                yield Statement(label="NOT COMPLETE", text=text, tone=Tone.DOUBT)


def _run(side: Side) -> Statement:
    """A run's id, when it was made, and how often its variants were measured to their end."""
    repeats = ", ".join(f"{variant} {number} ×" for variant, number in side.repeats)
    text = " · ".join((one_line(side.run.id), f"{_made(side.run.created)} UTC", repeats))
    return Statement(label=side.letter, text=text)


def _made(created: str) -> str:
    try:
        return moment(datetime.fromisoformat(created))
    except ValueError:
        return one_line(created)


def _traits(compared: SideBySide) -> Iterator[Statement]:
    """One for each trait, runs that have the same named together."""
    letters = [side.letter for side in compared.sides]
    for trait in compared.traits:
        groups: dict[str, list[str]] = {}
        for letter, value in zip(letters, trait.values, strict=True):
            groups.setdefault(value, []).append(letter)
        said = "; ".join(f"{', '.join(of)}: {one_line(value) or 'none'}" for value, of in groups.items())
        yield Statement(label=one_line(trait.name), text=said)
    if not compared.traits:
        yield Statement(label="nothing", text="that a run keeps: the same commit, code, data, settings and machine")


def _notes(compared: SideBySide) -> Iterator[str]:
    first = compared.sides[0].letter
    for variant, step, letters in compared.only_in:
        yield f"{one_line(step)} of the {variant} variant is only in {_and(letters)}."
    for letter, variant, before, now in compared.renamed:
        yield (
            f"{one_line(before)} of the {variant} variant is called {one_line(now)} in {letter}; its code is the same, "
            f"so both stand in one row, under {first}'s name."
        )
    differences = [value.difference for line in compared.lines for value in line.values if value and value.difference]
    if any(found.interval for found in differences):
        yield (
            "Figures are medians over the repeats. The range behind a change is its 95 % interval, by bootstrap; a "
            "change is called more or less where that interval does not hold 1."
        )
    if any(found.finding is Finding.UNKNOWN for found in differences):
        yield (
            "Noise is unknown where one side has fewer than five repeats of a variant; "
            "paredown run JOB --repeat 5 measures it."
        )
    if any(line.figure is Figure.WALL for line in compared.lines):
        yield "Elapsed time is shown and decides nothing: it follows what else the machine did."
    if any(value and value.bounded for line in compared.lines for value in line.values):
        yield "~ is a peak known between two ends only, its upper end where there is one."
    for variant in Variant:
        letters = tuple(letter for found, letter in compared.hypothetical if found is variant)
        if letters:
            yield (
                f"No Lambda holds the {variant} variant of {_and(letters)}: its GB-seconds are peak × time, which "
                "nobody sells, and its dollars those of a machine by the hour. They are not judged."
            )


def _commands(compared: SideBySide) -> Iterator[Command]:
    for side in compared.sides[:2]:
        yield Command(line=f"paredown report {quote(one_line(side.run.id))}", purpose=f"shows {side.letter} by itself")
    yield Command(line=f"paredown history {quote(one_line(compared.job))}", purpose="shows every kept run of the job")


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


# --- tables ---------------------------------------------------------------------------------------------------------


def _by_variant(lines: Sequence[Line]) -> Iterator[tuple[Variant, list[Line]]]:
    for variant, of_variant in groupby(lines, key=lambda line: line.variant):
        yield variant, list(of_variant)


def _section(variant: Variant, lines: Sequence[Line], compared: SideBySide) -> Section:
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
    return Section(title=variant.value.capitalize(), steps=Table(columns=columns, rows=tuple(filled)))


def _differs(line: Line) -> bool:
    return len({value.median for value in line.values if value is not None}) > 1


def _row(texts: Sequence[str], finding: Finding | None = None) -> Row:
    cells = [Cell(text=text) for text in texts]
    if finding is not None:
        cells[-1] = Cell(text=texts[-1], tone=_TONES.get(finding, Tone.PLAIN))
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
    word = WORDS[found.finding]
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
    flat = [None if value is None else value.median for line in lines for value in line.values]
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
