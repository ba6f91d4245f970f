"""What a provider sells and allows in one region, for one architecture: plain values, as the judgement needs them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from profiler.errors import FactsError
from profiler.facts.checks import ARCHITECTURES
from profiler.facts.entries import FactSet, Tier
from profiler.units import MIB, NS_PER_S

DEFAULT_REGION = "us-east-1"
DEFAULT_ARCH = "x86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaPrices:
    """What Lambda charges, in one region, for one architecture."""

    gb_seconds: tuple[Tier, ...]
    """Per GB-second, by the GB-seconds of a month."""
    requests: tuple[Tier, ...]
    """Per invocation, by the invocations of a month."""
    date: date
    """Of the older of both prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaLimits:
    """What one Lambda invocation may have, and how it behaves."""

    min_memory_mib: int
    max_memory_mib: int
    memory_step_mib: int
    """Sizes are rounded up to a multiple of this; our own choice, since Lambda sells any whole MiB."""
    max_duration_ns: int
    max_init_ns: int
    max_temp_bytes: int
    included_temp_bytes: int
    """/tmp that costs nothing extra."""
    mib_per_vcpu: int
    """Memory size that brings the CPU time of one vCPU."""
    runtime_mib: int
    """What Lambda's Python runtime takes beyond a bare interpreter."""
    network_bytes_per_s: int
    accurate_from_mib: int
    """Below this memory size the model of time is less certain."""
    fleet_cost_factor: Decimal
    """Observed: what a fleet costs ÷ what the model says."""
    slowest_of: tuple[tuple[int, Decimal], ...]
    """Observed: time of the slowest of so many tasks ÷ what the model says, ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Type:
    """A machine type and its price on demand."""

    name: str
    vcpus: int
    memory_mib: int
    usd_per_hour: Decimal
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Limits and prices of one region and architecture."""

    region: str
    arch: str
    limits: LambdaLimits
    prices: LambdaPrices
    machines: tuple[Ec2Type, ...]
    """Ascending by memory, then by price; empty where the facts hold no prices for the region."""
    default_machine: str
    """Named beside the one that the job needs, since the question is usually asked of it."""


def platform_of(facts: FactSet, *, region: str = DEFAULT_REGION, arch: str = DEFAULT_ARCH) -> Platform:
    """Choose what holds in one region, for one architecture.

    Machines of the other architecture are left out for x86_64: what a job imports may not exist there.

    Raises:
        FactsError: If the architecture is unknown, or a price of Lambda is not known in the region.
    """
    if arch not in ARCHITECTURES:
        raise FactsError(f"architecture {arch!r} is unknown", hint=f"known: {', '.join(ARCHITECTURES)}")
    gb_seconds = facts.price("lambda", "gb_seconds", region=region, arch=arch)
    requests = facts.price("lambda", "requests", region=region, arch=arch)
    return Platform(
        region=region,
        arch=arch,
        limits=_limits(facts),
        prices=LambdaPrices(
            gb_seconds=gb_seconds.tiers,
            requests=requests.tiers,
            date=min(gb_seconds.origin.date, requests.origin.date),
        ),
        machines=_machines(facts, region, arch),
        default_machine=str(facts.fact("ec2", "default_machine").value),
    )


def number_of(facts: FactSet, service: str, name: str) -> Decimal:
    """Return a fact that is a number above 0.

    Raises:
        FactsError: If there is none of that name, or it is no such number.
    """
    value = facts.fact(service, name).value
    if type(value) not in (int, Decimal) or Decimal(value) <= 0:  # type: ignore[arg-type]
        raise FactsError(f"{service}: fact {name!r} is {value!r}; expected a number above 0")
    return Decimal(value)  # type: ignore[arg-type]


def _limits(facts: FactSet) -> LambdaLimits:
    def whole(name: str, unit: str) -> int:
        fact = facts.fact("lambda", name)
        if type(fact.value) is not int or fact.value <= 0 or fact.unit != unit:
            raise FactsError(
                f"lambda: fact {name!r} is {fact.value!r} {fact.unit}; expected a whole number above 0 of {unit}"
            )
        return fact.value

    def factor(name: str) -> Decimal:
        value = facts.fact("lambda", name).value
        if type(value) not in (int, Decimal) or Decimal(value) < 1:  # type: ignore[arg-type]
            raise FactsError(f"lambda: fact {name!r} is {value!r}; expected a number from 1")
        return Decimal(value)  # type: ignore[arg-type]

    return LambdaLimits(
        min_memory_mib=whole("min_memory", "MiB"),
        max_memory_mib=whole("max_memory", "MiB"),
        memory_step_mib=whole("memory_step", "MiB"),
        max_duration_ns=whole("max_duration", "s") * NS_PER_S,
        max_init_ns=whole("max_init", "s") * NS_PER_S,
        max_temp_bytes=whole("max_temp", "MiB") * MIB,
        included_temp_bytes=whole("included_temp", "MiB") * MIB,
        mib_per_vcpu=whole("mib_per_vcpu", "MiB"),
        runtime_mib=whole("runtime_memory", "MiB"),
        network_bytes_per_s=whole("network", "B/s"),
        accurate_from_mib=whole("accurate_from", "MiB"),
        fleet_cost_factor=factor("fleet_cost_factor"),
        slowest_of=((100, factor("slowest_of_100")), (1000, factor("slowest_of_1000"))),
    )


def _machines(facts: FactSet, region: str, arch: str) -> tuple[Ec2Type, ...]:
    machines = []
    for price in facts.prices:
        if price.service != "ec2" or price.unit != "hour" or region not in price.regions:
            continue
        if price.arch not in (arch, DEFAULT_ARCH):
            continue
        missing = {"vcpus", "memory_mib"} - set(price.attributes)
        if missing:
            raise FactsError(f"ec2: the price of {price.name} lacks {', '.join(sorted(missing))} in its attributes")
        machines.append(
            Ec2Type(
                name=price.name,
                vcpus=price.attributes["vcpus"],
                memory_mib=price.attributes["memory_mib"],
                usd_per_hour=price.tiers[0].usd,
                date=price.origin.date,
            )
        )
    return tuple(sorted(machines, key=lambda machine: (machine.memory_mib, machine.usd_per_hour, machine.name)))
