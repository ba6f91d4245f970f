"""Which memory size a task gets on Lambda, how long it runs there, and which GB-seconds follow: arithmetic alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from profiler.duration import predict_duration
from profiler.facts import LambdaLimits
from profiler.model import Measurement, Peak
from profiler.pricing.cost import as_decimal
from profiler.units import GIB, MIB, MIB_PER_GB, NS_PER_S
from profiler.urls import is_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done in one go, whatever the memory size."""

    wall_ns: int
    """Of the free run, without the time in which others had its cores."""
    cpu_ns: int
    cores: float
    network_ns: int
    """To read its input and write its output over Lambda's network."""

    def duration_ns(self, memory_mib: int, limits: LambdaLimits) -> int:
        """Return how long it takes at a memory size, its init left out.

        Network time is added whole: reading comes before the work and writing after it, so neither hides in it.
        """
        return self.network_ns + predict_duration(
            wall_ns=self.wall_ns,
            cpu_ns=self.cpu_ns,
            cores=self.cores,
            memory_mib=memory_mib,
            mib_per_vcpu=limits.mib_per_vcpu,
        )


def work_of(measurement: Measurement, limits: LambdaLimits) -> Work:
    """Return what a measured task has to do.

    What it read twice comes over the network once; what it read beside its input (libraries, spilled blocks) does not.
    What came from an object store or went to one went over a network here as well, and is in its time already.
    """
    cores = measurement.cores if measurement.cores > 0 else 1.0
    over, under = cores.as_integer_ratio()
    unhindered = max(measurement.wall_ns - measurement.wait_ns, -(-measurement.cpu_ns * under // over))
    from_disk, to_disk = _disk_bytes(measurement)
    return Work(
        wall_ns=min(measurement.wall_ns, unhindered),
        cpu_ns=measurement.cpu_ns,
        cores=cores,
        network_ns=-(-(from_disk + to_disk) * NS_PER_S // limits.network_bytes_per_s),
    )


def _disk_bytes(measurement: Measurement) -> tuple[int, int]:
    """What a task read of its input on this disk, and what it left there.

    Files that go to a store are written to the temporary folder first and read from there, as spilled blocks are: so
    what such a task wrote is taken off what it read, and only the rest can be of its input.
    """
    read, to_disk = measurement.read_bytes, measurement.output_bytes
    if any(map(is_url, measurement.files)):
        read, to_disk = read - measurement.written_bytes, 0
    return max(0, min(read, measurement.input_bytes - _stored_bytes(measurement))), to_disk


def _stored_bytes(measurement: Measurement) -> int:
    """How much of its input lay in a store; where an older paredown did not keep it, what came from one."""
    if measurement.stored_bytes or measurement.moved is None:
        return measurement.stored_bytes
    received = measurement.moved.received_bytes
    return measurement.input_bytes if received is None else received


def needed_mib(peak_bytes: int, headroom: Decimal, limits: LambdaLimits) -> int:
    """Return the memory that a peak asks for on Lambda: with headroom, and with the runtime's own."""
    return ceil(Fraction(peak_bytes, MIB) * Fraction(headroom)) + limits.runtime_mib


def memory_size(needed: int, limits: LambdaLimits) -> int | None:
    """Return the smallest memory size that holds so many MiB; None where none does."""
    if needed > limits.max_memory_mib:
        return None
    step = limits.memory_step_mib
    return min(limits.max_memory_mib, max(limits.min_memory_mib, -(-needed // step) * step))


def size_in_time(tasks: Sequence[Sequence[Work]], smallest_mib: int, limits: LambdaLimits) -> int | None:
    """Return the smallest memory size from `smallest_mib` at which every task ends in time; None where none does.

    A task is a sequence of works done one after another.
    """

    def in_time(memory_mib: int) -> bool:
        return all(
            sum(work.duration_ns(memory_mib, limits) for work in task) <= limits.max_duration_ns for task in tasks
        )

    if in_time(smallest_mib):
        return smallest_mib
    if not in_time(limits.max_memory_mib):
        return None
    # More memory never takes longer, so the border is found by halving.
    step = limits.memory_step_mib
    low, high = smallest_mib // step, -(-limits.max_memory_mib // step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if in_time(middle * step) else (middle, high)
    return min(high * step, limits.max_memory_mib)


def has_figures(task: Measurement) -> bool:
    """Whether anything of a task was measured; nothing was of one that was lost or stopped before it began.

    A task that was killed while it worked has figures, and so has every one that ended well, however little it used.
    """
    return task.outcome.ok or any((task.wall_ns, task.cpu_ns, top(task.peak)))


def highest(peaks: Iterable[Peak]) -> Peak | None:
    """Return the highest of several peaks; its upper end is unknown where one of theirs is.

    A peak that was never read, of a task that was stopped before it began, tells nothing beside others that were.

    >>> highest([Peak(low=1, high=1), Peak(low=0, high=2)])
    Peak(low=1, high=2)
    >>> highest([Peak(low=5, high=5), Peak(low=0, high=None)])
    Peak(low=5, high=5)
    """
    peaks = tuple(peaks)
    peaks = tuple(peak for peak in peaks if peak != Peak(low=0, high=None)) or peaks
    if not peaks:
        return None
    known = [peak.high for peak in peaks if peak.high is not None]
    return Peak(low=max(peak.low for peak in peaks), high=max(known) if len(known) == len(peaks) else None)


def top(peak: Peak) -> int:
    """Return the upper end of a peak, or what is known to be below it."""
    return peak.low if peak.high is None else peak.high


def peak_gb_s(peak: Peak, wall_ns: int) -> Decimal:
    """Return peak × time, without headroom or rounding; of a bounded peak its lower end, which claims least."""
    return as_decimal(Fraction(peak.low * wall_ns, GIB * NS_PER_S))


def floor_gb_s(*, cpu_ns: int, init_ns: int, memory_bytes: int, limits: LambdaLimits) -> Decimal:
    """Return the GB-seconds that so much CPU time takes at any size up to one vCPU, and an init at its size.

    >>> from profiler.facts import load, platform_of
    >>> limits = platform_of(load()).limits
    >>> round(floor_gb_s(cpu_ns=NS_PER_S, init_ns=0, memory_bytes=0, limits=limits), 2)
    Decimal('1.73')
    """
    work = Fraction(limits.mib_per_vcpu * cpu_ns, MIB_PER_GB * NS_PER_S)
    return as_decimal(work + Fraction(memory_bytes * init_ns, GIB * NS_PER_S))
