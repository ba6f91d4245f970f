"""The report for a terminal, in whatever width there is.

Only this module, `lines`, `tables` and `sheet_text` import rich. Import them where something is shown, so that the
command line starts at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from profiler.report.lines import INDENT, as_text, folded, wrapped
from profiler.report.plain import continued
from profiler.report.shape import Command, Finding, Report, Section, Statement, Table
from profiler.report.tables import QUIET, STYLES, meanings, remarks_below, remedies_below, shorten, table_lines

NARROWEST = 40


def render(report: Report, *, width: int = 80, colour: bool = False) -> str:
    """Return the report as text that ends in a newline.

    Args:
        report: What to show.
        width: Cells of the terminal; no line is longer, but for a long word of a command. Below 40 it is taken as 40.
        colour: Whether to write the escape sequences of a terminal.
    """
    width = max(NARROWEST, width)
    blocks = [list(block) for block in _blocks(report, width)]
    return as_text([line for block in blocks if block for line in (*block, None)][:-1], width, colour=colour)


def _blocks(report: Report, width: int) -> Iterator[Iterator[Text]]:
    """Groups of lines, in the order in which they are read; an empty line stands between them."""
    yield heading(report.title, report.facts, width)
    yield statements_lines(report.statements, width)
    for table in report.differences:
        yield _titled_table(table, width)
    if report.totals.rows:
        yield _titled_table(report.totals, width)
    yield _totals_notes(report, width)
    for section in report.sections:
        yield section_lines(section, width)
    yield legend_lines(report.sections, width)
    for finding in report.findings:
        yield _finding(finding, width)
    yield _more_findings(report, width)
    yield _warnings(report.warnings, width)
    if report.hosts_section is not None:
        yield section_lines(report.hosts_section, width)
    yield _basis(report.basis, width)
    yield commands_lines(report.commands, width)


def heading(title: str, parts: tuple[str, ...], width: int) -> Iterator[Text]:
    """Lay out a title, and beside or below it how much it is of."""
    name = Text(shorten(title, width), style="bold")
    facts = " · ".join(parts)
    if facts and cell_len(name.plain) + 3 + cell_len(facts) <= width:
        yield Text.assemble(name, "   ", facts)
        return
    yield name
    if facts:
        yield from wrapped(facts, width, first=Text(" " * INDENT))


def statements_lines(statements: tuple[Statement, ...], width: int) -> Iterator[Text]:
    """Lay out sentences behind their labels."""
    longest = max(len(statement.label) for statement in statements)
    for statement in statements:
        label = Text(statement.label.ljust(longest), style=f"bold {STYLES[statement.tone]}".strip())
        yield from wrapped(statement.text, width, first=Text.assemble(" " * INDENT, label, "   "))


def _titled_table(table: Table, width: int) -> Iterator[Text]:
    if table.title:
        yield from wrapped(table.title, width, first=Text(" " * INDENT), style="bold")
    yield from table_lines(table, width=width, indent=INDENT)


def _totals_notes(report: Report, width: int) -> Iterator[Text]:
    for note in report.totals_notes:
        yield from wrapped(note, width, first=Text(" " * INDENT))


def section_lines(section: Section, width: int) -> Iterator[Text]:
    """Lay out a table with its title, remarks and notes."""
    if section.title:
        yield Text(" " * INDENT + shorten(section.title, width - INDENT), style="bold")
    if section.steps.rows:
        yield from table_lines(section.steps, width=width, indent=INDENT)
    for subject, remark in remarks_below(section.steps, width=width, indent=INDENT):
        yield from wrapped(f"{subject}: {remark}", width, first=Text(" " * INDENT + "· "))
    for subject, remedy in remedies_below(section.steps, width=width):
        yield from wrapped(f"{subject}: {remedy}", width, first=Text(" " * INDENT + "→ "))
    for note in section.notes:
        yield from wrapped(note, width, first=Text(" " * INDENT))


def legend_lines(sections: tuple[Section, ...], width: int) -> Iterator[Text]:
    """Say once what the columns of all tables mean."""
    said = [meaning for section in sections for meaning in meanings(section.steps, width=width, indent=INDENT)]
    if said:
        yield from wrapped(" · ".join(dict.fromkeys(said)), width, first=Text(" " * INDENT), style=QUIET)


def _finding(finding: Finding, width: int) -> Iterator[Text]:
    margin = Text(" " * (INDENT + 2))
    yield from wrapped(finding.title, width, first=Text(" " * INDENT), style="bold")
    if finding.message:
        yield from wrapped(finding.message, width, first=margin)
    for line in finding.traceback:
        yield from folded(line, width, first=margin)
    if finding.printed:
        yield Text.assemble(margin, "It printed last:")
    for line in finding.printed:
        yield from folded(line, width, first=Text.assemble(margin, "│ "))


def _more_findings(report: Report, width: int) -> Iterator[Text]:
    if report.more_findings:
        text = f"{report.more_findings} more kinds of findings are left out here; --format json has them all."
        yield from wrapped(text, width, first=Text(" " * INDENT))


def _warnings(warnings: tuple[str, ...], width: int) -> Iterator[Text]:
    most = 5
    for warning in warnings[:most]:
        yield from wrapped(f"warning: {warning}", width, first=Text(" " * INDENT))
    if len(warnings) > most:
        yield from wrapped(f"and {len(warnings) - most} more warnings", width, first=Text(" " * INDENT))


def _basis(basis: tuple[Statement, ...], width: int) -> Iterator[Text]:
    yield Text(" " * INDENT + "What this rests on", style="bold")
    longest = max((len(statement.label) for statement in basis), default=0)
    for statement in basis:
        first = Text.assemble(" " * INDENT, (statement.label.ljust(longest), QUIET), "   ")
        yield from wrapped(statement.text, width, first=first)


def commands_lines(commands: tuple[Command, ...], width: int) -> Iterator[Text]:
    """Lay out commands to be copied: what is too long for its line goes on after a backslash."""
    margin = " " * INDENT
    if commands:
        yield Text(margin + "Next", style="bold")
    longest = max((cell_len(command.line) for command in commands), default=0)
    beside = longest + 3 + max((cell_len(command.purpose) for command in commands), default=0) + INDENT <= width
    for command in commands:
        if beside:
            space = " " * (longest - cell_len(command.line) + 3)
            yield Text.assemble(margin, command.line, space, command.purpose)
        else:
            yield from wrapped(f"{command.purpose}:", width, first=Text(margin))
            yield from map(Text, continued(command.line, width, margin=margin * 2, cells=cell_len))
