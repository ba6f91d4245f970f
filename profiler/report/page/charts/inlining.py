"""From what matplotlib writes to an SVG that may stand inside a page: its own ids, the page's colours, nothing fixed.

Text in, text out; what is drawn stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from profiler.report.page.charts.colours import COLOURS, SURFACE

LARGEST = 1.25
"""Times its own size; beyond that the text would be larger than the page's."""

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_DRAWN = re.compile("|".join(colour.drawn for colour in COLOURS))
_SHOWN = {colour.drawn: f"var(--{colour.name}, {colour.otherwise})" for colour in COLOURS}
_FONT = re.compile(r"font[a-z-]*:[^;]*;? ?")
_NUMBER = re.compile(r"-?\d+\.\d{2,}")


def inlined(drawn: str, *, key: str, title: str, description: str) -> str:
    """Return a drawing as one `<svg>` element for a page.

    Args:
        drawn: The document that matplotlib wrote.
        key: What every id begins with, so that two drawings of a page do not meet.
        title: Said by a screen reader, and shown by a pointer that rests on it.
        description: The same in words.
    """
    root = ElementTree.fromstring(drawn)
    for parent in list(root.iter()):
        for child in list(parent):
            if _plain(child.tag) in ("metadata", "style"):
                parent.remove(child)
    renamed = {old: f"{key}-picture-{place}" for place, old in enumerate(dict.fromkeys(_referred(root)))}
    for element in root.iter():
        _tidy(element, renamed)
    widest = round(float(root.attrib["viewBox"].split()[2]) * LARGEST)
    names = f"{key}-picture-title", f"{key}-picture-description"
    head = Element("title", {"id": names[0]}), Element("desc", {"id": names[1]})
    head[0].text, head[1].text = title, description
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": names[0],
        "aria-describedby": names[1],
        "style": f"display: block; width: 100%; max-width: {widest}px; height: auto; font-family: inherit; "
        "stroke-linejoin: round; stroke-linecap: butt",
    }
    root[:0] = head
    return ElementTree.tostring(root, encoding="unicode")


def _referred(root: Element) -> Iterator[str]:
    """The ids that something in the drawing points to."""
    for element in root.iter():
        for name, value in element.attrib.items():
            yield from _REFERENCE.findall(value)
            if _plain(name) == "href":
                yield value.removeprefix("#")


def _tidy(element: Element, renamed: dict[str, str]) -> None:
    element.tag = _plain(element.tag)
    element.tail = None
    if not (element.text or "").strip():
        element.text = None
    attributes: dict[str, str] = {}
    for name, value in element.attrib.items():
        name = _plain(name)
        if name == "id":
            if value in renamed:
                attributes["id"] = renamed[value]
        elif name == "href":
            attributes["href"] = f"#{renamed[value.removeprefix('#')]}"
        elif name == "style":
            attributes["style"] = _pointed(_style(value, text=element.tag == "text"), renamed)
        elif name == "transform" and value.startswith("rotate(-0 "):
            continue
        elif name in ("d", "x", "y", "width", "height", "transform"):
            attributes[name] = _NUMBER.sub(lambda found: f"{float(found[0]):.1f}", " ".join(value.split()))
        else:
            attributes[name] = _pointed(value, renamed)
    element.attrib = attributes


def _pointed(value: str, renamed: dict[str, str]) -> str:
    return _REFERENCE.sub(lambda found: f"url(#{renamed[found[1]]})", value)


def _style(style: str, *, text: bool) -> str:
    """The page's colours and font; text has an edge in the ground's colour, so that a line behind it does not hurt."""
    shown = _DRAWN.sub(lambda found: _SHOWN[found[0]], style)
    if not text:
        return shown
    size = re.search(r"font(?:-size)?:[^;]*?([\d.]+)px", shown)
    bold = re.search(r"font(?:-weight)?:[^;]*\b(?:bold|700)\b", shown)
    font = f"font-size: {size[1]}px; " if size else ""
    weight = "font-weight: 600; " if bold else ""
    edge = f"; paint-order: stroke; stroke: var(--{SURFACE.name}, {SURFACE.otherwise}); stroke-width: 3px"
    return font + weight + _FONT.sub("", shown).strip("; ") + edge


def _plain(name: str) -> str:
    """A name without its namespace: in a page SVG needs none."""
    return name.rpartition("}")[2]
