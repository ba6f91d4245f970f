"""Which process makes a run: the one whose number and start stand in the run's folder, while it lives.

The number alone does not do: a container gives its next process the same one, and a machine after it was started again.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_FILE = "pid"


def claim(work: Path) -> None:
    """Say in a run's folder that this process makes it."""
    number = str(os.getpid())
    (work / _FILE).write_text(f"{number} {_started(number)}")


def owner_of(work: Path) -> int | None:
    """The process that makes the run of a folder, where it still lives."""
    try:
        number, _, started = (work / _FILE).read_text().partition(" ")
    except OSError:
        return None
    return int(number) if is_running(number) and _started(number) == started else None


def is_running(number: str) -> bool:
    """Whether a process of this number lives; one that was killed, and whose parent does not care, does not."""
    return number.isdigit() and bool(_started(number))


def _started(number: str) -> str:
    """When a process started, in clock ticks since its machine's boot, and that boot; empty: it does not live."""
    try:
        state, *fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{fields[18]} {boot_id()}" if state not in "ZX" else ""


@cache
def boot_id() -> str:
    """What tells this start of this machine from others; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""  # Not Linux, or a /proc of its own making.
