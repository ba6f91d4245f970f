"""What steps moved to and from object stores, a sentence each: where to, requests, as each is billed, and bytes."""

from __future__ import annotations

from collections.abc import Sequence

from profiler.fit import StepFit
from profiler.model import Moved, Run
from profiler.report.clean import one_line
from profiler.report.plain import many
from profiler.units import memory


def between_note(run: Run) -> str:
    """Say where what passed between decomposed steps lay; empty where that was a folder."""
    url = run.settings.workspace
    return f"What passed between steps went to {one_line(url)}." if url else ""


def moved_note(steps: Sequence[StepFit]) -> str:
    """Say what each step moved; empty where none did."""
    parts = [f"{one_line(step.name)} {moved_words(step.moved)}" for step in steps if step.moved is not None]
    return f"Object stores: {'; '.join(parts)}." if parts else ""


def moved_words(moved: Moved) -> str:
    """Requests and bytes, those that are none left out.

    >>> moved_words(Moved(get=600, received_bytes=5607687))
    '600 GETs, 5.35 MB received'
    >>> moved_words(Moved(get=None, put=1, received_bytes=None, sent_bytes=3 << 20))
    'was not seen to read there, 1 PUT, 3.00 MB sent'
    """
    sizes = [(moved.received_bytes, "received"), (moved.sent_bytes, "sent")]
    words = [requests_words(moved), *(f"{memory(size)} {word}" for size, word in sizes if size)]
    if moved.get is None:
        return ", ".join(["was not seen to read there", *(words if moved.put else ())])
    return ", ".join(words)


def requests_words(moved: Moved) -> str:
    """Requests by kind, those that are none left out.

    >>> requests_words(Moved(get=2, put=1, list=1))
    '2 GETs, 1 PUT, 1 LIST'
    """
    requests = [(moved.get, "GET"), (moved.put, "PUT"), (moved.list, "LIST")]
    words = ", ".join(many(number, word) for number, word in requests if number)
    return ("about " if moved.estimated else "") + (words or "no request")
