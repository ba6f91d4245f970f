"""What one quantity costs: its price in a region, found by the name that the command line uses, and what is free of it.

A price is never borrowed from another region; what is asked for in vain is answered with the nearest names.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from profiler.errors import FactsError, UsageError
from profiler.facts import ARCHITECTURES, DEFAULT_ARCH, DEFAULT_REGION, FactSet, Price, Tier
from profiler.pricing.cost import with_free

MACHINE_HOURS = "ec2.hours"
"""The one quantity whose price hangs on something else: the type of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What one quantity costs in one region."""

    quantity: str
    """Service and name, as "lambda.gb_seconds"."""
    price: Price
    free: Decimal
    """Of a month; 0 where nothing is, or the free tier is not asked for."""
    tiers: tuple[Tier, ...]
    """Of a month, what is free included."""


def tariff_of(
    facts: FactSet,
    quantity: str,
    *,
    region: str = DEFAULT_REGION,
    arch: str = DEFAULT_ARCH,
    free_tier: bool = False,
    instance_type: str | None = None,
) -> Tariff:
    """Return the price of a quantity, by its name.

    Raises:
        UsageError: If the quantity, the architecture or the machine type is unknown.
        FactsError: If no price is known in the region.
    """
    check_arch(arch)
    if quantity not in quantities_of(facts):
        raise _unknown(facts, quantity)
    service, name = quantity.split(".", 1)
    if quantity == MACHINE_HOURS:
        price = _machine(facts, instance_type, region)
    else:
        price = _priced(facts, service, name, region=region, arch=arch)
    free = _free(facts, service, name) if free_tier else Decimal(0)
    return Tariff(quantity=quantity, price=price, free=free, tiers=with_free(price.tiers, free))


def quantities_of(facts: FactSet) -> tuple[str, ...]:
    """Return the names of everything that has a price; machine types are one quantity together.

    >>> from profiler.facts import load
    >>> [name for name in quantities_of(load()) if name.startswith("ec2.")]
    ['ec2.hours', 'ec2.unlimited_vcpu_hours']
    """
    names = {MACHINE_HOURS if price.is_of_a_machine else f"{price.service}.{price.name}" for price in facts.prices}
    return tuple(sorted(names))


def check_arch(arch: str) -> None:
    """Refuse an architecture that nothing is sold for.

    Raises:
        UsageError: If it is unknown.
    """
    if arch not in ARCHITECTURES:
        raise UsageError(f"architecture {arch!r} is unknown", hint=f"known: {', '.join(ARCHITECTURES)}")


def _priced(facts: FactSet, service: str, name: str, *, region: str, arch: str | None) -> Price:
    """The price in a region; if none is known, the error names the regions that have one, the nearest first."""
    known = facts.regions(service, name, arch=arch)
    if region not in known:
        nearest = (
            ", ".join(get_close_matches(str(region).lower(), known, n=len(known), cutoff=0)) if known else "no region"
        )
        on = f" on {arch}" if any(p.arch for p in facts.prices if (p.service, p.name) == (service, name)) else ""
        raise FactsError(
            f"no price of {service}.{name}{on} is known in region {region!r}",
            hint=f"known in: {nearest}; --prices FILE can name yours",
        )
    return facts.price(service, name, region=region, arch=arch)


def _machine(facts: FactSet, instance_type: str | None, region: str) -> Price:
    """The price of an hour of a machine type; machines are of one architecture each."""
    types = {price.name: price.arch for price in facts.prices if price.is_of_a_machine}
    if instance_type is None:
        raise UsageError(f"{MACHINE_HOURS} needs --instance-type TYPE", hint=f"known: {', '.join(types)}")
    if instance_type not in tuple(types):
        near = get_close_matches(str(instance_type).lower(), types, n=2)
        raise UsageError(
            f"no price of instance type {instance_type!r} is known",
            hint=f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(types)}",
        )
    return _priced(facts, "ec2", instance_type, region=region, arch=types[instance_type])


def _free(facts: FactSet, service: str, name: str) -> Decimal:
    """What is free of a quantity every month."""
    fact = next((fact for fact in facts.facts if (fact.service, fact.name) == (service, f"free_{name}")), None)
    return Decimal(fact.value) if fact is not None and isinstance(fact.value, (int, Decimal)) else Decimal(0)


def _unknown(facts: FactSet, quantity: str) -> UsageError:
    names, asked = quantities_of(facts), str(quantity).lower()
    near, far = (get_close_matches(asked, names, cutoff=cutoff) for cutoff in (0.75, 0.5))
    same = [name for name in names if name.startswith(asked.split(".")[0] + ".")]
    if near or (far and not same):
        hint = f"did you mean {' or '.join(near or far)}?"
    elif same:
        hint = f"known of that service: {', '.join(same)}"
    else:
        services = sorted({name.split(".")[0] for name in names})
        hint = f"expected SERVICE.NAME, of the services {', '.join(services)}"
    return UsageError(f"quantity {quantity!r} is unknown", hint=hint)
