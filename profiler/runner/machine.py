"""Facts of this machine that a run carries with it."""

from __future__ import annotations

import os
import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from profiler.model import Machine

_PACKAGES = ("paredown", "duckdb", "pandas", "numpy", "scikit-learn", "joblib", "memory-profiler", "psutil")


def this_machine() -> Machine:
    """Cores and memory that this process may use, and the versions that were measured."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu_model=_cpu_model(),
        cores=usable_cores(),
        memory_bytes=min(psutil.virtual_memory().total, *_container_limits()),
        python=platform.python_version(),
        packages={name: found for name in _PACKAGES if (found := _version(name))},
        host=socket.gethostname(),
        clock_mhz=_clock_mhz(),
    )


def usable_cores() -> int:
    """Cores that this process may be scheduled on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _clock_mhz() -> int | None:
    """The highest clock that the system names, or else the present one, as a virtual machine has it."""
    frequency = psutil.cpu_freq()
    return round(frequency.max or frequency.current) or None if frequency else None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # Not Linux, or a sandboxed /proc: the system's own word is all there is.
    return platform.processor() or "unknown"


def _container_limits() -> list[int]:
    """The memory limits of this process's cgroup, version 2 and 1, where there are any."""
    limits = []
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(name).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            limits.append(int(text))
    return limits
