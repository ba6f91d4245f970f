"""Plain text without rich, for commands that are there at once: wrapped prose, and tables whose columns are aligned."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Sequence

from profiler.units import count

WIDEST_PROSE = 120
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"]|['"])+""")
"""Of a command, with its quotes."""


def wrapped(text: str, width: int, *, first: str = "", margin: str = "") -> str:
    """Return prose in lines that fit the width; what cannot be broken, such as an address, may be longer.

    >>> print(wrapped("one two three", 9, first="- ", margin="  "))
    - one two
      three
    """
    return textwrap.fill(
        text,
        min(width, WIDEST_PROSE),
        initial_indent=first,
        subsequent_indent=margin,
        break_on_hyphens=False,
        break_long_words=False,
    )


def continued(line: str, width: int, *, margin: str, cells: Callable[[str], int] = len) -> list[str]:
    r"""Return a command in lines to be copied: it goes on after a backslash, and no word of it is broken.

    Args:
        line: As a shell takes it.
        width: Cells that a line may have; a word that is longer by itself stays whole.
        margin: Before each line.
        cells: How wide a text is.

    >>> print("\n".join(continued("budget --workspace 'my runs' --athena", 32, margin="  ")))
      budget --workspace 'my runs' \
      --athena
    """
    room = width - len(margin) - len(" \\")
    lines: list[str] = []
    for word in _WORD.findall(line):
        if lines and cells(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [f"{margin}{part} \\" for part in lines[:-1]] + [f"{margin}{lines[-1]}"]


def table(
    rows: Sequence[Sequence[str]], *, width: int, right: Collection[int] = (), wraps: int | None = None, indent: int = 2
) -> list[str]:
    """Return rows of text as lines whose columns stand below each other.

    Args:
        rows: The heading first; all of the same length.
        width: Cells that a line may have.
        right: Columns that stand at the right.
        wraps: The column that is wrapped where a line would be too wide.
        indent: Spaces before each line.

    >>> table([("what", "usd"), ("one two", "1")], width=11, right={1}, wraps=0)
    ['  what  usd', '  one     1', '  two']
    """
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    if wraps is not None:
        over = indent + sum(widths) + 2 * (len(widths) - 1) - width
        longest_word = max((len(word) for row in rows for word in row[wraps].split()), default=1)
        widths[wraps] = max(longest_word, widths[wraps] - max(0, over))
    lines = []
    for row in rows:
        parts = [""]
        if wraps is not None:
            parts = textwrap.wrap(row[wraps], widths[wraps], break_on_hyphens=False) or parts
        cells = [parts[0] if place == wraps else cell for place, cell in enumerate(row)]
        shown = [
            cell.rjust(wide) if place in right else cell.ljust(wide)
            for place, (cell, wide) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append((" " * indent + "  ".join(shown)).rstrip())
        before = " " * (indent + sum(widths[: wraps or 0]) + 2 * (wraps or 0))
        lines += [before + part for part in parts[1:]]
    return lines


def many(number: int, what: str) -> str:
    """Return how many of what there are, in words.

    >>> many(1, "request"), many(3000, "request"), many(2, "GB-second of /tmp")
    ('1 request', '3,000 requests', '2 GB-seconds of /tmp')
    """
    head, _, tail = what.partition(" ")
    plural = what if number == 1 else f"{head}s {tail}" if tail.startswith("of") else f"{what}s"
    return f"{count(number)} {plural}"


def listed(words: Sequence[str]) -> str:
    """Return words one after another, as a sentence has them.

    >>> listed(["A"]), listed(["A", "B", "C"])
    ('A', 'A, B and C')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
