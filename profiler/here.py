"""A piece of work measured in this process, with its peak reset: for a notebook's cell and a test's callable.

What the process holds already is part of the peak, so the figure to judge by is what the work added. A task in a
sandbox of its own knows better; this is for work whose objects live here.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from profiler.errors import UnsupportedError
from profiler.model import Peak
from profiler.units import duration, memory, memory_range

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Generic[Result]):
    """What a piece of work used, and what it returned."""

    result: Result
    peak: Peak
    """Highest resident memory of the process meanwhile; bounded where the work started processes."""
    start_bytes: int
    """What the process held when the work began."""
    wall_ns: int
    cpu_ns: int
    """User and system time of all threads, and of the processes that it waited for."""

    @property
    def peak_bytes(self) -> int:
        """Highest resident memory, in bytes: the least that it can have been."""
        return self.peak.low

    @property
    def added_bytes(self) -> int:
        """By how much the peak lies above what the process held, in bytes; at least that, where it is bounded."""
        return max(0, self.peak.low - self.start_bytes)

    def __str__(self) -> str:
        """Say it in one line."""
        peak = memory(self.peak.low) if self.peak.exact else memory_range(self.peak.low, self.peak.high)
        return (
            f"peak {peak} ({memory(self.added_bytes)} above what the process held), "
            f"{duration(self.wall_ns)}, CPU {duration(self.cpu_ns)}"
        )


def measure_here(work: Callable[[], Result]) -> Measured[Result]:
    """Do a piece of work in this process and measure it; what it raises passes through.

    Raises:
        UnsupportedError: If the system does not let a process reset its own peak.
    """
    if not sys.platform.startswith("linux"):
        raise UnsupportedError(f"measuring needs Linux, and this is {sys.platform}")
    from profiler.sandbox import meter

    meter.count_children()
    gc.collect()
    if not meter.reset_peak():
        raise UnsupportedError(
            "this system does not let a process reset its own peak (/proc/self/clear_refs)",
            hint="measure it as a step of a job, or as a script: paredown run FILE",
        )
    start = meter.snapshot()
    result = work()
    reading = meter.since(start)
    alone = not (reading.children_started or reading.children_ended)
    return Measured(
        result=result,
        peak=Peak(low=reading.peak_bytes, high=reading.peak_bytes if alone else None),
        start_bytes=reading.start_bytes,
        wall_ns=reading.wall_ns,
        cpu_ns=reading.cpu_ns,
    )
