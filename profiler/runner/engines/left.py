"""What a harness that was killed has left on an engine: attempts of tasks that ended, and others that may still go on.

A task on somebody's worker does not end with the harness. So before a run goes on, what still runs is told to stop, or
it would be measured beside its own next attempt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from profiler.model import Measurement
from profiler.owner import is_running, this_host
from profiler.runner.engines.attempts import ENDED, begun_by, ended_as
from profiler.runner.engines.places import Place


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
    lefts = [left for left in _last(names) if left.attempt > known.get((left.step, left.index), 0)]
    running = _told_to_stop([left for left in lefts if not _has_ended(left, names)], place, stops)
    end_s = time.monotonic() + patience_s
    while running and time.monotonic() < end_s and not stopping():
        time.sleep(look_s)
        names = place.names()
        running = [left for left in running if not _has_ended(left, names)]
    return tuple(
        Left(
            step=left.step,
            index=left.index,
            attempt=left.attempt,
            sign=left.sign,
            measurement=ended_as(place, left.sign) if _has_ended(left, names) else None,
        )
        for left in lefts
    )


def _last(names: Iterable[str]) -> list[Left]:
    """The last attempt of each task, from the names of signs."""
    last: dict[tuple[str, int], tuple[int, int, str]] = {}
    for name in names:
        step, *numbers = name.rsplit("-", 3)
        if len(numbers) < 3 or not all(number.isdigit() for number in numbers):
            continue  # How one ended.
        index, attempt, session = map(int, numbers)
        last[step, index] = max(last.get((step, index), (0, 0, "")), (attempt, session, name))
    return [
        Left(step=step, index=index, attempt=attempt, sign=name)
        for (step, index), (attempt, _, name) in sorted(last.items())
    ]


def _has_ended(left: Left, names: set[str]) -> bool:
    return f"{left.sign}{ENDED}" in names


def _told_to_stop(lefts: Iterable[Left], place: Place, stops: Place) -> list[Left]:
    """Those of them that may still run; their sign to stop is there now."""
    running = []
    for left in lefts:
        begun = begun_by(place, left.sign)
        if begun is None or (begun.host == this_host() and not is_running(str(begun.process))):
            continue
        stops.write(begun.stop, b"stop")
        running.append(left)
    return running
