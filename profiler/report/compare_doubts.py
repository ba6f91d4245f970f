"""What a reader of runs side by side has to know before any figure: why a difference need not be the code's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from profiler.checking.likeness import between
from profiler.comparing.values import Doubt, Side, SideBySide
from profiler.model import Variant
from profiler.report.clean import one_line
from profiler.report.plain import listed
from profiler.report.shape import Statement, Tone
from profiler.units import count


def warnings(compared: SideBySide) -> Iterator[Statement]:
    """Say what stands against taking a difference for one of the code."""
    for side in compared.sides[1:]:
        if side.other_data:
            text = f"In {side.letter} the {one_line(side.other_data)}: what differs need not be the code."
            yield Statement(label="OTHER WORK", text=text, tone=Tone.DOUBT)
    yield from _other_places(compared)
    machines = [side.letter for side in compared.sides[1:] if not side.same_machine]
    if machines:
        text = (
            f"{listed(machines)} ran on another machine than {compared.sides[0].letter}: memory is compared, time and "
            "what follows from it is shown and not judged."
        )
        yield Statement(label="OTHER MACHINE", text=text, tone=Tone.DOUBT)
    yield from _no_time(compared)
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


def _other_places(compared: SideBySide) -> Iterator[Statement]:
    """That files between steps lay elsewhere, which is work of the tasks where that is a store."""
    first = compared.sides[0]
    others: dict[str, list[str]] = {}
    for side in compared.sides[1:]:
        if not side.same_between:
            others.setdefault(one_line(between(side.run)), []).append(side.letter)
    for where, letters in others.items():
        text = (
            f"What passed between steps went to {where} in {listed(letters)}, and to {one_line(between(first.run))} in "
            f"{first.letter}: a store takes CPU time and memory that a folder does not, so what differs in the "
            "decomposed variant need not be the code."
        )
        yield Statement(label="OTHER PLACE", text=text, tone=Tone.DOUBT)


def _no_time(compared: SideBySide) -> Iterator[Statement]:
    """Why CPU time of the same machine is not judged either."""
    doubted = {
        doubt: [_with_doubt(compared, place, doubt) for place in range(len(compared.sides))]
        for doubt in (Doubt.BUSY, Doubt.PACE)
    }
    if any(doubted[Doubt.BUSY]):
        busy = [_named(side, side.busy) for side in compared.sides if side.busy and side.same_machine]
        text = (
            f"The machine was busy with other work while {listed(busy)} ran, and that adds CPU time too: CPU time, and "
            "what follows from it, is shown and not judged."
        )
        yield Statement(label="BUSY", text=text, tone=Tone.DOUBT)
    causes: dict[str, list[str]] = {}
    for side, variants in zip(compared.sides, doubted[Doubt.PACE], strict=True):
        if variants:
            causes.setdefault(_why_no_pace(compared.sides[0], side), []).append(_named(side, variants))
    for cause, names in causes.items():
        first = compared.sides[0].letter
        text = (
            f"Whether the cores were as fast in {listed(names)} as in {first} is not known: {cause}. CPU time, and "
            "what follows from it, is shown as measured and not judged."
        )
        yield Statement(label="PACE UNKNOWN", text=text, tone=Tone.DOUBT)


def _with_doubt(compared: SideBySide, place: int, doubt: Doubt) -> list[Variant]:
    """Variants of a run of which a figure is in doubt for this reason."""
    found = {
        line.variant
        for line in compared.lines
        if (value := line.values[place]) and value.difference and value.difference.doubt is doubt
    }
    return [variant for variant in Variant if variant in found]


def _named(side: Side, variants: Sequence[Variant]) -> str:
    """A run by its letter, with the variants in question where they are not all of it."""
    all_of_it = len(variants) == sum(1 for _, repeats in side.repeats if repeats)
    return side.letter if all_of_it else f"{side.letter} ({', '.join(variants)})"


def _why_no_pace(first: Side, side: Side) -> str:
    """Why the pace of the cores is not known of both, as a clause."""
    paces = [one.run.settings.pace for one in (first, side)]
    if first.run.machine.python != side.run.machine.python:
        return "they had different versions of Python"
    if paces[0] != paces[1] or not all(paces):
        return "one of both is of an older paredown, or was measured once"
    return "it was looked at too seldom, as where tasks take milliseconds"
