"""What one run costs by service, and how many requests a target would buy of each service alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from profiler.pipeline.pricebook import PriceBook
from profiler.pipeline.usage import Usage
from profiler.pricing.cost import as_decimal

ORDER = ("lambda", "step_functions", "athena", "dynamodb", "s3", "eventbridge", "logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """One quantity that a run uses, with what it costs."""

    quantity: str
    unit: str
    per_run: Decimal
    usd_per_run: Decimal | None
    """None: no price is known in the region."""
    usd_per_day: Decimal | None
    """None: not known how many runs a day has, or no price is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCost:
    """One service of the pipeline."""

    service: str
    quantities: tuple[Priced, ...]
    usd_per_run: Decimal | None
    """None: nothing of it has a price in the region."""
    usd_per_request: Decimal | None
    usd_per_day: Decimal | None
    share: float | None
    """Of the whole pipeline's dollars."""
    requests_bought: int | None
    """Requests a day that the target would buy if this service were all there is; None without a target."""


def services_of(
    usages: Sequence[Usage], book: PriceBook, requests_per_run: int, target: Decimal | None
) -> tuple[ServiceCost, ...]:
    """Return what each service costs, in the order of `ORDER`; one that is not used is left out.

    Args:
        usages: Of one run.
        book: Prices; what has none there is in no sum.
        requests_per_run: From 1.
        target: Dollars a day.
    """
    by_service: dict[str, list[Usage]] = {name: [] for name in ORDER}
    for usage in usages:
        by_service[usage.quantity.split(".")[0]].append(usage)
    known = {name: [usage for usage in found if book.tariff(usage.quantity)] for name, found in by_service.items()}
    costs = {name: book.per_run(found) if found else None for name, found in known.items()}
    total = sum((cost or Fraction(0) for cost in costs.values()), Fraction(0))
    return tuple(
        ServiceCost(
            service=name,
            quantities=tuple(_priced(usage, book) for usage in found),
            usd_per_run=None if cost is None else as_decimal(cost),
            usd_per_request=None if cost is None else as_decimal(cost / requests_per_run),
            usd_per_day=book.per_day(cost),
            share=None if cost is None else float(cost / total) if total else 0.0,
            requests_bought=(
                None
                if target is None or cost is None
                else book.requests_bought(known[name], requests_per_run=requests_per_run, usd_per_day=target)
            ),
        )
        for name, found in by_service.items()
        for cost in (costs[name],)
        if found
    )


def _priced(usage: Usage, book: PriceBook) -> Priced:
    tariff, usd = book.tariff(usage.quantity), book.per_run([usage])
    return Priced(
        quantity=usage.quantity,
        unit=tariff.price.unit if tariff else "",
        per_run=as_decimal(usage.amount),
        usd_per_run=None if usd is None else as_decimal(usd),
        usd_per_day=book.per_day(usd),
    )


def used_up_first(services: Sequence[ServiceCost]) -> str | None:
    """Return the service that would use a target up first: the one that buys fewest requests."""
    known: Mapping[str, int] = {
        service.service: service.requests_bought for service in services if service.requests_bought is not None
    }
    return min(known, key=lambda name: known[name]) if known else None
