"""What AWS charges for given quantities of one month, exactly, one line per tier.

Nothing is rounded: an invoice rounds each of its lines to the cent. What has to be rounded up before it is billed
(milliseconds, write units, megabytes scanned) is rounded where the quantities are counted, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction

from profiler.cost import as_decimal, by_tier, with_free
from profiler.errors import UsageError
from profiler.facts import ARCHITECTURES, DEFAULT_ARCH, DEFAULT_REGION, FactSet, Price, Tier

Quantity = int | str | Decimal | Fraction

MACHINE_HOURS = "ec2.hours"
"""The one quantity whose price hangs on something else: the type of the machine."""

LARGEST = 10**15
_MEASURED = frozenset({"GB-second", "GB-hour", "GB-month", "GB", "TB", "vCPU-hour", "hour"})
"""Units that have parts; everything else is counted."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one tier of one quantity costs."""

    service: str
    quantity: str
    tier: str
    """"free", or the tier's number from 1; "1 of 3" where there are several."""
    amount: Decimal
    unit: str
    unit_price_usd: Decimal
    usd: Decimal
    source: str
    retrieved: str
    """ISO 8601."""
    yours: bool
    """The price is the user's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a month costs."""

    region: str
    arch: str
    free_tier: bool
    lines: tuple[Line, ...]
    total_usd: Decimal


def bill(
    quantities: Mapping[str, Quantity],
    *,
    facts: FactSet,
    region: str = DEFAULT_REGION,
    arch: str = DEFAULT_ARCH,
    free_tier: bool = False,
    instance_type: str | None = None,
) -> Bill:
    """Return what AWS charges for these quantities of one month.

    Args:
        quantities: By name, as "lambda.requests"; each above 0.
        facts: Where the prices are from.
        region: AWS region.
        arch: x86_64 or arm64.
        free_tier: Take off what is always free every month.
        instance_type: Machine type of `ec2.hours`.

    Raises:
        UsageError: If a quantity, an amount, the architecture or the machine type is unknown or means nothing.
        FactsError: If no price is known in the region.

    >>> from profiler.facts import load
    >>> month = bill({"lambda.requests": 15_000_000_000, "lambda.gb_seconds": 61_440_000_000}, facts=load())
    >>> [str(line.usd) for line in month.lines], str(month.total_usd)
    (['3000', '100000.2', '135000', '619203.096'], '857203.296')
    """
    lines = tuple(
        line
        for name, amount in quantities.items()
        for line in _lines(
            tariff_of(facts, name, region=region, arch=arch, free_tier=free_tier, instance_type=instance_type), amount
        )
    )
    total = sum((Fraction(line.usd) for line in lines), Fraction(0))
    return Bill(region=region, arch=arch, free_tier=free_tier, lines=lines, total_usd=as_decimal(total))


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
    if arch not in ARCHITECTURES:
        raise UsageError(f"architecture {arch!r} is unknown", hint=f"known: {', '.join(ARCHITECTURES)}")
    if quantity not in quantities_of(facts):
        raise _unknown(facts, quantity)
    service, name = quantity.split(".", 1)
    if quantity == MACHINE_HOURS:
        price = _machine(facts, instance_type, region)
    else:
        price = facts.price(service, name, region=region, arch=arch)
    free = _free(facts, service, name) if free_tier else Decimal(0)
    return Tariff(quantity=quantity, price=price, free=free, tiers=with_free(price.tiers, free))


def quantities_of(facts: FactSet) -> tuple[str, ...]:
    """Return the names of everything that has a price; machine types are one quantity together.

    >>> from profiler.facts import load
    >>> [name for name in quantities_of(load()) if name.startswith("ec2.")]
    ['ec2.hours', 'ec2.unlimited_vcpu_hours']
    """
    names = {MACHINE_HOURS if _is_machine(price) else f"{price.service}.{price.name}": None for price in facts.prices}
    return tuple(sorted(names))


def is_counted(unit: str) -> bool:
    """Whether only whole numbers of a unit exist: requests do, hours have parts."""
    return unit not in _MEASURED


def _lines(tariff: Tariff, amount: Quantity) -> tuple[Line, ...]:
    price, quantity = tariff.price, checked_amount(tariff.quantity, amount, tariff.price.unit)
    number = len(price.tiers)
    lines = []
    for place, part in by_tier(quantity, tariff.tiers):
        order = place + 1 - (1 if tariff.free else 0)
        name = "free" if order == 0 else str(order) if number == 1 else f"{order} of {number}"
        rate = tariff.tiers[place].usd
        lines.append(
            Line(
                service=price.service,
                quantity=tariff.quantity,
                tier=name,
                amount=as_decimal(part),
                unit=price.unit,
                unit_price_usd=rate,
                usd=as_decimal(part * Fraction(rate)),
                source=price.origin.source,
                retrieved=price.origin.retrieved.isoformat(),
                yours=getattr(price.origin, "yours", False),
            )
        )
    return tuple(lines)


def checked_amount(quantity: str, amount: Quantity, unit: str) -> Fraction:
    """Return an amount as a fraction.

    Raises:
        UsageError: If it is no number above 0, too large to mean anything, or a part of what is counted.
    """
    expected = f"expected {'a whole number' if is_counted(unit) else 'a number'} above 0"
    try:
        number = amount if isinstance(amount, Fraction) else Decimal(amount)
        finite = isinstance(number, Fraction) or number.is_finite()
    except ArithmeticError:
        raise UsageError(f"{quantity}: {amount!r} is no number; {expected}, in plain digits") from None
    if not finite or number <= 0:
        raise UsageError(f"{quantity} is {amount}; {expected}", hint="leave out what is not used" if finite else None)
    if number > LARGEST:
        raise UsageError(f"{quantity} is {amount}; {expected}, at most {LARGEST:,}")
    if isinstance(number, Decimal) and number.adjusted() < -18:
        raise UsageError(f"{quantity} is {amount}; {expected}, and not below a billionth of a billionth")
    exact = Fraction(number)
    if is_counted(unit) and exact.denominator != 1:
        raise UsageError(f"{quantity} is {amount}; {expected}: there is no part of one {unit}")
    return exact


def _is_machine(price: Price) -> bool:
    return price.service == "ec2" and price.unit == "hour"


def _machine(facts: FactSet, instance_type: str | None, region: str) -> Price:
    """The price of an hour of a machine type; machines are of one architecture each."""
    types = {price.name: None for price in facts.prices if _is_machine(price)}
    if instance_type is None:
        raise UsageError(f"{MACHINE_HOURS} needs a machine type", hint=f"known: {', '.join(types)}")
    if instance_type not in types:
        near = get_close_matches(instance_type.lower(), types, n=2)
        raise UsageError(
            f"no price of machine type {instance_type!r} is known",
            hint=f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(types)}",
        )
    arch = next(price.arch for price in facts.prices if _is_machine(price) and price.name == instance_type)
    return facts.price("ec2", instance_type, region=region, arch=arch)


def _free(facts: FactSet, service: str, name: str) -> Decimal:
    """What is free of a quantity every month."""
    fact = next((fact for fact in facts.facts if (fact.service, fact.name) == (service, f"free_{name}")), None)
    return Decimal(fact.value) if fact is not None and isinstance(fact.value, (int, Decimal)) else Decimal(0)


def _unknown(facts: FactSet, quantity: str) -> UsageError:
    names = quantities_of(facts)
    near = get_close_matches(quantity.lower(), names, n=3, cutoff=0.5)
    services = {name.split(".")[0] for name in names}
    same = [name for name in names if name.startswith(quantity.lower().split(".")[0] + ".")]
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif same:
        hint = f"known of that service: {', '.join(same)}"
    else:
        hint = f"expected SERVICE.NAME, of the services {', '.join(sorted(services))}"
    return UsageError(f"quantity {quantity!r} is unknown", hint=hint)
