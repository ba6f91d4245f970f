"""How each variant looks in every picture: its colour, and what tells it apart without one."""

from __future__ import annotations

from typing import Any

from profiler.model import Run, Variant
from profiler.report.page.charts.canvas import Sheet
from profiler.report.page.charts.colours import DECOMPOSED, MONOLITH, Colour

BROKEN = (0, (4, 1.5))
"""A line's dashes."""

_COLOURS = {Variant.MONOLITH: MONOLITH, Variant.DECOMPOSED: DECOMPOSED}


def called(variant: Variant, run: Run) -> str:
    """What a reader calls a variant."""
    return "script" if run.is_script else variant.value


def colour_of(variant: Variant) -> Colour:
    """The colour of a variant."""
    return _COLOURS[variant]


def bar_of(variant: Variant, *, broken: bool = False) -> dict[str, Any]:
    """How a bar of a variant is filled: the monolith in one colour, the decomposed variant with stripes."""
    drawn = colour_of(variant).drawn
    striped = variant is Variant.DECOMPOSED
    return {
        "facecolor": "none" if striped else (drawn, 0.25 if broken else 0.85),
        "hatch": "/////" if striped else None,
        "edgecolor": drawn,
        "linewidth": 1.2,
        "linestyle": BROKEN if broken else "-",
    }


def bar(sheet: Sheet, *, left: float, top: float, width: float, height: float, **how: Any) -> None:
    """A bar on a sheet."""
    from matplotlib.patches import Rectangle

    corner = left / sheet.width, 1 - (top + height) / sheet.height
    sheet.figure.add_artist(Rectangle(corner, width / sheet.width, height / sheet.height, **how))


def sample(sheet: Sheet, variant: Variant, *, y: float) -> None:
    """A piece of the line that a variant has in a plot, before its name."""
    line = "-" if variant is Variant.MONOLITH else BROKEN
    sheet.line(left=1, right=27, y=y, color=colour_of(variant).drawn, linewidth=2.5, linestyle=line)
