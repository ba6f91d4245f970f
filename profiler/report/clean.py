"""Text that others wrote, made fit to be shown: nothing in it moves a cursor, changes a colour or breaks a line."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def one_line(text: str) -> str:
    r"""Return the text with every character that cannot be printed as its escape.

    >>> one_line("a\nb \x1b[31mred[/red]")
    'a\\nb \\x1b[31mred[/red]'
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def printed_lines(text: str) -> tuple[str, ...]:
    r"""Return what a terminal would show of printed text: no colours, and of a progress bar its last state.

    >>> printed_lines("\x1b[32mok\x1b[0m\n 10 %\r100 %\n")
    ('ok', '100 %')
    """
    plain = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n")
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in plain.split("\n")]
    shown = [one_line(line.expandtabs(4).rstrip()) for line in lines]
    while shown and not shown[-1]:
        shown.pop()
    while shown and not shown[0]:
        shown.pop(0)
    return tuple(shown)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode("ascii")
