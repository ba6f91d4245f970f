"""What AWS charges for given quantities of one month, exactly, one line per tier.

Nothing is rounded: an invoice rounds each of its lines to the cent. What has to be rounded up before it is billed
(milliseconds, write units, megabytes scanned) is rounded where the quantities are counted, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from profiler.errors import FactsError, PareDownError, UsageError, together
from profiler.facts import DEFAULT_ARCH, DEFAULT_REGION, FactSet
from profiler.pricing.amounts import Quantity, exact_amount
from profiler.pricing.cost import as_decimal, by_tier
from profiler.pricing.tariffs import MACHINE_HOURS, Tariff, check_arch, quantities_of, tariff_of


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
    dated: str | None
    """Of the source itself, ISO 8601; None where it carries no date."""
    retrieved: str
    """ISO 8601."""
    confidence: str
    """high, medium or low."""
    yours: bool
    """The price is the user's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a month costs."""

    region: str
    arch: str
    free_tier: bool
    """Whether what is always free every month is taken off."""
    instance_type: str | None
    """Of `ec2.hours`."""
    lines: tuple[Line, ...]
    total_usd: Decimal
    """The sum of the lines."""
    remarks: tuple[str, ...]
    """What has to be known beside the figures: what no source settles, tiers that are known elsewhere only."""


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
        UsageError: If a quantity, an amount, the architecture or the machine type is unknown or means nothing; of
            several mistakes, with all of them.
        FactsError: If no price is known in the region, and that is all that is wrong.

    >>> from profiler.facts import load
    >>> month = bill({"lambda.requests": 15_000_000_000, "lambda.gb_seconds": 61_440_000_000}, facts=load())
    >>> [str(line.usd) for line in month.lines], str(month.total_usd)
    (['3000', '100000.2', '135000', '619203.096'], '857203.296')
    """
    check_arch(arch)
    if not isinstance(quantities, Mapping):
        raise UsageError(f"quantities are {type(quantities).__name__}; expected amounts by their names, as a dict")
    if not quantities:
        raise UsageError(
            "there is nothing to bill; expected QUANTITY=AMOUNT, as lambda.requests=1000000",
            hint="quantities:\n" + "\n".join(_by_service(facts)) + "\n'paredown facts SERVICE' says what they count",
        )
    lines: list[Line] = []
    problems: list[PareDownError] = []
    for name, amount in quantities.items():
        try:
            tariff = tariff_of(facts, name, region=region, arch=arch, free_tier=free_tier, instance_type=instance_type)
            lines += _lines(tariff, amount)
        except (UsageError, FactsError) as error:
            problems.append(error)
    if instance_type is not None and MACHINE_HOURS not in quantities:
        problems.append(UsageError(f"instance type {instance_type!r} goes with {MACHINE_HOURS}, which is not billed"))
    if problems:
        raise together(problems)
    return Bill(
        region=region,
        arch=arch,
        free_tier=free_tier,
        instance_type=instance_type,
        lines=tuple(lines),
        total_usd=as_decimal(sum((Fraction(line.usd) for line in lines), Fraction(0))),
        remarks=(
            *_tiers_elsewhere(facts, lines, region),
            *_unsettled(facts, lines),
            *(_your_free_tier(facts, lines) if free_tier else ()),
        ),
    )


def _lines(tariff: Tariff, amount: Quantity) -> tuple[Line, ...]:
    price, quantity = tariff.price, exact_amount(amount, tariff.price.unit, of=tariff.quantity)
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
                dated=None if price.origin.dated is None else price.origin.dated.isoformat(),
                retrieved=price.origin.retrieved.isoformat(),
                confidence=price.origin.confidence.value,
                yours=price.origin.yours,
            )
        )
    return tuple(lines)


def _by_service(facts: FactSet) -> list[str]:
    """The names of all quantities, a line for each service."""
    groups = groupby(quantities_of(facts), key=lambda name: name.split(".")[0])
    return [", ".join(names) for _, names in groups]


def _tiers_elsewhere(facts: FactSet, lines: Sequence[Line], region: str) -> Iterator[str]:
    """Quantities so large that another region would charge less for a part of them, if its tiers held here too."""
    for line in lines:
        service, name = line.quantity.split(".", 1)
        if line.tier != "1" or line.yours:
            continue
        borders = [
            price.tiers[1].from_quantity
            for price in facts.prices
            if (price.service, price.name) == (service, name) and len(price.tiers) > 1
        ]
        if borders and line.amount > min(borders):
            yield (
                f"Only the first tier of {line.quantity} is known in {region}. It is taken for everything, which is "
                "never too little"
            )


def _unsettled(facts: FactSet, lines: Sequence[Line]) -> Iterator[str]:
    """Flags of the services billed; one whose name begins with a quantity's is about that quantity alone."""
    billed = {line.quantity for line in lines}
    services = {line.service for line in lines}
    for fact in facts.facts:
        if fact.unit == "flag" and fact.service in services:
            about = {name for name in quantities_of(facts) if f"{fact.service}.{fact.name}".startswith(name)}
            if not about or about & billed:
                yield fact.about


def _your_free_tier(facts: FactSet, lines: Sequence[Line]) -> Iterator[str]:
    """What is free of the quantities billed, where that is the user's own figure."""
    for name in dict.fromkeys(line.quantity for line in lines):
        service, quantity = name.split(".")
        for fact in facts.facts:
            if (fact.service, fact.name) == (service, f"free_{quantity}") and fact.origin.yours:
                yield f"What is free of {name} every month is your own figure, not AWS's"
