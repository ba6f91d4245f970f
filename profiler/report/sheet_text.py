"""A page beside the report for a terminal, in whatever width there is."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from profiler.report.lines import INDENT, as_text, wrapped
from profiler.report.sheet import Block, Sheet
from profiler.report.tables import QUIET
from profiler.report.terminal import NARROWEST, commands_lines, heading, legend_lines, section_lines, statements_lines


def sheet_text(sheet: Sheet, *, width: int = 80, colour: bool = False) -> str:
    """Return a page as text that ends in a newline.

    Args:
        sheet: What to show.
        width: Cells of the terminal; no line is longer, but for a long word of a command. Below 40 it is taken as 40.
        colour: Whether to write the escape sequences of a terminal.
    """
    width = max(NARROWEST, width)
    blocks = [list(block) for block in _blocks(sheet, width)]
    return as_text([line for block in blocks if block for line in (*block, None)][:-1], width, colour=colour)


def _blocks(sheet: Sheet, width: int) -> Iterator[Iterator[Text]]:
    yield heading(sheet.title, sheet.facts, width)
    if sheet.statements:
        yield statements_lines(sheet.statements, width)
    for block in sheet.blocks:
        yield _block(block, width)
    for section in sheet.sections:
        yield section_lines(section, width)
    yield legend_lines(sheet.sections, width)
    yield _notes(sheet, width)
    yield commands_lines(sheet.commands, width)


def _block(block: Block, width: int) -> Iterator[Text]:
    yield Text(" " * INDENT + block.title, style="bold")
    longest = max((cell_len(statement.label) for statement in block.statements), default=0)
    for statement in block.statements:
        space = " " * (longest - cell_len(statement.label) + 3)
        yield from wrapped(statement.text, width, first=Text.assemble(" " * INDENT, (statement.label, QUIET), space))


def _notes(sheet: Sheet, width: int) -> Iterator[Text]:
    for note in sheet.notes:
        yield from wrapped(note, width, first=Text(" " * INDENT + "· "))
