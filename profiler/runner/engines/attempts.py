"""One attempt of a task, as it is noted where the harness and every worker look: that it began, and how it ended.

By its begin only one of several starts goes on; its end is found where the result was lost on its way.
"""

from __future__ import annotations

import os
import pickle
import secrets
from collections.abc import Iterable
from contextlib import suppress

from profiler.model import Measurement
from profiler.runner.decomposed import safe_name
from profiler.runner.engines.places import TROUBLE, Place, place_at
from profiler.runner.host import seen_from
from profiler.runner.tasks import lost
from profiler.task import Task

WORKER_LOST = "the worker that ran it was lost"
_FOLDER = "attempts"


class Attempt:
    """The signs of one attempt: below the folder that every worker sees, or the URL that stands for it."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.place: Place = _place_of(task)
        # Of this session alone: the next one may come before an attempt of a killed harness was ever kept.
        self.name = f"{safe_name(task.step)}-{task.index:05d}-{task.attempt}-{task.run_started_ns}"
        self._ended = f"{self.name}.ended"

    def begin(self) -> bool:
        """Begin it; False if it was begun before.

        Raises:
            OSError, PareDownError: If the place cannot be seen or written.
        """
        mine = f"{seen_from(self.task.host)} {os.getpid()} {secrets.token_hex(8)}".encode()
        # A store that took the first request may have been asked a second time, where its answer did not arrive.
        return self.place.create(self.name, mine) or self.place.read(self.name) == mine

    def end(self, measurement: Measurement) -> None:
        """Note how it ended, for a second start that comes after the result went with its worker."""
        with suppress(*TROUBLE):  # A full disk, a store that is down: then the answer alone says so.
            self.place.write(self._ended, pickle.dumps(measurement))

    def found(self) -> Measurement | None:
        """How it ended, where that was noted."""
        with suppress(*TROUBLE, EOFError, pickle.UnpicklingError):
            content = self.place.read(self._ended)
            if content is not None:
                found: Measurement = pickle.loads(content)
                return found
        return None

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
        begun = self._begun()
        return self._as_lost(why, begun) if begun else lost(self.task, why if unbegun is None else unbegun)

    def as_lost(self, why: str = WORKER_LOST) -> Measurement:
        """That it was lost, and where it ran."""
        return self._as_lost(why, self._begun())

    def _begun(self) -> str:
        with suppress(*TROUBLE):
            return (self.place.read(self.name) or b"").decode()
        return ""

    def _as_lost(self, why: str, begun: str) -> Measurement:
        host, number, _ = begun.rsplit(" ", 2) if begun.count(" ") > 1 else ("", "", "")
        where = f" (process {number}{f' on {host}' if host else ''})" if number else ""
        return lost(self.task, f"{why}{where}; it was not run a second time", host)


def signs_of(attempts: Iterable[Attempt]) -> set[str]:
    """Every sign in the places of these attempts, by its path or URL; one look at each place.

    Raises:
        OSError, PareDownError: If a place cannot be seen.
    """
    places = {attempt.place for attempt in attempts}
    return {place.at(name) for place in places for name in place.names()}


def _place_of(task: Task) -> Place:
    return place_at(os.path.join(task.away or task.folder, _FOLDER))
