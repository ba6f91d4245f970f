"""A target split over services, and each share turned around: how much of each thing that service sells it pays for.

Pure. A thing without a price in the region says so, and nothing is borrowed from another region.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from math import floor

from profiler.errors import FactsError, UsageError
from profiler.facts import FactSet
from profiler.pricing.amounts import is_counted
from profiler.pricing.cost import as_decimal, tiered_usd
from profiler.pricing.inversion import quantity_for
from profiler.pricing.targets import Given, Target, exact
from profiler.pricing.tariffs import MACHINE_HOURS, Tariff, quantities_of, tariff_of
from profiler.units import DAYS_PER_MONTH

LAMBDA = "lambda"
GB_SECONDS, INVOCATIONS = "lambda.gb_seconds", "lambda.requests"
_HELD = "GB-month"
"""The unit of what is held: so much all month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much of one thing a share pays for."""

    quantity: str
    """Service and name, as "dynamodb.write_units"."""
    unit: str
    """Empty where no price is known."""
    per_month: Decimal | None
    """Whole where it is counted; None: see `problem`. Of a GB-month: what may be held all month."""
    per_day: Decimal | None
    """None of what is held."""
    per_request: Decimal | None
    """None where the requests are not known, and of what is held."""
    problem: str
    """Why there is no figure: no price, no limit, nothing left; empty where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfService:
    """What one service may cost, and what that pays for."""

    service: str
    percent: Decimal
    usd_per_month: Decimal
    usd_per_day: Decimal
    together: bool
    """All allowances go together: Lambda's GB-seconds beside its invocations; else any one of them alone."""
    allowances: tuple[Allowance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What prices hang on."""

    region: str
    arch: str
    free_tier: bool
    instance_type: str | None


def checked_shares(share: Mapping[str, Given], known: Iterable[str]) -> dict[str, Fraction]:
    """Return the percent of each service.

    Raises:
        UsageError: If a service is unknown, a percentage means nothing, or they do not add up to 100.

    >>> checked_shares({"lambda": 70, "dynamodb": "29.5"}, ["dynamodb", "lambda"])
    Traceback (most recent call last):
    profiler.errors.UsageError: the shares add up to 99.5; expected exactly 100
    """
    names = sorted(known)
    for service in share:
        if service not in names:
            near = get_close_matches(str(service).lower().replace("-", "_"), names, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
            raise UsageError(f"a share of {service!r}: there is no such service", hint=hint)
    found = {service: exact(f"the share of {service}", percent) for service, percent in share.items()}
    total = sum(found.values(), Fraction(0))
    if total != 100:
        raise UsageError(f"the shares add up to {as_decimal(total):f}; expected exactly 100")
    return found


def share_of(
    service: str, percent: Fraction, *, target: Target, facts: FactSet, where: Where
) -> tuple[ShareOfService, tuple[Tariff, ...]]:
    """Return what one service may cost and what that pays for, and the prices that say so.

    Raises:
        UsageError: If the machine type is unknown or missing.
    """
    assert target.usd_per_month is not None, "a share is one of dollars"
    usd = target.usd_per_month * percent / 100
    found: dict[str, Tariff | str] = {name: _tariff(facts, name, where) for name in _quantities(facts, service)}
    requests = target.requests_per_month
    together = service == LAMBDA and requests is not None
    if together and requests is not None:
        allowances = _lambda_beside(usd, requests, target.invocations_per_request, found)
    else:
        allowances = tuple(_alone(name, usd, requests, tariff) for name, tariff in found.items())
    share = ShareOfService(
        service=service,
        percent=as_decimal(percent),
        usd_per_month=as_decimal(usd),
        usd_per_day=as_decimal(usd / DAYS_PER_MONTH),
        together=together,
        allowances=allowances,
    )
    return share, tuple(tariff for tariff in found.values() if isinstance(tariff, Tariff))


def _quantities(facts: FactSet, service: str) -> tuple[str, ...]:
    """What a service sells, in the order of its facts; of Lambda only what every invocation uses."""
    if service == LAMBDA:
        return (GB_SECONDS, INVOCATIONS)
    known = set(quantities_of(facts))
    named = [f"{price.service}.{price.name}" for price in facts.prices if price.service == service]
    machines = (MACHINE_HOURS,) if service == MACHINE_HOURS.split(".")[0] else ()
    return (*machines, *dict.fromkeys(name for name in named if name in known and name not in machines))


def _tariff(facts: FactSet, quantity: str, where: Where) -> Tariff | str:
    """The price of a quantity, or why there is none."""
    try:
        return tariff_of(
            facts,
            quantity,
            region=where.region,
            arch=where.arch,
            free_tier=where.free_tier,
            instance_type=where.instance_type,
        )
    except FactsError as error:
        return error.message


def _alone(quantity: str, usd: Fraction, requests: Fraction | None, tariff: Tariff | str) -> Allowance:
    """What the whole share pays for, if this is all that is used."""
    if isinstance(tariff, str):
        return _none(quantity, tariff)
    amount = quantity_for(usd, tariff.tiers)
    if amount is None:
        return _none(quantity, "costs nothing, so there is no limit", unit=tariff.price.unit)
    return _allowance(tariff, amount, requests)


def _lambda_beside(
    usd: Fraction, requests: Fraction, invocations: Fraction, found: Mapping[str, Tariff | str]
) -> tuple[Allowance, ...]:
    """The invocations are paid first, and what is left buys GB-seconds."""
    counted, used = found[INVOCATIONS], found[GB_SECONDS]
    if isinstance(counted, str) or isinstance(used, str):
        why = "; ".join(tariff for tariff in found.values() if isinstance(tariff, str))
        return tuple(_none(name, why) for name in found)
    number = requests * invocations
    left = usd - tiered_usd(number, counted.tiers)
    if left < 0:
        gb_seconds = _none(GB_SECONDS, "nothing is left: the invocations alone cost more", unit=used.price.unit)
    else:
        gb_seconds = _alone(GB_SECONDS, left, requests, used)
    return (gb_seconds, _allowance(counted, number, requests, whole=False))


def _allowance(tariff: Tariff, amount: Fraction, requests: Fraction | None, *, whole: bool = True) -> Allowance:
    """An amount of a month as a day's and a request's; what is counted is whole, unless it was asked for."""
    unit = tariff.price.unit
    held = unit == _HELD

    def shown(exactly: Fraction) -> Decimal:
        return Decimal(floor(exactly)) if whole and is_counted(unit) else as_decimal(exactly)

    return Allowance(
        quantity=tariff.quantity,
        unit=unit,
        per_month=shown(amount),
        per_day=None if held else shown(amount / DAYS_PER_MONTH),
        per_request=None if held or requests is None else as_decimal(amount / requests),
        problem="",
    )


def _none(quantity: str, problem: str, *, unit: str = "") -> Allowance:
    return Allowance(quantity=quantity, unit=unit, per_month=None, per_day=None, per_request=None, problem=problem)
