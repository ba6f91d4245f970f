"""The report for a terminal, in whatever width there is.

Only this module and `tables` import rich. Import them where something is shown, so that the command
line starts at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from profiler.report.shape import Command, Finding, Report, Section, Statement, Table
from profiler.report.tables import QUIET, STYLES, meanings, remarks_below, remedies_below, shorten, table_lines

NARROWEST = 40
WIDEST_PROSE = 120
_INDENT = 2
_SMALLEST_COLUMN = 24


def render(report: Report, *, width: int = 80, colour: bool = False) -> str:
    """Return the report as text that ends in a newline.

    Args:
        report: What to show.
        width: Cells of the terminal; no line is longer. Below 40 it is taken as 40.
        colour: Whether to write the escape sequences of a terminal.
    """
    width = max(NARROWEST, width)
    blocks = [list(block) for block in _blocks(report, width)]
    return _text([line for block in blocks if block for line in (*block, None)][:-1], width, colour=colour)


def _blocks(report: Report, width: int) -> Iterator[Iterator[Text]]:
    """Groups of lines, in the order in which they are read; an empty line stands between them."""
    yield _heading(report, width)
    yield _statements(report.statements, width)
    for table in report.differences:
        yield _titled_table(table, width)
    if report.totals.rows:
        yield _titled_table(report.totals, width)
    yield _totals_notes(report, width)
    for section in report.sections:
        yield _section(section, width)
    yield _legend(report.sections, width)
    for finding in report.findings:
        yield _finding(finding, width)
    yield _more_findings(report, width)
    yield _warnings(report.warnings, width)
    yield _basis(report.basis, width)
    yield _commands(report.commands, width)


def _heading(report: Report, width: int) -> Iterator[Text]:
    title = Text(shorten(report.title, width), style="bold")
    facts = " · ".join(report.facts)
    if facts and cell_len(title.plain) + 3 + cell_len(facts) <= width:
        yield Text.assemble(title, "   ", facts)
        return
    yield title
    if facts:
        yield from _wrapped(facts, width, first=Text(" " * _INDENT))


def _statements(statements: tuple[Statement, ...], width: int) -> Iterator[Text]:
    longest = max(len(statement.label) for statement in statements)
    for statement in statements:
        label = Text(statement.label.ljust(longest), style=f"bold {STYLES[statement.tone]}".strip())
        yield from _wrapped(statement.text, width, first=Text.assemble(" " * _INDENT, label, "   "))


def _titled_table(table: Table, width: int) -> Iterator[Text]:
    if table.title:
        yield from _wrapped(table.title, width, first=Text(" " * _INDENT), style="bold")
    yield from table_lines(table, width=width, indent=_INDENT)


def _totals_notes(report: Report, width: int) -> Iterator[Text]:
    for note in report.totals_notes:
        yield from _wrapped(note, width, first=Text(" " * _INDENT))


def _section(section: Section, width: int) -> Iterator[Text]:
    yield Text(" " * _INDENT + shorten(section.title, width - _INDENT), style="bold")
    if section.steps.rows:
        yield from table_lines(section.steps, width=width, indent=_INDENT)
    for subject, remark in remarks_below(section.steps, width=width, indent=_INDENT):
        yield from _wrapped(f"{subject}: {remark}", width, first=Text(" " * _INDENT + "· "))
    for subject, remedy in remedies_below(section.steps, width=width):
        yield from _wrapped(f"{subject}: {remedy}", width, first=Text(" " * _INDENT + "→ "))
    for note in section.notes:
        yield from _wrapped(note, width, first=Text(" " * _INDENT))


def _legend(sections: tuple[Section, ...], width: int) -> Iterator[Text]:
    said = [meaning for section in sections for meaning in meanings(section.steps, width=width, indent=_INDENT)]
    if said:
        yield from _wrapped(" · ".join(dict.fromkeys(said)), width, first=Text(" " * _INDENT), style=QUIET)


def _finding(finding: Finding, width: int) -> Iterator[Text]:
    margin = Text(" " * (_INDENT + 2))
    yield from _wrapped(finding.title, width, first=Text(" " * _INDENT), style="bold")
    if finding.message:
        yield from _wrapped(finding.message, width, first=margin)
    for line in finding.traceback:
        yield from _folded(line, width, first=margin)
    if finding.printed:
        yield Text.assemble(margin, "It printed last:")
    for line in finding.printed:
        yield from _folded(line, width, first=Text.assemble(margin, "│ "))


def _more_findings(report: Report, width: int) -> Iterator[Text]:
    if report.more_findings:
        text = f"{report.more_findings} more kinds of findings are left out here; --format json has them all."
        yield from _wrapped(text, width, first=Text(" " * _INDENT))


def _warnings(warnings: tuple[str, ...], width: int) -> Iterator[Text]:
    most = 5
    for warning in warnings[:most]:
        yield from _wrapped(f"warning: {warning}", width, first=Text(" " * _INDENT))
    if len(warnings) > most:
        yield from _wrapped(f"and {len(warnings) - most} more warnings", width, first=Text(" " * _INDENT))


def _basis(basis: tuple[Statement, ...], width: int) -> Iterator[Text]:
    yield Text(" " * _INDENT + "What this rests on", style="bold")
    longest = max((len(statement.label) for statement in basis), default=0)
    for statement in basis:
        first = Text.assemble(" " * _INDENT, (statement.label.ljust(longest), QUIET), "   ")
        yield from _wrapped(statement.text, width, first=first)


def _commands(commands: tuple[Command, ...], width: int) -> Iterator[Text]:
    """Commands can be copied: what is too long for its line goes on after a backslash."""
    margin = " " * _INDENT
    if commands:
        yield Text(margin + "Next", style="bold")
    longest = max((cell_len(command.line) for command in commands), default=0)
    beside = longest + 3 + max((cell_len(command.purpose) for command in commands), default=0) + _INDENT <= width
    for command in commands:
        if beside:
            space = " " * (longest - cell_len(command.line) + 3)
            yield Text.assemble(margin, command.line, space, command.purpose)
        else:
            yield from _wrapped(f"{command.purpose}:", width, first=Text(margin))
            yield from _continued(command.line, width, margin=margin * 2)


def _continued(line: str, width: int, *, margin: str) -> Iterator[Text]:
    room = width - len(margin) - 2
    parts = [part.plain.rstrip() for part in _lines_of(line, room)]
    for part in parts[:-1]:
        yield Text(f"{margin}{part} \\")
    yield Text(margin + parts[-1])


def _wrapped(text: str, width: int, *, first: Text, style: str = "") -> Iterator[Text]:
    """Wrap prose behind a first part; the lines after it begin where its first line does."""
    margin = cell_len(first.plain)
    room = min(width, WIDEST_PROSE) - margin
    if room < _SMALLEST_COLUMN and first.plain.strip():
        first.rstrip()
        yield first
        first, room = Text(" " * (_INDENT + 2)), width - _INDENT - 2
        margin = _INDENT + 2
    for place, part in enumerate(_lines_of(text, room)):
        line = Text.assemble(first if place == 0 else " " * margin, (part.plain, style))
        line.rstrip()
        yield line


def _folded(line: str, width: int, *, first: Text) -> Iterator[Text]:
    """Break a line of a traceback or of output anywhere, so that every character of it is there."""
    for part in chop_cells(line, width - cell_len(first.plain)) or [""]:
        folded = Text.assemble(first, part)
        folded.rstrip()
        yield folded


def _lines_of(text: str, room: int) -> list[Text]:
    return list(Text(text).wrap(_console(room, colour=False), room, overflow="fold")) or [Text()]


def _text(lines: list[Text | None], width: int, *, colour: bool) -> str:
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
