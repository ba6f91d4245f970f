"""Tables as lines of a terminal: columns that do not fit go, the least telling first; no row ever wraps.

Widths are counted in cells, since a Chinese character takes two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.text import Text

from profiler.report.shape import Bar, Cell, Row, Table, Tone

STYLES = {Tone.PLAIN: "", Tone.YES: "green", Tone.NO: "red", Tone.DOUBT: "yellow"}
QUIET = "dim"
GAP = 2

_BEFORE_NAMES = ("bar", "interval_cpu", "interval_peak", "used", "init", "longest")
_FIRST_TO_GO = (
    *(*_BEFORE_NAMES, "before_cpu", "before_peak", "now_cpu", "there", "wall", "added", "tasks", "cpu", "gb_s", "size"),
    *("id", "variants", "repeats", "interval", "most", "least", "job", "commit", "on_disk"),
)
_SHORTEST_NAME = 12
_SHORTEST_BAR, _LONGEST_BAR = 8, 20
_SHORTEST_TEXT = 4
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def shorten(text: str, cells: int) -> str:
    """Return the text in at most so many cells, its middle left out where it is longer.

    >>> shorten("a_very_long_name_of_a_step", 15)
    'a_very_…_a_step'
    """
    if cell_len(text) <= cells:
        return text
    if cells < 3:
        return set_cell_size(text, cells).rstrip()
    end = (cells - 1) // 2
    return f"{set_cell_size(text, cells - 1 - end).rstrip()}…{_last_cells(text, end)}"


def table_lines(table: Table, *, width: int, indent: int = 2) -> list[Text]:
    """Return the heading and the rows, then the remarks for which the rows had no room."""
    shown, widths, beside = _chosen(table, width - indent)
    margin = " " * indent
    lines = [*_group_line(table, shown, widths, margin, width), *_title_line(table, shown, widths, margin)]
    for row in table.rows:
        line = Text(margin)
        for place in shown:
            text = _cell(row, place, widths[place], table.columns[place].right, beside=beside, last=place == shown[-1])
            line.append_text(text)
            line.append(" " * GAP)
        line.rstrip()
        lines.append(line)
    return lines


def remarks_below(table: Table, *, width: int, indent: int = 2) -> list[tuple[str, str]]:
    """Return subjects and remarks that stand below the table; rows with the same remark are named together."""
    if _chosen(table, width - indent)[2]:
        return []
    return _by_text(((remark, row.subject) for row in table.rows for remark in row.remarks), width)


def remedies_below(table: Table, *, width: int) -> list[tuple[str, str]]:
    """Return subjects and what would help them; rows that the same would help are named together."""
    return _by_text(((remedy, row.subject) for row in table.rows for remedy in row.remedies), width)


def meanings(table: Table, *, width: int, indent: int = 2) -> list[str]:
    """Return what the columns that are shown mean."""
    return [table.columns[place].meaning for place in _chosen(table, width - indent)[0] if table.columns[place].meaning]


def _by_text(said: Iterable[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    subjects: dict[str, list[str]] = {}
    for text, subject in said:
        subjects.setdefault(text, []).append(subject)
    longest = max(_SHORTEST_NAME, width // 3)
    return [(_together(names, longest), text) for text, names in subjects.items()]


def _together(names: Sequence[str], longest: int) -> str:
    most = 3
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shorten(name, longest) for name in names[:most]) + more


def _chosen(table: Table, room: int) -> tuple[list[int], dict[int, int], bool]:
    """Return the columns that are shown, their widths, and whether remarks stand beside the rows."""
    shown = [
        place
        for place in range(len(table.columns))
        if table.columns[place].always
        or any(row.cells[place].text.strip() or row.cells[place].bar for row in table.rows)
    ]
    if not shown:
        return [], {}, False
    longest_name = max(_SHORTEST_NAME, room // 4)
    natural = {place: _natural(table, place, longest_name) for place in shown}
    last = shown[-1]
    if len(shown) > 1 and table.columns[last].group != table.columns[shown[-2]].group:
        natural[last] = max(natural[last], cell_len(table.columns[last].group))
    with_remarks = natural | {last: max(cell_len(_beside(row, row.cells[last])) for row in table.rows)}
    if any(row.remarks for row in table.rows) and _sum(with_remarks) <= room:
        return shown, _grown(table, with_remarks, room), True
    widths = _without_some(table, natural, room)
    return *_squeezed(list(widths), _grown(table, widths, room), room), False


def _without_some(table: Table, natural: dict[int, int], room: int) -> dict[int, int]:
    """Leave out columns, the least telling first, until the others fit; then take back what there is room for.

    A long name is shortened before more than the first few columns go.
    """
    places = {table.columns[place].key: place for place in natural}
    gone: list[int] = []
    widths = dict(natural)
    for key in _FIRST_TO_GO:
        spare = max(0, widths[places["step"]] - _SHORTEST_NAME) if key not in _BEFORE_NAMES and "step" in places else 0
        if _sum(widths) - spare <= room:
            break
        if key in places:
            gone.append(places[key])
            del widths[places[key]]
    for place in reversed(gone):
        if _sum(widths | {place: natural[place]}) <= room:
            widths[place] = natural[place]
    return {place: widths[place] for place in sorted(widths)}


def _natural(table: Table, place: int, longest_name: int) -> int:
    column = table.columns[place]
    if column.key == "bar":
        return _SHORTEST_BAR
    widest = max(cell_len(column.title), *(cell_len(row.cells[place].text) for row in table.rows))
    return min(widest, longest_name) if column.key == "step" else widest


def _sum(widths: dict[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _grown(table: Table, widths: dict[int, int], room: int) -> dict[int, int]:
    """Give what is left to the bar."""
    bars = [place for place in widths if table.columns[place].key == "bar"]
    return widths | {place: min(_LONGEST_BAR, widths[place] + room - _sum(widths)) for place in bars}


def _squeezed(shown: list[int], widths: dict[int, int], room: int) -> tuple[list[int], dict[int, int]]:
    """Shorten the widest columns; where even that is not enough, leave out columns from the middle."""
    shown, widths = list(shown), dict(widths)
    while _SHORTEST_TEXT * len(shown) + GAP * (len(shown) - 1) > room and len(shown) > 1:
        del widths[shown.pop(len(shown) // 2)]
    while _sum(widths) > room:
        widest = max(widths, key=lambda place: widths[place])
        widths[widest] -= 1
    return shown, widths


def _beside(row: Row, cell: Cell) -> str:
    """A verdict with its remarks, as the last cell of its row."""
    between = "; " if cell.tone is Tone.YES else ": "
    return cell.text + (between + "; ".join(row.remarks) if row.remarks else "")


def _cell(row: Row, place: int, width: int, right: bool, *, beside: bool, last: bool) -> Text:
    cell = row.cells[place]
    if cell.bar is not None:
        return Text(bar_text(cell.bar, width))
    text = Text(shorten(cell.text, width), style=STYLES[cell.tone])
    if beside and last:
        text.append_text(Text(_beside(row, cell)[len(cell.text) :]))
    padding = " " * (width - cell_len(text.plain))
    return Text.assemble(padding, text) if right else Text.assemble(text, padding)


def _group_line(table: Table, shown: list[int], widths: dict[int, int], margin: str, width: int) -> list[Text]:
    """A line of headings over neighbouring columns, each drawn over the whole of its columns."""
    if not any(table.columns[place].group for place in shown):
        return []
    line = Text(margin)
    for group, places in groupby(shown, key=lambda place: table.columns[place].group):
        members = list(places)
        span = sum(widths[place] for place in members) + GAP * (len(members) - 1)
        if members[-1] == shown[-1]:
            span = min(max(span, cell_len(group)), width - cell_len(line.plain))
        title = shorten(group, span)
        rule = f" {'─' * (span - cell_len(title) - 1)}" if group and span > cell_len(title) + 1 else ""
        line.append(set_cell_size(title + rule, span), style=QUIET)
        line.append(" " * GAP)
    line.rstrip()
    return [line]


def _title_line(table: Table, shown: list[int], widths: dict[int, int], margin: str) -> list[Text]:
    if not any(table.columns[place].title for place in shown):
        return []
    line = Text(margin)
    for place in shown:
        title = shorten(table.columns[place].title, widths[place])
        padding = " " * (widths[place] - cell_len(title))
        line.append(padding + title if table.columns[place].right else title + padding, style=QUIET)
        line.append(" " * GAP)
    line.rstrip()
    return [line]


def bar_text(bar: Bar, cells: int) -> str:
    """Return a bar of so many cells at most, its uncertain part drawn lighter.

    >>> bar_text(Bar(low=0.5, high=0.5), 5), bar_text(Bar(low=0.4, high=0.8), 5)
    ('██▌  ', '██░░ ')
    """
    if bar.low < bar.high:
        low, high = round(bar.low * cells), max(1, round(bar.high * cells))
        return ("█" * low + "░" * (high - low)).ljust(cells)
    eighths = max(1, round(bar.low * cells * 8)) if bar.low else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()).ljust(cells)


def _last_cells(text: str, cells: int) -> str:
    """Return the end of a text, in at most so many cells."""
    return chop_cells(text[::-1], cells)[0][::-1] if cells else ""
