"""Every limit and price that a report rests on, with its source and date: one row each."""

from __future__ import annotations

from collections.abc import Sequence

from profiler.facts import Fact, Price
from profiler.report.clean import one_line
from profiler.report.facts_list import date_text, price_text, value_text
from profiler.report.shape import Cell, Column, Row, Table
from profiler.units import count
from profiler.verdict import Verdict

_COLUMNS = (
    Column(key="name", title="name"),
    Column(key="about", title="what it is"),
    Column(key="value", title="value"),
    Column(key="date", title="date"),
    Column(key="sure", title="confidence"),
    Column(key="source", title="source"),
)


def sources_table(verdict: Verdict, sources: Sequence[Fact | Price]) -> Table:
    """Lay out what a verdict rests on; of machines only those that it names, and where it names none nothing of EC2."""
    named = _named_machines(verdict)
    shown = [entry for entry in sources if named or entry.service != "ec2"]
    return Table(
        columns=_COLUMNS,
        rows=tuple(_row(entry) for entry in shown if not _is_a_machine(entry) or entry.name in named),
    )


def sources_notes(verdict: Verdict, sources: Sequence[Fact | Price]) -> tuple[str, ...]:
    """Say how many machines were looked at that the table leaves out."""
    named = _named_machines(verdict)
    others = [entry for entry in sources if _is_a_machine(entry) and entry.name not in named]
    if not others or not named:
        return ()
    types = "1 other EC2 machine type" if len(others) == 1 else f"{count(len(others))} other EC2 machine types"
    oldest = min(machine.origin.date for machine in others)
    return (f"{types} could have been chosen, with prices as of {oldest}; paredown facts ec2 lists them.",)


def _named_machines(verdict: Verdict) -> set[str]:
    if verdict.monolith is None or not verdict.monolith.hypothetical:
        return set()
    return {
        machine.type for machine in (verdict.monolith.machine, verdict.monolith.default_machine) if machine is not None
    }


def _is_a_machine(entry: Fact | Price) -> bool:
    return isinstance(entry, Price) and entry.is_of_a_machine


def _row(entry: Fact | Price) -> Row:
    origin = entry.origin
    name = f"{entry.service}.{entry.name}"
    if isinstance(entry, Price) and entry.arch is not None and not _is_a_machine(entry):
        name = f"{name}, {entry.arch}"
    value = value_text(entry) if isinstance(entry, Fact) else price_text(entry)
    sure = f"{origin.confidence.value}, yours" if origin.yours else origin.confidence.value
    texts = (name, entry.about, value, date_text(origin), sure, origin.source)
    return Row(cells=tuple(Cell(text=one_line(text)) for text in texts), subject=name)
