"""The budget turned around: from dollars a day to requests, and to the GB-seconds that one request may use.

One equation, solved for each of its three unknowns: a day's dollars are the price of its GB-seconds, tier by tier, plus
the price of its invocations. Tiers count a month, so a day is taken as its part of a month of 365/12 even days.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from profiler.facts import LambdaPrices
from profiler.pricing.cost import Amount, as_decimal, exactly, tiered_usd
from profiler.pricing.inversion import Use, quantity_for, requests_for, usd_of
from profiler.units import DAYS_PER_MONTH


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


def can_run_out(prices: LambdaPrices) -> bool:
    """Whether dollars limit GB-seconds: not by a user's own prices whose last tier costs nothing."""
    return prices.gb_seconds[-1].usd > 0


def uses_of(gb_s: Amount, invocations: Amount, prices: LambdaPrices) -> tuple[Use, Use]:
    """Return what one request uses of Lambda: its GB-seconds and its invocations."""
    return (
        Use(per_request=exactly("gb_s_per_request", gb_s), tiers=prices.gb_seconds),
        Use(per_request=exactly("invocations_per_request", invocations), tiers=prices.requests),
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
    number = exactly("requests", requests) * DAYS_PER_MONTH
    return as_decimal(usd_of(number, uses_of(gb_s_per_request, invocations_per_request, prices)) / DAYS_PER_MONTH)


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
    uses = uses_of(gb_s_per_request, invocations_per_request, prices)
    requests = requests_for(exactly("usd", usd) * DAYS_PER_MONTH, uses)
    if requests is None:
        raise ValueError("a request costs nothing, so any number of them can be bought")
    return floor(requests / DAYS_PER_MONTH)


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
    number = exactly("requests", requests) * DAYS_PER_MONTH
    if number == 0:
        raise ValueError("requests is 0; expected a number above 0")
    invocations = number * exactly("invocations_per_request", invocations_per_request)
    money = exactly("usd", usd) * DAYS_PER_MONTH - tiered_usd(invocations, prices.requests)
    rates = [Fraction(tier.usd) for tier in prices.gb_seconds if tier.usd > 0]
    if not rates:
        raise ValueError("a GB-second costs nothing, so any number of them can be used")
    if money < 0:
        return as_decimal(money / rates[0] / number)
    gb_s = quantity_for(money, prices.gb_seconds)
    if gb_s is None:
        raise ValueError("a GB-second costs nothing beyond some number, so any number of them can be used")
    return as_decimal(gb_s / number)
