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
from math import ceil, isqrt

MIB_PER_VCPU = 1769

CPU_EFFICIENCY = Fraction(98, 100)
"""Part of its CPU share that a program gets done. Public invocations of two other functions than the benchmark's took
1.5 to 3 % longer than their share of a vCPU says; 2 % is between them, and not fitted to the benchmark."""


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
    free_cores = Fraction(cores)
    share = CPU_EFFICIENCY * Fraction(memory_mib, mib_per_vcpu)
    if cpu_ns > wall_ns and free_cores > 1:
        return _two_phases(wall_ns, cpu_ns, free_cores, share)
    return _one_thread(wall_ns, cpu_ns, free_cores, share)


def _two_phases(wall_ns: int, cpu_ns: int, cores: Fraction, share: Fraction) -> int:
    """A phase on one core, then one on all: their CPU times add up to `cpu_ns`, their wall times to `wall_ns`."""
    single = max(Fraction(0), (cores * wall_ns - cpu_ns) / (cores - 1))
    parallel = cpu_ns - single
    return ceil(single / min(Fraction(1), share) + parallel / min(cores, share))


def _one_thread(wall_ns: int, cpu_ns: int, cores: Fraction, share: Fraction) -> int:
    """Waiting and computing: the geometric mean of both ways in which they can lie together."""
    waiting = max(Fraction(0), wall_ns - cpu_ns / min(Fraction(1), cores))
    stretched = cpu_ns / min(Fraction(1), share)
    hidden = max(waiting + cpu_ns, stretched)
    product = hidden * (waiting + stretched)
    return _root(product)


def _root(square: Fraction) -> int:
    """The square root, rounded up to a whole number."""
    whole = ceil(square)
    root = isqrt(whole)
    return root if root * root == whole else root + 1
