"""What a query may use of the memory size that it declares: DuckDB's memory limit and threads.

The way back from a size to a limit, so that a query that keeps its limit also fits its size with headroom. It stands
apart and imports nothing, because the limit is needed before anything is measured.
"""

from __future__ import annotations

from fractions import Fraction

from profiler.duration import MIB_PER_VCPU

RUNTIME_MIB = 32
"""What Lambda's own runtime takes; the same as the fact of that name."""

HEADROOM = Fraction(12, 10)
"""Memory size ÷ memory needed, as judged by default."""

_BESIDE_MIB = 80
_BESIDE_PER_THREAD_MIB = 8
"""Resident memory beyond DuckDB's limit, interpreter and library included. A query that spills was 77 to 86 MiB above
limits of 32 to 746 MiB with one thread, and 89 to 96 with two (DuckDB 2.0.1, 2026-11-24)."""

_LEAST_LIMIT_MIB = 64
"""Below this DuckDB fails at once rather than spill. A size that leaves less is shown to be too small by the peak."""


def query_threads(memory_mib: int, *, mib_per_vcpu: int = MIB_PER_VCPU) -> int:
    """Return how many threads a query runs at a memory size: its whole vCPUs, at least one.

    >>> query_threads(1024), query_threads(1769), query_threads(10_240)
    (1, 1, 5)
    """
    return max(1, memory_mib // mib_per_vcpu)


def query_memory_limit_mib(memory_mib: int, *, headroom: Fraction = HEADROOM, runtime_mib: int = RUNTIME_MIB) -> int:
    """Return the memory limit that DuckDB gets, so that the query's resident peak fits a memory size with headroom.

    >>> query_memory_limit_mib(512), query_memory_limit_mib(1024), query_memory_limit_mib(128)
    (312, 738, 64)
    """
    resident = Fraction(memory_mib - runtime_mib) / headroom
    beside = _BESIDE_MIB + _BESIDE_PER_THREAD_MIB * query_threads(memory_mib)
    return max(_LEAST_LIMIT_MIB, int(resident) - beside)
