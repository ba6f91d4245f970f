"""The few colours of the pictures: drawn in one that stands for each, shown in the page's own.

matplotlib writes fixed colours, and a page has two looks, so each colour here is a sign that `inlining` replaces.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """A colour that the page decides."""

    name: str
    """Of the page's CSS variable."""
    drawn: str
    """What matplotlib is given, and writes; no other colour of a picture is this one."""
    otherwise: str
    """For a page that does not set the variable, and for paper."""


INK = Colour(name="ink", drawn="#010203", otherwise="#1f2328")
MONOLITH = Colour(name="monolith", drawn="#010204", otherwise="#9a4a00")
DECOMPOSED = Colour(name="decomposed", drawn="#010205", otherwise="#0b5cad")
LIMIT = Colour(name="limit", drawn="#010206", otherwise="#b42318")
GRID = Colour(name="grid", drawn="#010207", otherwise="#d0d7de")
SURFACE = Colour(name="surface", drawn="#010208", otherwise="#ffffff")

COLOURS = (INK, MONOLITH, DECOMPOSED, LIMIT, GRID, SURFACE)
