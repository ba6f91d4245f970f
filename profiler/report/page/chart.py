"""One picture of the page: SVG to inline, and the same in words for whoever does not see it.

Only the value is here; `profiler.report.page.charts` draws.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One picture, ready to stand in a page.

    Colours are the page's: `--ink`, `--monolith`, `--decomposed`, `--limit`, `--grid` and `--surface`, each with a
    colour for paper where the page sets none. Every id in the drawing begins with `key`.
    """

    key: str
    """Stable, and usable as an HTML id."""
    title: str
    """What it shows, as a heading."""
    drawings: tuple[str, ...] = ()
    """Each `<svg …>…</svg>` as wide as a phone, title and description inside; side by side where there is room.

    Empty where `absent` says why there is none.
    """
    wide: str = ""
    """In place of the drawings where two columns are free; empty: they are shown everywhere."""
    description: str = ""
    """What a reader who cannot see it has to know, with the figures."""
    note: str = ""
    """What it rests on, shown below it."""
    absent: str = ""
    """Why there is no picture; empty: there is one."""
