"""Which hosts ran the tasks of a run, and how alike they are.

Pure, and in no words: `report` has those. A run whose tasks the harness's own host ran has nothing to say here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from profiler.model import Ending, Machine, Measurement, Run, Variant

_NEARLY = 0.05
"""Clocks and memory that differ by no more of the larger are alike: a system keeps some memory for itself, and where no
highest clock is known, the present one wavers."""


class Trait(StrEnum):
    """In what hosts can be unlike."""

    PROCESSOR = "processor"
    CORES = "cores"
    CLOCK = "clock"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host, and what it did."""

    name: str
    here: bool
    """It is the harness's own."""
    machine: Machine | None
    """None: no engine said what it is."""
    tasks: Mapping[Variant, int]
    cpu_ns: Mapping[Variant, int]
    """Of those tasks without their inits, so that all hosts' are the sum of all steps'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The hosts that ran tasks, where the harness's own was not the only one."""

    each: tuple[Host, ...]
    """The harness's own first, then those that ran most tasks."""
    unlike: tuple[Trait, ...]
    """In what those differ whose machines are known."""
    lost: int
    """Tasks that an engine lost, so that nobody knows on which host."""

    @property
    def unknown(self) -> tuple[Host, ...]:
        """Those whose machines are not known."""
        return tuple(host for host in self.each if host.machine is None)

    @property
    def same_speed(self) -> bool:
        """Whether elapsed times of these hosts can be held against each other; memory changes no time."""
        return not self.unknown and not set(self.unlike) - {Trait.MEMORY}

    def of(self, variant: Variant) -> tuple[Host, ...]:
        """Those that ran tasks of a variant."""
        return tuple(host for host in self.each if host.tasks.get(variant))


def hosts_of(run: Run) -> Hosts | None:
    """Return the hosts that ran what the run shows; None where the harness's own ran all of it."""
    if not any(item.host for item in run.measurements):
        return None
    known = {machine.host: machine for machine in run.hosts}
    by_name: dict[str, list[Measurement]] = {}
    lost = 0
    for item in run.measurements:
        if not item.host and item.outcome.ending is Ending.LOST:
            lost += 1
        elif not item.nested:
            by_name.setdefault(item.host, []).append(item)
    each = [
        Host(
            name=name or run.machine.host,
            here=not name,
            machine=known.get(name) if name else run.machine,
            tasks=_by_variant(items, lambda _: 1),
            cpu_ns=_by_variant(items, lambda item: item.cpu_ns),
        )
        for name, items in by_name.items()
    ]
    each.sort(key=lambda host: (not host.here, -sum(host.tasks.values()), host.name))
    return Hosts(each=tuple(each), unlike=_unlike([host.machine for host in each if host.machine]), lost=lost)


def kinds(run: Run, variant: Variant) -> frozenset[tuple[str, int]] | None:
    """Return the processors of the hosts that ran a variant, each with its number of cores; None: not known of all."""
    names = {
        item.host
        for repetition in run.repeated(variant)
        for item in repetition.measurements
        if item.host or item.outcome.ending is not Ending.LOST
    }
    machines = {machine.host: machine for machine in run.hosts} | {"": run.machine}
    if names - machines.keys():
        return None
    return frozenset((machines[name].cpu_model, machines[name].cores) for name in names or {""})


def left_here(run: Run) -> bool:
    """Return whether other hosts than the harness's own ran tasks, in any repetition."""
    return any(item.host for repetition in run.repeated(Variant.DECOMPOSED) for item in repetition.measurements)


def _by_variant(items: Iterable[Measurement], figure: Callable[[Measurement], int]) -> dict[Variant, int]:
    sums: dict[Variant, int] = {}
    for item in items:
        sums[item.variant] = sums.get(item.variant, 0) + figure(item)
    return sums


def _unlike(machines: list[Machine]) -> tuple[Trait, ...]:
    clocks = [machine.clock_mhz for machine in machines if machine.clock_mhz]
    found = {
        Trait.PROCESSOR: len({machine.cpu_model for machine in machines}) > 1,
        Trait.CORES: len({machine.cores for machine in machines}) > 1,
        Trait.CLOCK: _apart(clocks),
        Trait.MEMORY: _apart([machine.memory_bytes for machine in machines]),
    }
    return tuple(trait for trait, differs in found.items() if differs)


def _apart(values: list[int]) -> bool:
    return bool(values) and max(values) - min(values) > _NEARLY * max(values)
