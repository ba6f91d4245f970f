"""What a reader sees on stderr while a run goes on: variant, step, tasks, elapsed, memory now, expected end.

Quiet where stderr is no terminal. rich draws it; this module only says what.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from profiler.model import Measurement, Variant

if TYPE_CHECKING:
    from rich.live import Live

_NS = 1_000_000_000


class Progress:
    """Counts what is done, and draws a line of it twice a second, as often as it is told the memory in use."""

    def __init__(self, *, visible: bool, expected_ns: Mapping[str, int] | None = None) -> None:
        self.visible = visible
        self.expected_ns = dict(expected_ns or {})
        """How long `variant/step` and one repetition of `variant` took before, in ns; empty where nobody knows."""
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._what, self._done, self._tasks = "", 0, 0
        self._memory_bytes = 0
        self._variant, self._repeat, self._repeats = "", 0, 1
        self._then: tuple[str, ...] = ()
        self._began_ns = self._variant_began_ns = self._step_began_ns = time.monotonic_ns()

    def __enter__(self) -> Self:
        if self.visible:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                get_renderable=self._line, console=Console(stderr=True), refresh_per_second=2, transient=True
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def repetition(self, variant: Variant, repeat: int, repeats: int, *, then: Sequence[Variant]) -> None:
        """A repetition of a variant begins, from 0; after it come those of `then`."""
        with self._lock:
            self._variant, self._repeat, self._repeats, self._then = variant, repeat, repeats, tuple(then)
            self._variant_began_ns = time.monotonic_ns()

    def step(self, variant: Variant | str, step: str, tasks: int) -> None:
        """A step begins."""
        with self._lock:
            self._what, self._done, self._tasks = f"{variant}/{step}", 0, tasks
            self._step_began_ns = time.monotonic_ns()
            self._memory_bytes = 0

    def task_done(self, measurement: Measurement) -> None:
        """A task of the step ended."""
        with self._lock:
            self._done += 1
            if measurement.peak.high is not None:
                self._memory_bytes = max(self._memory_bytes, measurement.peak.high)

    def memory(self, size: int) -> None:
        """Resident bytes now."""
        with self._lock:
            self._memory_bytes = size

    def _line(self) -> Any:
        from rich.text import Text

        with self._lock:
            what, done, tasks, memory = self._what, self._done, self._tasks, self._memory_bytes
            now = time.monotonic_ns()
            in_step = now - self._step_began_ns
            elapsed = now - self._began_ns
            repeat, repeats = self._repeat, self._repeats
            all_left = self._all_left_ns(now - self._variant_began_ns)
        if not what:
            return Text("")
        variant, _, step = what.partition("/")
        repeated = repeats > 1 and variant == self._variant  # What is compared in the end is of no repetition.
        parts = [f"{variant}  {step}"]
        if repeated:
            parts.append(f"repetition {repeat + 1} of {repeats}")
        if tasks > 1:
            parts.append(f"{done} of {tasks} tasks")
        to_go = f", {_clock(all_left)} to go" if repeated and all_left is not None else ""
        parts.append(f"{_clock(elapsed)} elapsed{to_go}")
        if memory:
            parts.append(f"{memory / (1 << 20):,.0f} MB" + (" now" if tasks <= 1 else " at most in a task"))
        left = self._left_ns(what, done, tasks, in_step)
        if left is not None:
            parts.append(f"step ends in {_clock(left)}")
        return Text(" · ".join(parts), no_wrap=True, overflow="ellipsis")

    def _left_ns(self, what: str, done: int, tasks: int, in_step: int) -> int | None:
        if tasks > 1 and done:
            return in_step * (tasks - done) // done
        if what in self.expected_ns:
            return max(0, self.expected_ns[what] - in_step)
        return None

    def _all_left_ns(self, in_variant: int) -> int | None:
        """Until the last repetition ends, by what one took before; None where one of a variant was never seen."""
        if not {self._variant, *self._then} <= self.expected_ns.keys():
            return None
        left = max(0, self.expected_ns[self._variant] - in_variant)
        return left + sum(self.expected_ns[variant] for variant in self._then)


def _clock(duration_ns: int) -> str:
    minutes, seconds = divmod(duration_ns // _NS, 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
