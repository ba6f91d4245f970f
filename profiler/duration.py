"""How long a task would take on Lambda, from one free run on cores of its own.

Lambda gives a function CPU time in proportion to its memory size: one vCPU at 1,769 MiB. So what a task needs there
follows from two figures of a free run, its wall time and its CPU time:

* CPU time above wall time: several threads ran. The run is taken as two phases, one on a single core and one on all
  cores; each is stretched by what the size gives it. Both follow from the two figures.
* CPU time at most wall time: one thread ran, or waited. While a program waits its quota refills, so bursts that are
  shorter than the quota hide in the waiting (time = the larger of wall time and stretched CPU time), and long phases
  do not (time = waiting plus stretched CPU time). Which of them it was, two figures cannot say: the geometric mean.

Predict down, never up: a run that was itself held back does not show what it could use.
`benchmarks/lambda_accuracy.py` holds this against published invocations. Prices and limits are not here.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import isqrt

MIB_PER_VCPU = 1769

CPU_EFFICIENCY = Fraction(98, 100)
"""Part of its CPU share that a program gets done. Public invocations of two other functions than the benchmark's took
1.5 to 3 % longer than their share of a vCPU says; 2 % is between them, and not fitted to the benchmark."""

Ratio = tuple[int, int]
"""A fraction as its two whole numbers: exact as ever, and ten times as fast, for a run of 100,000 tasks."""


def predict_duration(
    *, wall_ns: int, cpu_ns: int, cores: float, memory_mib: int, mib_per_vcpu: int = MIB_PER_VCPU
) -> int:
    """Return how long a task would run at a Lambda memory size, in nanoseconds.

    Args:
        wall_ns: Elapsed time of the free run, init left out.
        cpu_ns: User and system time of the free run, all threads and processes together.
        cores: How many cores the free run could use.
        memory_mib: Memory size on Lambda, in MiB.
        mib_per_vcpu: Memory size that brings one vCPU.

    Returns:
        Never less than the free run took; with more memory never more.

    Raises:
        ValueError: If a time is negative, or `cores` or `memory_mib` is not above 0.

    >>> predict_duration(wall_ns=1_000_000_000, cpu_ns=1_000_000_000, cores=1, memory_mib=1769 * 2)
    1000000000
    >>> predict_duration(wall_ns=1_000_000_000, cpu_ns=0, cores=1, memory_mib=128)
    1000000000
    """
    if wall_ns < 0 or cpu_ns < 0:
        raise ValueError(f"wall_ns is {wall_ns} and cpu_ns is {cpu_ns}; expected times from 0")
    if not cores > 0:
        raise ValueError(f"cores is {cores}; expected a number above 0")
    if memory_mib <= 0:
        raise ValueError(f"memory_mib is {memory_mib}; expected a size above 0")
    share = _share(memory_mib, mib_per_vcpu)
    if cpu_ns > wall_ns and cores > 1:
        return _two_phases(wall_ns, cpu_ns, cores.as_integer_ratio(), share)
    return _one_thread(wall_ns, cpu_ns, min(1.0, cores).as_integer_ratio(), share)


@cache
def _share(memory_mib: int, mib_per_vcpu: int) -> Ratio:
    """How many cores' worth of work a program gets done at a memory size."""
    return (CPU_EFFICIENCY * Fraction(memory_mib, mib_per_vcpu)).as_integer_ratio()


def _smaller(one: Ratio, other: Ratio) -> Ratio:
    return one if one[0] * other[1] <= other[0] * one[1] else other


def _two_phases(wall_ns: int, cpu_ns: int, cores: Ratio, share: Ratio) -> int:
    """A phase on one core, then one on all: their CPU times add up to `cpu_ns`, their wall times to `wall_ns`."""
    # CPU time on a single core, of which there is one part in `parts`; the rest runs on all.
    parts = cores[0] - cores[1]
    single = max(0, cores[0] * wall_ns - cores[1] * cpu_ns)
    parallel = cpu_ns * parts - single
    slow, fast = _smaller((1, 1), share), _smaller(cores, share)
    return -(-(single * slow[1] * fast[0] + parallel * fast[1] * slow[0]) // (parts * slow[0] * fast[0]))


def _one_thread(wall_ns: int, cpu_ns: int, cores: Ratio, share: Ratio) -> int:
    """Waiting and computing: the geometric mean of both ways in which they can lie together."""
    slow = _smaller((1, 1), share)
    parts = cores[0] * slow[0]
    waiting = max(0, wall_ns * cores[0] - cpu_ns * cores[1]) * slow[0]
    stretched = cpu_ns * slow[1] * cores[0]
    hidden = max(waiting + cpu_ns * parts, stretched)
    return _root(-(-hidden * (waiting + stretched) // (parts * parts)))


def _root(square: int) -> int:
    """The square root, rounded up to a whole number."""
    root = isqrt(square)
    return root if root * root == square else root + 1
