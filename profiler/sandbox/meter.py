"""The meter: what the kernel says of this process, before and after a piece of work.

The peak is `VmHWM`, reset by writing 5 to `/proc/self/clear_refs`; a sampler could miss a spike, and `ru_maxrss`
starts at the parent's. Imports nothing heavy, since it runs in every sandbox.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass

from profiler.sandbox import moving
from profiler.work import Reading

_children_started = 0
_counting = False
_STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"})


def count_children() -> None:
    """Count processes that Python code starts, from now on; `ended` ones may be too quick for any sampler."""
    global _counting
    if not _counting:  # A hook cannot be taken away again, and two would count twice.
        sys.addaudithook(_on_audit)
        _counting = True


def _on_audit(event: str, _arguments: object) -> None:
    global _children_started
    if event in _STARTS:
        _children_started += 1


def reset_peak() -> bool:
    """Reset this process's peak to what it holds now; False where the system has no such thing."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        return False
    return True


def resident() -> tuple[int, int]:
    """Peak since the last reset and resident size now, in bytes."""
    with open("/proc/self/status", "rb") as file:
        text = file.read()
    # In a line of its own: a process may be called anything, this too.
    return _kib(text, b"\nVmHWM:") * 1024, _kib(text, b"\nVmRSS:") * 1024


def _kib(text: bytes, name: bytes) -> int:
    start = text.index(name) + len(name)
    return int(text[start : text.index(b"kB", start)])


def _moved_bytes() -> tuple[int, int]:
    try:
        with open("/proc/self/io", "rb") as file:
            lines = file.read().split(b"\n")
    except OSError:
        return 0, 0
    return int(lines[0].split()[1]), int(lines[1].split()[1])


def waited_ns() -> int:
    """Time that the main thread was ready to run and did not, since every core was busy."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/schedstat", "rb") as file:
            return int(file.read().split()[1])
    except (OSError, IndexError):
        return 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counters of this process at one moment. A reading is the difference of two."""

    wall_ns: int
    cpu_ns: int
    wait_ns: int
    resident_bytes: int
    read_bytes: int
    written_bytes: int
    children_started: int
    children_faults: int
    moved: Counter[str]


def snapshot() -> Snapshot:
    """Read every counter now; the clock last, so that reading is not part of what follows."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    read_bytes, written_bytes = _moved_bytes()
    return Snapshot(
        cpu_ns=_cpu_ns(own) + _cpu_ns(children),
        wait_ns=waited_ns(),
        resident_bytes=resident()[1],
        read_bytes=read_bytes,
        written_bytes=written_bytes,
        children_started=_children_started,
        children_faults=children.ru_minflt,
        moved=moving.so_far(),
        wall_ns=time.monotonic_ns(),
    )


def since(start: Snapshot, *, peak_bytes: int = 0) -> Reading:
    """What was used since `start`; `peak_bytes` is a peak that an inner reset has hidden."""
    wall_ns = time.monotonic_ns() - start.wall_ns
    peak, _ = resident()
    end = snapshot()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = children.ru_minflt != start.children_faults
    return Reading(
        wall_ns=wall_ns,
        cpu_ns=end.cpu_ns - start.cpu_ns,
        wait_ns=max(0, end.wait_ns - start.wait_ns),  # A task that has every descriptor open leaves none to read by.
        peak_bytes=max(peak, peak_bytes, start.resident_bytes),
        start_bytes=start.resident_bytes,
        read_bytes=max(0, end.read_bytes - start.read_bytes),
        written_bytes=max(0, end.written_bytes - start.written_bytes),
        children_started=end.children_started - start.children_started,
        children_ended=ended,
        largest_child_bytes=children.ru_maxrss * 1024 if ended else 0,
        moved=moving.between(start.moved, end.moved),
    )


def _cpu_ns(usage: resource.struct_rusage) -> int:
    return round((usage.ru_utime + usage.ru_stime) * 1e9)
