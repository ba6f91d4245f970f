"""What a harness that was killed has left on an engine: attempts of tasks that ended, and others that may still go on.

A task on somebody's worker does not end with the harness, and one that waits in somebody's queue may begin later. So
before a run goes on, all of every earlier session is told to stop, or it would be measured beside its own next attempt.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from profiler.model import Measurement
from profiler.owner import is_running, this_host
from profiler.runner.engines.attempts import ENDED, Begun, begun_by, ended_as
from profiler.runner.engines.places import Place

_ATTEMPT = re.compile(r"(.+)-(\d+)-(\d+)-(\d+)", re.ASCII | re.DOTALL)
_SESSION = re.compile(r"session-\d+", re.ASCII)
_STOP = re.compile(r"stop-[\w-]+", re.ASCII)
"""What a sign to stop may be called; nothing else is written for what a file says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The last attempt of a task that was begun before."""

    step: str
    """Its name as `safe_name` has it."""
    index: int
    attempt: int
    sign: str
    measurement: Measurement | None = None
    """How it ended, where that was noted."""


def taken_up(
    place: Place,
    stops: Place,
    known: Mapping[tuple[str, int], int],
    *,
    patience_s: float,
    look_s: float,
    stopping: Callable[[], bool],
) -> tuple[Left, ...]:
    """What earlier sessions have left in a place, once nothing of it runs any more, or nobody waits for it.

    Args:
        place: Where the signs of attempts are.
        stops: Where tasks look whether to stop.
        known: The last attempt of each task of which it is known how it ended, by safe step name and index.
        patience_s: How long what does not answer is waited for.
        look_s: How often to look.
        stopping: Whether somebody does not want to wait.

    Raises:
        OSError, PareDownError: If a place cannot be seen or written.
    """
    names = place.names()
    for name in filter(_SESSION.fullmatch, names):
        stop = (place.read(name) or b"").decode("utf-8", "replace")
        if _STOP.fullmatch(stop):
            stops.write(stop, b"stop")
    lefts = [left for left in last_of(names) if left.attempt > known.get((left.step, left.index), 0)]
    running = [left for left in lefts if not _has_ended(left, names) and _may_run(begun_by(place, left.sign))]
    end_s = time.monotonic() + patience_s
    while running and time.monotonic() < end_s and not stopping():
        time.sleep(look_s)
        names = place.names()
        running = [left for left in running if not _has_ended(left, names)]
    return tuple(
        replace(left, measurement=ended_as(place, left.sign)) if _has_ended(left, names) else left for left in lefts
    )


def note_session(place: Place, started_ns: int, stop: str) -> None:
    """Leave word of how the tasks of a session are told to stop, before the first of them is given away.

    Args:
        place: Where the signs of its attempts will be.
        started_ns: When it began.
        stop: What the sign is called that they look for.

    Raises:
        OSError, PareDownError: If the place cannot be written.
    """
    place.write(f"session-{started_ns}", stop.encode())


def last_of(names: Iterable[str]) -> tuple[Left, ...]:
    """The last attempt of each task, from the names of signs."""
    last: dict[tuple[str, int], tuple[int, int, str]] = {}
    for name in names:
        found = _ATTEMPT.fullmatch(name)
        if found is None:
            continue  # How one ended, or a session.
        step, index, attempt, session = found[1], *map(int, found.groups()[1:])
        last[step, index] = max(last.get((step, index), (0, 0, "")), (attempt, session, name))
    return tuple(
        Left(step=step, index=index, attempt=attempt, sign=name)
        for (step, index), (attempt, _, name) in sorted(last.items())
    )


def _has_ended(left: Left, names: set[str]) -> bool:
    return f"{left.sign}{ENDED}" in names


def _may_run(begun: Begun | None) -> bool:
    """Whether an attempt is worth waiting for: nobody waits for a process of this host that is gone."""
    return begun is not None and (begun.host != this_host() or is_running(str(begun.process)))
