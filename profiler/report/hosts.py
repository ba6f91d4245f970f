"""The hosts of a run as a table, with how alike they are: nothing where the harness's own host ran all tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from profiler.hosts import Host, Hosts, Trait
from profiler.model import Settings, Variant
from profiler.report.clean import one_line
from profiler.report.figures import numbers, sizes, times
from profiler.report.plain import listed, many
from profiler.report.shape import Cell, Column, Row, Section, Table
from profiler.units import count

_MOST_ROWS = 12
_MOST_NAMES = 3
_COUNTED = ("local", "dask")
"""Engines that say how many tasks they run at a time."""
_HOST = Column(key="host", title="host")
_CPU = Column(key="cpu", title="CPU", right=True)
_CORES = Column(key="cores", title="cores", right=True)
_CLOCK = Column(key="clock", title="GHz", right=True)
_MEMORY = Column(key="memory", title="memory", right=True)
_PROCESSOR = Column(key="processor", title="processor")
_ONLY_CPU = "times are compared through CPU seconds only, and elapsed times not at all"


def hosts_section(hosts: Hosts) -> Section:
    """Lay out which hosts ran how many tasks of which variant, and say what that means for their times."""
    return Section(title="Hosts that ran tasks", steps=_table(hosts.each[:_MOST_ROWS]), notes=tuple(_notes(hosts)))


def at_once(settings: Settings, what: str = "") -> str:
    """Say how many tasks ran at a time, and on what; of somebody's own executor nobody knows how many."""
    where = "here" if settings.engine == "local" else f"on {one_line(settings.engine)}"
    if settings.scheduler:
        where += " as it was at first"  # A cluster of somebody's may grow and shrink.
    if settings.engine not in _COUNTED:
        return where
    return f"{many(settings.jobs, what) if what else count(settings.jobs)} at a time {where}"


def on_hosts(hosts: Hosts | None, variant: Variant) -> str:
    """Say on how many hosts a variant ran, where that is more than one.

    >>> on_hosts(None, Variant.DECOMPOSED)
    ''
    """
    number = 0 if hosts is None else len(hosts.of(variant))
    return f"{count(number)} hosts" if number > 1 else ""


def _table(hosts: Sequence[Host]) -> Table:
    machines = [host.machine for host in hosts]
    variants = [variant for variant in Variant if any(host.tasks.get(variant) for host in hosts)]
    cpu, cpus = times([sum(host.cpu_ns.values()) for host in hosts])
    memory, memories = sizes([None if machine is None else machine.memory_bytes for machine in machines])
    texts = {_HOST: [_name(host) for host in hosts]}
    for variant in variants:
        column = Column(key=f"tasks_{variant}", title=variant.value, right=True)
        texts[column] = [count(host.tasks[variant]) if variant in host.tasks else "" for host in hosts]
    texts[replace(_CPU, title=f"CPU {cpu}")] = cpus
    texts[_CORES] = ["" if machine is None else count(machine.cores) for machine in machines]
    clocks = [None if machine is None else machine.clock_mhz for machine in machines]
    texts[_CLOCK] = numbers([None if clock is None else Fraction(clock, 1000) for clock in clocks])
    texts[replace(_MEMORY, title=f"memory {memory}")] = memories
    texts[_PROCESSOR] = ["not known" if machine is None else one_line(machine.cpu_model) for machine in machines]
    return Table(
        columns=tuple(texts),
        rows=tuple(
            Row(cells=tuple(Cell(text=cells[place]) for cells in texts.values()), subject=_name(host))
            for place, host in enumerate(hosts)
        ),
    )


def _name(host: Host) -> str:
    return "here" if host.here else one_line(host.name)


def _notes(hosts: Hosts) -> Iterator[str]:
    rest = hosts.each[_MOST_ROWS:]
    if rest:
        tasks = many(sum(sum(host.tasks.values()) for host in rest), "task")
        yield f"{many(len(rest), 'more host')} ran {tasks}; --format json has them all."
    if hosts.unknown:
        machines = "The machine of {} is" if len(hosts.unknown) == 1 else "The machines of {} are"
        yield f"{machines.format(_names(hosts.unknown))} not known: {_ONLY_CPU}."
    if hosts.unlike:
        yield f"{_known(hosts)} differ in {listed(hosts.unlike)}{_what_follows(hosts)}."
    elif len(hosts.each) - len(hosts.unknown) > 1:
        yield f"{_known(hosts)} are alike in {listed(_known_traits(hosts))}."
    if hosts.lost:
        yield f"{many(hosts.lost, 'task')} {'was' if hosts.lost == 1 else 'were'} lost, nobody knows on which host."


def _what_follows(hosts: Hosts) -> str:
    if hosts.unknown:
        return ""  # The sentence before has said it.
    return ", which changes no time" if hosts.same_speed else f": {_ONLY_CPU}"


def _known(hosts: Hosts) -> str:
    return "The others" if hosts.unknown else "The hosts"


def _known_traits(hosts: Hosts) -> list[Trait]:
    clocks = any(host.machine is not None and host.machine.clock_mhz for host in hosts.each)
    return [trait for trait in Trait if clocks or trait is not Trait.CLOCK]


def _names(hosts: Sequence[Host]) -> str:
    names = [_name(host) for host in hosts[:_MOST_NAMES]]
    more = len(hosts) - len(names)
    return listed([*names, f"{count(more)} more"] if more else names)
