"""The budget turned around: from dollars a day to requests, and to the GB-seconds that one request may use.

One equation, solved for each of its three unknowns: a day's dollars are the price of its GB-seconds, tier by tier, plus
the price of its invocations. Solved with fractions, so that inverting twice gives the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from profiler.cost import tiered_usd, tiers_of_a_day
from profiler.facts import LambdaPrices, Tier

Amount = int | Decimal | Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be spent, and on how many requests."""

    usd_per_day: Decimal
    requests_per_day: int

    def __post_init__(self) -> None:
        if not self.usd_per_day.is_finite() or self.usd_per_day <= 0:
            raise ValueError(f"usd_per_day is {self.usd_per_day}; expected an amount above 0")
        if self.requests_per_day < 1:
            raise ValueError(f"requests_per_day is {self.requests_per_day}; expected a whole number from 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetVerdict:
    """What the budget allows against what is needed, per request."""

    usd_per_day: Decimal
    requests_per_day: int
    allowed_gb_s_per_request: Decimal
    """What is left for GB-seconds when the invocations are paid; below 0 where they alone cost more."""
    needed_gb_s_per_request: Decimal | None
    requests_bought: int | None
    """Requests a day that the same dollars would buy."""
    share: float | None
    """Dollars a day that are needed ÷ dollars a day that may be spent."""
    fits: bool | None


def hold(
    budget: Budget, *, needed: Decimal | None, invocations_per_request: Amount, prices: LambdaPrices
) -> BudgetVerdict:
    """Hold what one request needs against what the budget leaves for it; `needed` None: not known."""
    usd, requests = budget.usd_per_day, budget.requests_per_day
    allowed = gb_s_per_request(
        usd=usd, requests=requests, prices=prices, invocations_per_request=invocations_per_request
    )
    bought = share = None
    if needed is not None:
        bought = requests_per_day(
            usd=usd, gb_s_per_request=needed, prices=prices, invocations_per_request=invocations_per_request
        )
        spent = usd_per_day(
            requests=requests, gb_s_per_request=needed, prices=prices, invocations_per_request=invocations_per_request
        )
        share = float(spent / usd)
    return BudgetVerdict(
        usd_per_day=usd,
        requests_per_day=requests,
        allowed_gb_s_per_request=allowed,
        needed_gb_s_per_request=needed,
        requests_bought=bought,
        share=share,
        fits=None if needed is None else needed <= allowed,
    )


def usd_per_day(
    *, requests: Amount, gb_s_per_request: Amount, prices: LambdaPrices, invocations_per_request: Amount = 1
) -> Decimal:
    """Return what so many requests a day cost on Lambda.

    Args:
        requests: Per day, from 0; a part of one where a run serves several.
        gb_s_per_request: As billed, over all its invocations.
        prices: Of one region and architecture.
        invocations_per_request: Below 1 where one invocation serves several.
    """
    number = _positive("requests", requests)
    gb_s = number * _positive("gb_s_per_request", gb_s_per_request)
    invocations = number * _positive("invocations_per_request", invocations_per_request)
    duration = tiered_usd(_decimal(gb_s), tiers_of_a_day(prices.duration))
    return duration + _decimal(invocations) * prices.usd_per_invocation


def requests_per_day(
    *, usd: Amount, gb_s_per_request: Amount, prices: LambdaPrices, invocations_per_request: Amount = 1
) -> int:
    """Return how many whole requests a day so many dollars buy.

    Raises:
        ValueError: If a request costs nothing, or an amount is negative.

    >>> from profiler.facts import load, platform_of
    >>> prices = platform_of(load()).prices
    >>> requests_per_day(usd=7, gb_s_per_request=128, prices=prices)
    3280
    """
    money = _positive("usd", usd)
    gb_s = _positive("gb_s_per_request", gb_s_per_request)
    beside = _positive("invocations_per_request", invocations_per_request) * Fraction(prices.usd_per_invocation)
    for start, start_usd, rate, end in _pieces(prices):
        per_request = gb_s * rate + beside
        if per_request == 0:
            raise ValueError("a request costs nothing, so any number of them can be bought")
        requests = (money - start_usd + start * rate) / per_request
        if end is None or requests * gb_s <= end:
            return floor(requests)
    raise AssertionError("the last tier has no end")


def gb_s_per_request(
    *, usd: Amount, requests: Amount, prices: LambdaPrices, invocations_per_request: Amount = 1
) -> Decimal:
    """Return the GB-seconds that one request may use, so that so many requests a day cost so many dollars.

    Returns:
        Negative where the invocations alone cost more.

    >>> from profiler.facts import load, platform_of
    >>> prices = platform_of(load()).prices
    >>> round(gb_s_per_request(usd=7, requests=3000, prices=prices), 3)
    Decimal('139.988')
    """
    number = _positive("requests", requests)
    if number == 0:
        raise ValueError("requests is 0; expected a number above 0")
    invocations = number * _positive("invocations_per_request", invocations_per_request)
    money = _positive("usd", usd) - invocations * Fraction(prices.usd_per_invocation)
    for start, start_usd, rate, end in _pieces(prices):
        if rate == 0:
            raise ValueError("a GB-second costs nothing, so any number of them can be used")
        gb_s = start + (money - start_usd) / rate
        if end is None or gb_s <= end:
            return _decimal(gb_s / number)
    raise AssertionError("the last tier has no end")


def _pieces(prices: LambdaPrices) -> Iterator[tuple[Fraction, Fraction, Fraction, Fraction | None]]:
    """The tiers of a day: GB-seconds where each starts, what it costs to get there, its price, where it ends."""
    tiers: tuple[Tier, ...] = tiers_of_a_day(prices.duration)
    start_usd = Fraction(0)
    for tier, after in zip(tiers, (*tiers[1:], None), strict=True):
        start, rate = Fraction(tier.from_quantity), Fraction(tier.usd)
        end = None if after is None else Fraction(after.from_quantity)
        yield start, start_usd, rate, end
        if end is not None:
            start_usd += (end - start) * rate


def _positive(name: str, value: Amount) -> Fraction:
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{name} is {value}; expected a number from 0")
    if value < 0:
        raise ValueError(f"{name} is {value}; expected a number from 0")
    return Fraction(value)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
