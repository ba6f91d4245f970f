"""A table as the page shows it: columns that hold nothing left out, headings over neighbours, bars beside their figure.

What a row has to have said of it stands below the table, so that the table stays narrow enough for a phone and paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from profiler.report.shape import Column, Row, Table, Tone
from profiler.units import count

_TITLES = {"verdict": "verdict", "what": "figure"}
"""Headings for columns that a terminal shows without one."""
_MOST_NAMES = 3

_DIGIT, _POINT, _INDENT = "\u2007", "\u2008", "\u2003"
"""Spaces as wide as a digit, as a decimal point, and as an indent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands over one column, or over several."""

    text: str
    right: bool = False
    span: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One cell of the grid."""

    text: str
    tone: Tone
    right: bool
    low: str = ""
    """Width of the bar before the figure, in percent; empty: there is none."""
    unsure: str = ""
    """Width of the part of it that is not certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Headings and rows, ready to be laid out; the first cell of a row names it."""

    groups: tuple[Heading, ...]
    """Over the headings; empty: no column has a group."""
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Square, ...], ...]


def grid_of(table: Table) -> Grid:
    """Lay out a table."""
    shown = [place for place, column in enumerate(table.columns) if column.always or _holds(table, place)]
    places = [place for place in shown if not _is_bar(table, place)]
    columns = [table.columns[place] for place in places]
    return Grid(
        groups=tuple(_groups(columns)) if any(column.group for column in columns) else (),
        headings=tuple(
            Heading(text=column.title or _TITLES.get(column.key, ""), right=column.right) for column in columns
        ),
        rows=tuple(tuple(_square(table, row, place) for place in places) for row in table.rows),
    )


def meanings(tables: Iterable[Table]) -> tuple[str, ...]:
    """Return what the columns mean that are shown, each once."""
    said = (
        column.meaning
        for table in tables
        for place, column in enumerate(table.columns)
        if column.meaning and _holds(table, place)
    )
    return tuple(dict.fromkeys(said))


def said_below(rows: Iterable[Row], what: str) -> tuple[tuple[str, str], ...]:
    """Return subjects and their `remarks` or `remedies`; rows of which the same is said are named together."""
    subjects: dict[str, list[str]] = {}
    for row in rows:
        for text in row.remarks if what == "remarks" else row.remedies:
            subjects.setdefault(text, []).append(row.subject)
    return tuple((_together(names), text) for text, names in subjects.items())


def _together(names: Sequence[str]) -> str:
    more = f" and {count(len(names) - _MOST_NAMES)} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _holds(table: Table, place: int) -> bool:
    return any(row.cells[place].text.strip() or row.cells[place].bar for row in table.rows)


def _is_bar(table: Table, place: int) -> bool:
    """Whether a column holds bars alone, which then stand in the next one."""
    return any(row.cells[place].bar for row in table.rows) and place + 1 < len(table.columns)


def _groups(columns: Sequence[Column]) -> Iterable[Heading]:
    for group, members in groupby(columns, key=lambda column: column.group):
        yield Heading(text=group, span=len(list(members)))


def _square(table: Table, row: Row, place: int) -> Square:
    cell = row.cells[place]
    bar = row.cells[place - 1].bar if place else None
    return Square(
        text=_figure(cell.text) if table.columns[place].right else _word(cell.text),
        tone=cell.tone,
        right=table.columns[place].right,
        low=_percent(bar.low) if bar else "",
        unsure=_percent(bar.high - bar.low) if bar else "",
    )


def _percent(share: float) -> str:
    return f"{min(1.0, max(0.0, share)) * 100:.1f}"


def _word(text: str) -> str:
    """Keep that a row belongs to the one above it: two spaces before its name."""
    return (_INDENT if text.startswith("  ") else "") + text.strip()


def _figure(text: str) -> str:
    """Keep decimal points below each other: what follows a figure as padding becomes spaces of a digit's width.

    >>> _figure("  56    "), _figure("9.00")
    ('56\u2008\u2007\u2007\u2007', '9.00')
    """
    figure = text.strip()
    padding = len(text) - len(text.rstrip()) if figure else 0
    if not padding:
        return figure
    point = "" if "." in figure else _POINT
    return figure + point + _DIGIT * (padding - len(point))
