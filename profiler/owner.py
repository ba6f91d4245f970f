"""Which process makes a run: the one whose number stands in the run's folder, while it lives."""

from __future__ import annotations

import os
from pathlib import Path

_FILE = "pid"


def claim(work: Path) -> None:
    """Say in a run's folder that this process makes it."""
    (work / _FILE).write_text(str(os.getpid()))


def owner_of(work: Path) -> int | None:
    """The process that makes the run of a folder, where it still lives."""
    try:
        number = (work / _FILE).read_text()
    except OSError:
        return None
    return int(number) if is_running(number) else None


def is_running(number: str) -> bool:
    """Whether a process of this number lives."""
    return number.strip().isdigit() and os.path.exists(f"/proc/{number.strip()}")
