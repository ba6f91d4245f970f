"""The report in GitHub's Markdown, for a step's summary and for a comment on a pull request.

What matters stands first and open: the verdict, or what a check found, what changed, the totals, the reasons. Long
tables are folded. Nobody is pinged: `markdown_text` has the rules. A comment may hold 65,536 characters; what does not
fit is left out from the end, the least telling first, and the text says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from profiler.model import Variant
from profiler.report.markdown_text import fenced, in_html, inline, shortened
from profiler.report.shape import Column, Finding, Report, Row, Section, Statement, Table
from profiler.units import count

MOST_CHARACTERS = 60_000
"""Below what GitHub takes for a comment; a step's summary may have far more."""

_OPEN_ROWS = 12
"""A table of more rows is folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of each thing is shown."""

    rows: int
    columns: int
    cell: int
    """Characters, of a cell or a name."""
    prose: int
    """Characters, of a sentence."""
    items: int
    """Of a list."""


_ROOMS = (
    Room(rows=200, columns=24, cell=200, prose=2_000, items=50),
    Room(rows=40, columns=16, cell=100, prose=1_000, items=20),
    Room(rows=12, columns=12, cell=60, prose=400, items=8),
    Room(rows=5, columns=8, cell=40, prose=200, items=4),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of the text, with what it is called where it is left out."""

    name: str
    text: str


def render(report: Report) -> str:
    """Return the report as Markdown that ends in a newline, below `MOST_CHARACTERS` characters."""
    for room in _ROOMS:
        blocks = [block for block in _blocks(report, room) if block.text]
        text = _joined(blocks, ())
        if len(text) < MOST_CHARACTERS:
            return text
    return _without_some(blocks)


def marker(job: str) -> str:
    """Return the first line, by which an Action finds its own comment of a job again.

    >>> marker("cost-anomalies"), marker("a --> b")
    ('<!-- paredown: cost-anomalies -->', '<!-- paredown: a%20-%2D%3E%20b -->')
    """
    return f"<!-- paredown: {quote(shortened(job, 200)).replace('--', '-%2D')} -->"


def _blocks(report: Report, room: Room) -> Iterator[Block]:
    """The parts, in the order in which they are read; those at the end matter least."""
    title = f"### paredown: {inline(report.title, room.cell)}"
    facts = " · ".join(inline(fact, room.cell) for fact in report.facts)
    yield Block(name="the title", text=f"{marker(report.title)}\n{title}\n\n{facts}".rstrip())
    if report.checked is not None:
        yield Block(
            name="what the check found",
            text=_statements((report.checked.headline, *report.checked.statements), room, sign="+"),
        )
        changes = _table(report.checked.changes, room)
        yield Block(
            name="what changed", text=_folded("Every figure that was compared", changes, report.checked.changes)
        )
        yield Block(name="what the check rests on", text=_list(report.checked.notes, room))
    yield Block(name="the verdict", text=_statements(report.statements, room))
    yield Block(name="the totals", text=_table(report.totals, room))
    yield Block(name="what the totals are of", text=_list(report.totals_notes, room))
    for variant, section in zip(_variants(report), report.sections, strict=True):
        decides = variant is (report.check.variant if report.check else report.verdict.decided_by)
        yield Block(name=f"“{shortened(section.title, 60)}”", text=_section(section, room, decides=decides))
    for table in report.differences:
        yield Block(name=f"“{table.title}”", text=_details(table.title, _table(table, room)))
    for finding in report.findings:
        yield Block(name=f"“{shortened(finding.title, 60)}”", text=_finding(finding, room))
    if report.more_findings:
        more = f"{count(report.more_findings)} more kinds of findings are left out here; `--format json` has them all."
        yield Block(name="how many findings there are", text=more)
    warnings = _list(report.warnings, room)
    yield Block(name="the warnings", text=f"Warnings:\n\n{warnings}" if warnings else "")
    if report.hosts_section is not None:
        yield Block(name="the hosts", text=_section(report.hosts_section, room, decides=False))
    yield Block(name="what this rests on", text=_details("What this rests on", _statements(report.basis, room)))
    yield Block(name="the next commands", text=_commands(report, room))


def _joined(blocks: Sequence[Block], left_out: Sequence[str]) -> str:
    parts = [block.text for block in blocks]
    if left_out:
        parts.append(
            f"Left out here, for a comment has no room for it: {inline('; '.join(left_out), 2_000)}. "
            "`paredown report --format json` has everything."
        )
    return "\n\n".join(parts) + "\n"


def _without_some(blocks: Sequence[Block]) -> str:
    """Leave out the longest part of the last ones, until the rest fits; the title and the verdict stay."""
    kept = list(blocks)
    left_out: list[str] = []
    while len(_joined(kept, left_out)) >= MOST_CHARACTERS and len(kept) > 2:
        longest = max(range(2, len(kept)), key=lambda place: (len(kept[place].text), place))
        left_out.append(kept.pop(longest).name)
    return _joined(kept, left_out)


def _statements(statements: Sequence[Statement], room: Room, *, sign: str = "*") -> str:
    """One item each; what belongs to the one before it stands below that.

    Two lists with nothing between them have different signs, or they would be read as a single one.
    """
    lines = []
    for statement in statements[: room.items]:
        text = inline(statement.text.removeprefix("· "), room.prose)
        if statement.label:
            lines.append(f"{sign} **{inline(statement.label, room.cell)}**: {text}")
        else:
            lines.append(f"{'  ' if lines else ''}{sign} {text}")
    return "\n".join([*lines, *_more(sign, len(statements), room.items)])


def _list(texts: Iterable[str], room: Room) -> str:
    """One item each, with a sign that statements do not have."""
    texts = list(texts)
    lines = [f"- {inline(text, room.prose)}" for text in texts[: room.items]]
    return "\n".join([*lines, *_more("-", len(texts), room.items)])


def _more(sign: str, number: int, shown: int) -> list[str]:
    return [f"{sign} … and {count(number - shown)} more, left out here."] if number > shown else []


def _variants(report: Report) -> list[Variant]:
    """The variants of the report's sections."""
    both = (report.verdict.monolith, report.verdict.decomposed)
    return [variant.variant for variant in both if variant is not None]


def _section(section: Section, room: Room, *, decides: bool) -> str:
    """The figures of its steps are folded, and what is to be said of them too, but where it decides."""
    table = section.steps
    said = [
        *_by_text(((row, remark) for row in table.rows for remark in row.remarks), "{}: {}"),
        *_by_text(((row, remedy) for row in table.rows for remedy in row.remedies), "→ {}: {}"),
        *section.notes,
    ]
    figures, remarks = _table(table, room), _list(said, room)
    if decides:
        return _together(_details(section.title, figures), remarks)
    return _details(section.title, _together(figures, remarks))


def _together(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _by_text(said: Iterable[tuple[Row, str]], form: str) -> Iterator[str]:
    """Say once what holds of several rows."""
    subjects: dict[str, list[str]] = {}
    for row, text in said:
        subjects.setdefault(text, []).append(shortened(row.subject, 60))
    for text, names in subjects.items():
        more = f" and {count(len(names) - 3)} more" if len(names) > 3 else ""
        yield form.format(", ".join(names[:3]) + more, text)


def _finding(finding: Finding, room: Room) -> str:
    printed = ["It printed last:", *(f"│ {line}" for line in finding.printed)] if finding.printed else []
    lines = [*([finding.message] if finding.message else []), *finding.traceback, *printed]
    shown = [shortened(line, room.prose) for line in lines]
    return _details(finding.title, fenced(shown)) if shown else inline(finding.title, room.prose)


def _commands(report: Report, room: Room) -> str:
    lines = [line for command in report.commands for line in (f"# {command.purpose}", command.line)]
    return f"Next:\n\n{fenced([shortened(line, room.prose) for line in lines], 'sh')}" if lines else ""


def _folded(title: str, text: str, table: Table) -> str:
    return text if len(table.rows) <= _OPEN_ROWS else _details(title, text)


def _details(summary: str, inside: str) -> str:
    """Something folded. The empty lines around the inside make GitHub read it as Markdown again."""
    if not inside:
        return ""
    return f"<details><summary>{in_html(summary, 200)}</summary>\n\n{inside}\n\n</details>"


def _table(table: Table, room: Room) -> str:
    """A table of the columns that hold something; bars are pictures for a terminal, and left out."""
    if not table.rows:
        return ""
    places = [
        place
        for place, column in enumerate(table.columns)
        if column.key != "bar" and (column.always or any(row.cells[place].text.strip() for row in table.rows))
    ]
    shown = places[: room.columns]
    lines = [
        _row(_heading(table.columns[place], table.columns, room) for place in shown),
        _row("--:" if table.columns[place].right else ":--" for place in shown),
        *(_row(inline(row.cells[place].text, room.cell) for place in shown) for row in table.rows[: room.rows]),
    ]
    notes = [
        f"{count(whole - part)} more {what} are left out here; `--format json` has more of them."
        for whole, part, what in ((len(table.rows), room.rows, "rows"), (len(places), room.columns, "columns"))
        if whole > part
    ]
    return _together("\n".join(lines), *notes)


def _heading(column: Column, columns: Sequence[Column], room: Room) -> str:
    """A column's title; with its group where another column has the same one, or where it has none."""
    alike = sum(other.title == column.title for other in columns) > 1
    parts = [column.title, column.group if alike or not column.title else ""]
    return inline(", ".join(part for part in parts if part), room.cell)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
