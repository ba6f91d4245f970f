r"""Text made fit for GitHub's Markdown: it comes out as the same text, whatever signs it holds.

Beside what Markdown reads as markup, GitHub makes links and pings of names after an at sign, of numbers after a hash,
of addresses and of emoji names, and does so after entities are resolved; a zero-width space keeps it from that.
"""

from __future__ import annotations

import html
import re

_BREAK = "&#8203;"
"""A zero-width space. As a character it would be no less invisible, and harder to find."""

_MARKUP = re.compile(r"[\\`*\[\]<|~$^]|&(?=[#\w])|(?<![^\W_])_|_(?![^\W_])")
_AT_THE_START = re.compile(r"^(?=[=#>]|[-+](?:\s|-|$))|^(\d{1,9})(?=[.)](?:\s|$))")
_EMOJI = r"(?:[\w+-]*[a-z][\w+-]*|[+-]1|100|1234)"
_MADE_A_LINK = re.compile(rf"@(?=[\w-])|#(?=\d)|(?<=GH)-(?=\d)|:(?=//)|(?<=www)\.(?=\S)|:(?={_EMOJI}:)", re.IGNORECASE)


def inline(text: str, most: int = 1_000_000) -> str:
    r"""Return one line of text as Markdown that shows it, shortened to so many of its characters.

    >>> inline("train_model | <b> *x* 7 % _a_")
    'train_model \\| \\<b> \\*x\\* 7 % \\_a\\_'
    >>> inline("@ada sees #12"), inline("1. a"), inline("abcdef", 4)
    ('@&#8203;ada sees #&#8203;12', '1\\. a', 'abc…')
    """
    text = _MARKUP.sub(r"\\\g<0>", shortened(text.strip(), most))
    text = _AT_THE_START.sub(lambda found: (found[1] or "") + "\\", text)
    return _MADE_A_LINK.sub(_unlinked, text)


def in_html(text: str, most: int = 1_000_000) -> str:
    """Return one line of text for the inside of an HTML element, such as a summary, where Markdown is not read.

    >>> in_html("a < b of @ada")
    'a &lt; b of @&#8203;ada'
    """
    return _MADE_A_LINK.sub(_unlinked, html.escape(shortened(text.strip(), most), quote=False))


def fenced(lines: list[str], language: str = "text") -> str:
    """Return lines as a code block, whose fence is longer than any that stands in them."""
    inside = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"`+", inside)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{inside}\n{fence}"


def shortened(text: str, most: int) -> str:
    """Return at most so many characters, the last of them three dots where some are left out."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _unlinked(found: re.Match[str]) -> str:
    """A sign with something after it, or before it, that keeps it from being read together with its neighbours."""
    return f"{found[0]}{_BREAK}"
