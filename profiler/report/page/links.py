"""Web addresses inside a text, so that a page can link them.

Only http and https, whatever else a file of somebody's own prices names as its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def linked(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a text in order, and of each whether it is an address.

    >>> list(linked("Lambda pricing, https://aws.example/lambda/; checked"))
    [('Lambda pricing, ', False), ('https://aws.example/lambda/', True), ('; checked', False)]
    """
    end = 0
    for found in _ADDRESS.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], False
        yield found[0], True
        end = found.end()
    if end < len(text):
        yield text[end:], False
