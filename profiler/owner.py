"""Which process makes a run: the one whose number, start and host are claimed for it, while it lives.

The number alone does not do: a container gives its next process the same one, and a machine after it was started again.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

_FILE = "pid"


def claim(work: Path) -> None:
    """Say in a run's folder that this process makes it."""
    (work / _FILE).write_text(claimed())


def release(work: Path) -> None:
    """Say there that this process makes it no more."""
    (work / _FILE).unlink(missing_ok=True)


def claimed() -> str:
    """What stands for this process in a claim: its number, its start, and its host."""
    number = str(os.getpid())
    return f"{number} {_started(number)} {this_host()}"


def owner_of(work: Path) -> int | None:
    """The process that makes the run of a folder, where it still lives."""
    try:
        return living((work / _FILE).read_text())
    except OSError:
        return None


def living(claim: str) -> int | None:
    """The process of a claim that was made on this host, where it still lives."""
    number, _, rest = claim.partition(" ")
    started, _, host = rest.partition(" ")
    here = host == this_host() and started and _started(number) == started
    return int(number) if here else None


def is_running(number: str) -> bool:
    """Whether a process of this number lives; one that was killed, and whose parent does not care, does not."""
    return bool(_started(number))


def _started(number: str) -> str:
    """When a process started, in clock ticks since its machine's boot; empty: it does not live."""
    if not number.isdigit():
        return ""
    try:
        state, *fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[18] if state not in "ZX" else ""


def this_host() -> str:
    """Return what tells this host from others: its name, and after a # the id of its boot, where the system has one."""
    return f"{socket.gethostname()}#{_boot()}"


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""  # Not Linux, or a /proc of its own making: names have to do.
