"""Runs side by side as a page: what differs, then every figure against that of the first run, with its noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from shlex import quote

from profiler.comparing.values import Difference, Doubt, Figure, Finding, Line, Side, SideBySide, Value
from profiler.model import Variant
from profiler.regression.pace import DRIFT
from profiler.report.clean import one_line
from profiler.report.commands import is_kept, reference, workspace_of
from profiler.report.compare_doubts import warnings
from profiler.report.compare_tables import TONES, section_of
from profiler.report.moments import moment
from profiler.report.plain import listed
from profiler.report.shape import Command, Statement, Tone
from profiler.report.sheet import Block, Sheet
from profiler.units import percent

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
        statements=(*_claims(compared), *warnings(compared)),
        blocks=(
            Block(title="Runs", statements=tuple(map(_run, compared.sides))),
            Block(title="What differs", statements=tuple(_traits(compared))),
        ),
        sections=tuple(section_of(variant, lines, compared) for variant, lines in _by_variant(compared.lines)),
        notes=tuple(_notes(compared)),
        commands=tuple(_commands(compared)),
    )


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
                if found is not None and _can_be_claimed(found):
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


def _can_be_claimed(found: Difference) -> bool:
    """Also where the noise of the repeats alone is unknown, which is said beside it."""
    told = found.finding is not Finding.NOT_COMPARED and found.doubt in (None, Doubt.REPEATS)
    return told and found.ratio is not None


def _claimed(figure: Figure, found: Difference) -> str:
    ratio = found.ratio or 0.0
    size = percent(abs(Decimal(ratio) - 1))
    amount, what = _CLAIMED[figure]
    if size == "0 %":
        return f"as {amount} {what}"
    if found.finding is Finding.SAME:
        return f"{what} within noise"
    less = "less" if amount == "much" else "fewer"
    return f"{size} {'more' if ratio > 1 else less} {what}"


def _tone_of(findings: Sequence[Finding]) -> Tone:
    for finding in (Finding.MORE, Finding.UNKNOWN, Finding.LESS):
        if finding in findings:
            return TONES[finding]
    return Tone.PLAIN


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
        yield f"{one_line(step)} of the {variant} variant is only in {listed(letters)}."
    for letter, variant, before, now in compared.renamed:
        yield (
            f"{one_line(before)} of the {variant} variant is called {one_line(now)} in {letter}; its code is the same, "
            f"so both stand in one row, under {first}'s name."
        )
    differences = [value.difference for line in compared.lines for value in line.values if value and value.difference]
    if any(found.interval for found in differences):
        yield (
            "A figure is the mean of the lower half of its repeats: what disturbs one adds time and takes none away. "
            "The range behind a change is its 95 % interval, by bootstrap; a change is called more or less where that "
            "interval does not contain 0."
        )
    if any(value and value.at_pace for line in compared.lines for value in line.values[1:]):
        yield (
            "Also at one pace of the cores, CPU times of the same code differ from run to run by some per cent, most "
            "of all in short steps, and repeats within a run do not show that: a change of time below "
            f"{DRIFT * 100:g} % is called nothing."
        )
    if any(found.doubt is Doubt.REPEATS for found in differences):
        yield (
            "Noise is unknown where one side has fewer than five repeats of a variant; "
            "paredown run JOB --repeat 5 measures it."
        )
    if any(line.figure is Figure.WALL for line in compared.lines):
        yield "Elapsed time is shown and decides nothing: it follows what else the machines did."
    if any(value and value.bounded for line in compared.lines for value in line.values):
        yield "~ is a peak known between two ends only, its upper end where there is one."
    for variant in Variant:
        letters = tuple(letter for found, letter in compared.hypothetical if found is variant)
        if letters:
            yield (
                f"No Lambda holds the {variant} variant of {listed(letters)}: its GB-seconds are peak × time, which "
                "nobody sells, and its dollars those of a machine by the hour. They are not judged."
            )


def _commands(compared: SideBySide) -> Iterator[Command]:
    for side in compared.sides[:2]:
        run = quote(one_line(reference(side.run.id, side.run.path)))
        yield Command(line=f"paredown report {run}", purpose=f"shows {side.letter} by itself")
    kept = next((side.run for side in compared.sides if is_kept(side.run)), None)
    if kept is not None:
        line = f"paredown history {quote(one_line(compared.job))}{workspace_of(kept)}"
        yield Command(line=line, purpose="shows every kept run of the job")


def _by_variant(lines: Sequence[Line]) -> Iterator[tuple[Variant, list[Line]]]:
    for variant, of_variant in groupby(lines, key=lambda line: line.variant):
        yield variant, list(of_variant)
