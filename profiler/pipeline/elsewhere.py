"""The same work as one process on machines: EC2 always on or for its hours, and Fargate, for a day's runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from profiler.errors import FactsError
from profiler.facts import FactSet, Platform
from profiler.facts.values import number_of
from profiler.pricing.cost import as_decimal
from profiler.sizing import top
from profiler.units import GIB, NS_PER_HOUR, NS_PER_S
from profiler.variants import MachineCost, VariantVerdict

_T3 = "ec2.unlimited_vcpu_hours"
_BURSTABLE = re.compile(r"t[0-9]")
_FARGATE = "Fargate"
_FARGATE_PRICES = ("vcpu_hours", "gb_hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What a day's runs of the monolith cost on one kind of machine."""

    name: str
    """A machine type, or "Fargate"."""
    vcpus: Decimal
    memory_gb: Decimal
    machines: int
    """More than one where a day has not enough hours for one."""
    usd_for_hours: Decimal
    """Paid for the time that the runs take, surplus included."""
    usd_always_on: Decimal | None
    """All machines always on, surplus included; None for what cannot be left on."""
    surplus_for_hours: Decimal | None
    """Part of it for CPU above a T3's baseline; None: the type has a baseline that is not known."""
    surplus_always_on: Decimal | None


def elsewhere_of(
    monolith: VariantVerdict, facts: FactSet, platform: Platform, *, runs_per_day: Fraction, headroom: Decimal
) -> tuple[Elsewhere, ...]:
    """Return what the monolith costs a day on the machine that is asked of, on the smallest that holds it, on Fargate.

    What has no price in the region, or no size that holds the peak, is left out.
    """
    found = {machine.type: machine for machine in (monolith.default_machine, monolith.machine) if machine is not None}
    machines = [_ec2(machine, monolith, facts, platform, runs_per_day) for machine in found.values()]
    return (*machines, *_fargate(monolith, facts, platform, runs_per_day, headroom))


def own_prices(found: Sequence[Elsewhere], facts: FactSet, platform: Platform) -> tuple[str, ...]:
    """Return which of the prices that these rest on are the user's own."""
    used = {f"ec2.{item.name}" for item in found}
    if any(item.surplus_for_hours or item.surplus_always_on for item in found):
        used.add(_T3)
    if any(item.name == _FARGATE for item in found):
        used |= {f"fargate.{name}" for name in _FARGATE_PRICES}
    own = [price for price in facts.prices if price.origin.yours and platform.region in price.regions]
    named = {f"{price.service}.{price.name}": price for price in own}
    return tuple(name for name in named if name in used)


def _ec2(
    machine: MachineCost, monolith: VariantVerdict, facts: FactSet, platform: Platform, runs: Fraction
) -> Elsewhere:
    rate = Fraction(machine.usd_per_hour)
    machines = max(1, ceil(_hours(monolith, runs, least_s=0) / 24))
    paid = _hours(monolith, runs, least_s=int(number_of(facts, "ec2", "minimum_seconds")))
    hours = min(paid, Fraction(machines * 24))  # Runs one after another need no start of their own.
    cpu_hours = Fraction(monolith.cpu_ns, NS_PER_HOUR) * runs
    surplus_hours, surplus_day = (
        _surplus(machine.type, machine.vcpus, cpu_hours, on, facts, platform.region)
        for on in (hours, Fraction(machines * 24))
    )
    return Elsewhere(
        name=machine.type,
        vcpus=Decimal(machine.vcpus),
        memory_gb=Decimal(machine.memory_mib) / 1024,
        machines=machines,
        usd_for_hours=as_decimal(hours * rate + (surplus_hours or 0)),
        usd_always_on=as_decimal(machines * 24 * rate + (surplus_day or 0)),
        surplus_for_hours=None if surplus_hours is None else as_decimal(surplus_hours),
        surplus_always_on=None if surplus_day is None else as_decimal(surplus_day),
    )


def _surplus(
    type_: str, vcpus: int, cpu_hours: Fraction, paid_hours: Fraction, facts: FactSet, region: str
) -> Fraction | None:
    """CPU hours above a T3's baseline, over all hours that are paid; 0 for a machine without a baseline."""
    if not _BURSTABLE.match(type_):
        return Fraction(0)
    baseline = next((price.attributes.get("baseline_percent") for price in facts.prices if price.name == type_), None)
    if baseline is None:
        return None
    above = cpu_hours - paid_hours * vcpus * Fraction(baseline, 100)
    if above <= 0:
        return Fraction(0)
    try:
        price = facts.price("ec2", _T3.split(".")[1], region=region)
    except FactsError:
        return None
    return above * Fraction(price.tiers[0].usd)


def _fargate(
    monolith: VariantVerdict, facts: FactSet, platform: Platform, runs: Fraction, headroom: Decimal
) -> Iterator[Elsewhere]:
    """The smallest task of Fargate that holds the peak and has the cores that the job kept busy."""
    if monolith.peak is None:
        return
    needed_gb = Fraction(top(monolith.peak), GIB) * Fraction(headroom)
    busy = Fraction(monolith.cpu_ns, max(1, monolith.wall_ns))
    size = next(
        (size for size in _fargate_sizes(facts) if size[0] >= busy and size[1] >= needed_gb),
        None,
    )
    if size is None:
        return
    try:
        vcpu, gb = (
            Fraction(facts.price("fargate", name, region=platform.region, arch=platform.arch).tiers[0].usd)
            for name in _FARGATE_PRICES
        )
    except FactsError:
        return
    hours = _hours(monolith, runs, least_s=int(number_of(facts, "fargate", "minimum_seconds")))
    yield Elsewhere(
        name=_FARGATE,
        vcpus=Decimal(size[0]),
        memory_gb=Decimal(size[1]),
        machines=1,
        usd_for_hours=as_decimal(hours * (size[0] * vcpu + size[1] * gb)),
        usd_always_on=None,
        surplus_for_hours=Decimal(0),
        surplus_always_on=None,
    )


def _fargate_sizes(facts: FactSet) -> Iterator[tuple[int, int]]:
    """All combinations of vCPUs and GB, smallest first."""
    for vcpus in (1, 2, 4, 8, 16):
        low, high, step = (
            int(number_of(facts, "fargate", f"{what}_gb_{vcpus}_vcpu")) for what in ("min", "max", "step")
        )
        yield from ((vcpus, size) for size in range(low, high + 1, step))


def _hours(monolith: VariantVerdict, runs: Fraction, *, least_s: int) -> Fraction:
    """Hours that the runs are paid for, each of them for a least time."""
    return Fraction(max(monolith.wall_ns, least_s * NS_PER_S), NS_PER_HOUR) * runs
