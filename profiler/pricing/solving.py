"""From what is known of a budget to its solution, with the facts that it needs: behind `paredown budget`.

Reads facts and nothing else; the arithmetic is in `equation` and `shares`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path

from profiler.errors import UsageError
from profiler.facts import ARCHITECTURES, DEFAULT_ARCH, DEFAULT_REGION, FactSet, LambdaPrices, load, service_names
from profiler.facts.values import number_of
from profiler.pricing.cost import as_decimal
from profiler.pricing.equation import margin_of, pairs_of, rows_of, solve
from profiler.pricing.shares import GB_SECONDS, INVOCATIONS, LAMBDA, ShareOfService, Where, checked_shares, share_of
from profiler.pricing.solution import Rates, Solution
from profiler.pricing.targets import Given, Target, target_of
from profiler.pricing.tariffs import Tariff, tariff_of
from profiler.units import DAYS_PER_MONTH

_MACHINES = "ec2"
_LIMITS = ("min_memory", "max_memory", "mib_per_vcpu", "max_duration")


def budget(
    *,
    dollars_per_day: Given | None = None,
    dollars_per_month: Given | None = None,
    requests_per_day: Given | None = None,
    requests_per_month: Given | None = None,
    gb_s_per_request: Given | Iterable[Given] | None = None,
    customers: Given | None = None,
    trainings_per_customer: Given | None = None,
    predictions_per_customer: Given | None = None,
    price_per_customer: Given | None = None,
    share: Mapping[str, Given] | None = None,
    invocations_per_request: Given = 1,
    region: str = DEFAULT_REGION,
    arch: str = DEFAULT_ARCH,
    free_tier: bool = False,
    prices: str | Path | None = None,
    instance_type: str | None = None,
) -> Solution:
    """Turn the price list around, as `paredown budget` does: what is not known, from what is.

    Dollars alone give a table; two of dollars, requests and GB-seconds give the third; all three say whether the
    dollars do. A month has 365/12 even days.

    Args:
        dollars_per_day: What may be spent; or:
        dollars_per_month: The same of a month.
        requests_per_day: Whole requests; or:
        requests_per_month: The same of a month.
        gb_s_per_request: What one request uses, as billed over all its invocations; several make a table.
        customers: How many there are; with the next two they make the requests.
        trainings_per_customer: Of one customer on one day; a part of one where it is not every day.
        predictions_per_customer: Of one customer on one day.
        price_per_customer: Dollars that one customer pays a month; shows the margin.
        share: Percent of the dollars by service, adding up to 100. Lambda then has only its share.
        invocations_per_request: Of Lambda; below 1 where one serves several.
        region: AWS region.
        arch: x86_64 or arm64.
        free_tier: Take off what is always free every month.
        prices: A file of prices that go before those of AWS's list.
        instance_type: Machine type, where ec2 has a share.

    Raises:
        UsageError: If a value means nothing, or too little is known.
        FactsError: If no price of Lambda is known in the region, or the file of prices is not right.

    >>> solution = budget(dollars_per_day=7, customers=40, trainings_per_customer=1, predictions_per_customer=74)
    >>> round(solution.solved.gb_s_per_request, 3)
    Decimal('139.988')
    """
    target = target_of(
        dollars_per_day=dollars_per_day,
        dollars_per_month=dollars_per_month,
        requests_per_day=requests_per_day,
        requests_per_month=requests_per_month,
        gb_s_per_request=gb_s_per_request,
        customers=customers,
        trainings_per_customer=trainings_per_customer,
        predictions_per_customer=predictions_per_customer,
        price_per_customer=price_per_customer,
        invocations_per_request=invocations_per_request,
    )
    percents = _percents(share, target, instance_type)
    facts = load(prices=prices, services=tuple(percents) or (LAMBDA,))
    where = Where(region=region, arch=arch, free_tier=free_tier, instance_type=instance_type)
    _check_place(facts, where, prices)
    return _solution(target, percents, facts, where)


def _percents(share: Mapping[str, Given] | None, target: Target, instance_type: str | None) -> dict[str, Fraction]:
    """The percent of each service that has a share; empty: all is Lambda's."""
    percents = {} if share is None else checked_shares(share, service_names())
    if percents and target.usd_per_month is None:
        raise UsageError("shares split dollars, and none are given", hint="add dollars per day")
    if percents and LAMBDA not in percents and target.gb_s_per_request:
        raise UsageError("GB-seconds are Lambda's, and it has no share", hint="give lambda a share, or no GB-seconds")
    if instance_type is not None and _MACHINES not in percents:
        raise UsageError(
            "a machine type is only for a share of ec2", hint="paredown bill ec2.hours=24 prices one by itself"
        )
    return percents


def _check_place(facts: FactSet, where: Where, prices: str | Path | None) -> None:
    """The architecture exists, and some price is known in the region, be it of another service."""
    regions = _regions(facts)
    if where.region not in regions:
        regions = _regions(load(prices=prices))
    for what, given, known in (("architecture", where.arch, ARCHITECTURES), ("region", where.region, regions)):
        if given not in known:
            near = get_close_matches(str(given).lower(), known, n=2)
            raise UsageError(
                f"{what} {given!r} is unknown",
                hint=f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}",
            )


def _regions(facts: FactSet) -> list[str]:
    return sorted({region for price in facts.prices for region in price.regions})


def _solution(target: Target, percents: Mapping[str, Fraction], facts: FactSet, where: Where) -> Solution:
    tariffs: list[Tariff] = []
    shares: list[ShareOfService] = []
    for service, percent in percents.items():
        share, found = share_of(service, percent, target=target, facts=facts, where=where)
        shares.append(share)
        tariffs += found
    rates, money, solved = None, None, None
    if not percents or LAMBDA in percents:
        rates, found = _rates(facts, where)
        tariffs += found
        money = target.usd_per_month
        if money is not None and percents:
            money = money * percents[LAMBDA] / 100
        solved = solve(target, money, rates)
    one = target.gb_s_per_request[0] if len(target.gb_s_per_request) == 1 else None
    if solved is not None and solved.gb_s_per_request is not None:
        one = Fraction(solved.gb_s_per_request)
    return Solution(
        target=target,
        region=where.region,
        arch=where.arch,
        architectures=tuple(
            arch for arch in ARCHITECTURES if where.region in facts.regions(LAMBDA, "gb_seconds", arch=arch)
        ),
        free_tier=where.free_tier,
        instance_type=where.instance_type,
        prices_date=min(
            (tariff.price.origin.date for tariff in tariffs if not tariff.price.origin.yours), default=None
        ),
        yours=(*_yours(tariffs), *_your_limits(facts, tariffs, free_tier=where.free_tier)),
        rates=rates,
        lambda_usd_per_day=None if money is None else as_decimal(money / DAYS_PER_MONTH),
        lambda_usd_per_month=None if money is None else as_decimal(money),
        rows=() if rates is None else rows_of(target, money, rates),
        solved=solved,
        pairs=() if rates is None else pairs_of(one, target, rates),
        shares=tuple(shares),
        margin=margin_of(target, solved, shares),
    )


def _rates(facts: FactSet, where: Where) -> tuple[Rates, tuple[Tariff, ...]]:
    gb_seconds, invocations = (
        tariff_of(facts, name, region=where.region, arch=where.arch, free_tier=where.free_tier)
        for name in (GB_SECONDS, INVOCATIONS)
    )
    least, most, mib_per_vcpu, seconds = (int(number_of(facts, LAMBDA, name)) for name in _LIMITS)
    return Rates(
        prices=LambdaPrices(
            gb_seconds=gb_seconds.tiers,
            requests=invocations.tiers,
            date=min(gb_seconds.price.origin.date, invocations.price.origin.date),
        ),
        min_memory_mib=least,
        max_memory_mib=most,
        mib_per_vcpu=mib_per_vcpu,
        max_duration_s=seconds,
    ), (gb_seconds, invocations)


def _yours(tariffs: Iterable[Tariff]) -> tuple[str, ...]:
    """The quantities whose price is the user's own."""
    return tuple(dict.fromkeys(tariff.quantity for tariff in tariffs if tariff.price.origin.yours))


def _your_limits(facts: FactSet, tariffs: Iterable[Tariff], *, free_tier: bool) -> tuple[str, ...]:
    """The user's own facts that a budget rests on: what Lambda allows, and what is free of what was priced."""
    quantities = [tariff.quantity for tariff in tariffs]
    free = {f"{service}.free_{name}" for service, name in (quantity.split(".") for quantity in quantities)}
    allowed = {f"{LAMBDA}.{name}" for name in _LIMITS} if GB_SECONDS in quantities else set()
    names = (f"{fact.service}.{fact.name}" for fact in facts.facts if fact.origin.yours)
    return tuple(name for name in names if name in allowed or (free_tier and name in free))
