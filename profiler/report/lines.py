"""Prose and lines of a terminal: wrapped at its width, and written with its colours or without.

Nothing here knows what is shown; `tables` lays out tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

WIDEST_PROSE = 120
INDENT = 2
_SMALLEST_COLUMN = 24


def wrapped(text: str, width: int, *, first: Text, style: str = "") -> Iterator[Text]:
    """Wrap prose behind a first part; the lines after it begin where its first line does."""
    margin = cell_len(first.plain)
    room = min(width, WIDEST_PROSE) - margin
    if room < _SMALLEST_COLUMN and first.plain.strip():
        first.rstrip()
        yield first
        first, room = Text(" " * (INDENT + 2)), width - INDENT - 2
        margin = INDENT + 2
    for place, part in enumerate(lines_of(text, room)):
        line = Text.assemble(first if place == 0 else " " * margin, (part.plain, style))
        line.rstrip()
        yield line


def folded(line: str, width: int, *, first: Text) -> Iterator[Text]:
    """Break a line of a traceback or of output anywhere, so that every character of it is there."""
    for part in chop_cells(line, width - cell_len(first.plain)) or [""]:
        line_part = Text.assemble(first, part)
        line_part.rstrip()
        yield line_part


def lines_of(text: str, room: int) -> list[Text]:
    """Wrap prose to so many cells; at least one line."""
    return list(Text(text).wrap(_console(room, colour=False), room, overflow="fold")) or [Text()]


def as_text(lines: Sequence[Text | None], width: int, *, colour: bool) -> str:
    """Return lines as text; None is an empty one."""
    if not colour:
        return "".join(f"{'' if line is None else line.plain}\n" for line in lines)
    console = _console(width, colour=True)
    with console.capture() as capture:
        for line in lines:
            console.print("" if line is None else line, no_wrap=True, overflow="ignore", crop=False)
    return capture.get()


def _console(width: int, *, colour: bool) -> Console:
    """A console that writes nowhere, and knows nothing of the terminal and the environment that it is in."""
    return Console(
        file=StringIO(),
        width=width,
        height=100,
        color_system="standard" if colour else None,
        force_terminal=colour,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
