"""A sheet to draw on: matplotlib without a screen, without its global state, and with places in pixels.

A sheet is as narrow as a phone, so that its text can be read there; where there is more room, several stand side by
side, or a wide one takes the place of a narrow one. What is drawn on it, and where, the pictures decide.
"""

from __future__ import annotations

import io
import logging
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from profiler.report.page.charts.colours import GRID, INK
from profiler.report.page.charts.inlining import inlined

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 340
"""Pixels of a sheet: about what a phone has left, and a third of a laptop's page."""
WIDE = 726
"""Pixels of a wide sheet: two columns of a laptop's page and the gap between them."""
TEXT = 13
BOLD = 1.12 * TEXT
"""Size of plain text that is as wide as bold text of the usual size."""
LINE = 18
"""From one line of text to the next."""

_DOTS_PER_INCH = 72  # A point is a pixel then.
_BROAD, _CAPITAL, _DIGIT, _OTHER, _SLIM = 1.0, 0.7, 0.64, 0.6, 0.36
"""Width of a letter ÷ size of the text; of a whole name somewhat more than most fonts have."""


class Sheet:
    """A figure with the origin at its top left, in pixels."""

    def __init__(self, figure: Figure, height: float, width: float = WIDTH) -> None:
        self.figure = figure
        self.height = height
        self.width = width

    def plot(self, *, left: float, top: float, width: float, height: float) -> Axes:
        """A place for a plot: lines of a grid behind it, a base line, and no frame."""
        box = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(box)
        axes.set_axisbelow(True)
        for side in ("top", "left", "right"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(INK.drawn)
        axes.tick_params(length=0, pad=5, colors=INK.drawn, labelsize=TEXT)
        axes.grid(visible=True, color=GRID.drawn, linewidth=1)
        return axes

    def text(self, text: str, *, left: float, base: float, colour: str = INK.drawn, **how: Any) -> None:
        """A line of text; `base` is where its letters stand."""
        self.figure.text(left / self.width, 1 - base / self.height, text, color=colour, va="baseline", **how)

    def line(self, *, left: float, right: float, y: float, **how: Any) -> None:
        """A line from left to right, as a sample of one in a plot."""
        from matplotlib.lines import Line2D

        at = 1 - y / self.height
        self.figure.add_artist(Line2D([left / self.width, right / self.width], [at, at], **how))


def draw(
    paint: Callable[[Sheet], None], *, height: float, key: str, title: str, description: str, width: float = WIDTH
) -> str:
    """Return what a function paints on a sheet, as one `<svg>` element for a page.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    with _quietly():
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        with matplotlib.rc_context():
            matplotlib.rcdefaults()  # Not what a user's own matplotlibrc says.
            matplotlib.rcParams.update(
                {
                    "figure.facecolor": "none",
                    "savefig.facecolor": "none",
                    "axes.facecolor": "none",
                    "font.size": TEXT,
                    "hatch.linewidth": 1.2,
                    "svg.fonttype": "none",
                    "svg.hashsalt": key,
                    "text.parse_math": False,
                }
            )
            size = (width / _DOTS_PER_INCH, height / _DOTS_PER_INCH)
            figure = Figure(figsize=size, dpi=_DOTS_PER_INCH)
            FigureCanvasSVG(figure)
            paint(Sheet(figure, height, width))
            drawn = io.StringIO()
            figure.savefig(drawn, format="svg", metadata={"Date": None})
    return inlined(drawn.getvalue(), key=key, title=title, description=description)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what matplotlib says of its own folders and fonts from a reader who asked for a report.

    Text stays text, so a letter that its font lacks is drawn by the reader's.
    """
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            yield
    finally:
        logger.setLevel(level)


def width_of(text: str, size: float = TEXT) -> float:
    """Return about how many pixels a line of text takes.

    >>> round(width_of("train")), round(width_of("TRAIN")), round(width_of("学習"))
    (36, 46, 26)
    """
    return size * sum(map(_width_of, text))


def _width_of(letter: str) -> float:
    if letter in "mwMW@%…" or unicodedata.east_asian_width(letter) in "WF":
        return _BROAD
    if letter in " .,:;|!'()[]ijl":
        return _SLIM
    if letter.isdigit():
        return _DIGIT
    return _CAPITAL if letter.isupper() else _OTHER


def shortened(text: str, room: float, size: float = TEXT) -> str:
    """Return a text that takes at most so many pixels, its end left out where it is longer.

    >>> shortened("a step with a long name", 100)
    'a step with …'
    """
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text + "…"
