"""One attempt of a task, as it is noted where the harness and every worker look: that it began, and how it ended.

By its begin only one of several starts goes on; its end is found where the result was lost on its way, or where the
harness was killed before it came.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from profiler.encoding import decode, encode
from profiler.model import Measurement
from profiler.owner import this_host
from profiler.runner.decomposed import safe_name
from profiler.runner.engines.places import TROUBLE, Place, place_at
from profiler.runner.host import seen_from
from profiler.runner.tasks import lost
from profiler.task import Task

WORKER_LOST = "the worker that ran it was lost"
_FOLDER = "attempts"
ENDED = ".ended"
"""What the name of the second sign ends in, which says how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Who has begun an attempt."""

    host: str
    """As `this_host` knows it there."""
    seen: str
    """What the run calls that host; empty: it is the harness's own."""
    process: int
    token: str
    """Of one start alone."""


class Attempt:
    """The signs of one attempt: below the folder that every worker sees, or the URL that stands for it."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.place = attempts_at(task.away or task.folder)
        # Of this session alone: of two that count up from the same run, each is to know its own.
        self.name = f"{safe_name(task.step)}-{task.index:05d}-{task.attempt}-{task.run_started_ns}"
        self._ended = f"{self.name}{ENDED}"

    def begin(self) -> bool:
        """Begin it; False if it was begun before.

        Raises:
            OSError, PareDownError: If the place cannot be seen or written.
        """
        begun = Begun(
            host=this_host(),
            seen=seen_from(self.task.host),
            process=os.getpid(),
            token=secrets.token_hex(8),
        )
        mine = _written(begun)
        # A store that took the first request may have been asked a second time, where its answer did not arrive.
        return self.place.create(self.name, mine) or self.place.read(self.name) == mine

    def end(self, measurement: Measurement) -> None:
        """Note how it ended, for a second start that comes after the result went with its worker."""
        with suppress(*TROUBLE):  # A full disk, a store that is down: then the answer alone says so.
            self.place.write(self._ended, _written(measurement))

    def found(self) -> Measurement | None:
        """How it ended, where that was noted."""
        return ended_as(self.place, self.name)

    def has_begun(self, signs: Iterable[str]) -> bool:
        """Whether it has begun, by what `signs_of` found."""
        return self.place.at(self.name) in signs

    def is_running(self, signs: Iterable[str]) -> bool:
        """Whether it has begun and not ended, by what `signs_of` found."""
        return self.has_begun(signs) and self.place.at(self._ended) not in signs

    def became(self, why: str, *, unbegun: str | None = None) -> Measurement:
        """How it ended; where nobody has noted that, that it was lost.

        Args:
            why: Why nobody answers any more.
            unbegun: Why it was lost if it never began; None: the same.
        """
        found = self.found()
        if found is not None:
            return found
        begun = begun_by(self.place, self.name)
        return self._as_lost(why, begun) if begun else lost(self.task, why if unbegun is None else unbegun)

    def as_lost(self, why: str = WORKER_LOST) -> Measurement:
        """That it was lost, and where it ran."""
        return self._as_lost(why, begun_by(self.place, self.name))

    def _as_lost(self, why: str, begun: Begun | None) -> Measurement:
        host = begun.seen if begun else ""
        where = f": process {begun.process}{f' on {host}' if host else ''}" if begun else ""
        return lost(self.task, f"{why}{where}; it was not run a second time", host)


def attempts_at(folder: str) -> Place:
    """Where the signs of a folder's tasks are, or of the URL that stands for it."""
    return place_at(os.path.join(folder, _FOLDER))


def signs_of(attempts: Iterable[Attempt]) -> set[str]:
    """Every sign in the places of these attempts, by its path or URL; one look at each place.

    Raises:
        OSError, PareDownError: If a place cannot be seen.
    """
    places = {attempt.place for attempt in attempts}
    return {place.at(name) for place in places for name in place.names()}


def begun_by(place: Place, name: str) -> Begun | None:
    """Who has begun an attempt, by its sign; None where it cannot be read, as one that another version wrote."""
    begun: Begun | None = _read(Begun, place, name)
    return begun


def ended_as(place: Place, name: str) -> Measurement | None:
    """How an attempt ended, by the name of its first sign; None where that was not noted, or cannot be read."""
    measurement: Measurement | None = _read(Measurement, place, f"{name}{ENDED}")
    return measurement


def _written(value: Begun | Measurement) -> bytes:
    return json.dumps(encode(value)).encode("ascii")


def _read(kind: type[Begun] | type[Measurement], place: Place, name: str) -> Any:
    with suppress(*TROUBLE, ValueError, KeyError, TypeError, AttributeError):
        content = place.read(name)
        if content is not None:
            return decode(kind, json.loads(content))
    return None
