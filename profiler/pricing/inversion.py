"""A price list turned around: how many of something so many dollars buy, whatever tiers its prices have.

What requests cost grows with their number along straight lines that bend where a price changes; walking along them
finds the number for a cost. Everything is a fraction, so that inverting twice gives the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from profiler.facts import Tier
from profiler.pricing.cost import Amount, exactly, tiered_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one request uses of something that has a price."""

    per_request: Fraction
    tiers: tuple[Tier, ...]
    """By the quantity of one month."""


def usd_of(requests: Amount, uses: Sequence[Use]) -> Fraction:
    """Return what so many requests a month cost in a month."""
    number = exactly("requests", requests)
    return sum((tiered_usd(number * use.per_request, use.tiers) for use in uses), Fraction(0))


def requests_for(usd: Amount, uses: Sequence[Use]) -> Fraction | None:
    """Return how many requests a month so many dollars a month buy, a part of one included; None: any number.

    >>> from decimal import Decimal
    >>> tiers = (Tier(from_quantity=Decimal(0), usd=Decimal(2)), Tier(from_quantity=Decimal(10), usd=Decimal(1)))
    >>> print(requests_for(25, [Use(per_request=Fraction(5), tiers=tiers)]))
    3
    >>> print(requests_for(25, []))
    None
    """
    money = exactly("usd", usd)
    used = [use for use in uses if use.per_request > 0]
    bends = {Fraction(0)} | {Fraction(tier.from_quantity) / use.per_request for use in used for tier in use.tiers}
    ascending = sorted(bends)
    for start, end in zip(ascending, (*ascending[1:], None), strict=True):
        slope = sum((use.per_request * _rate(start * use.per_request, use.tiers) for use in used), Fraction(0))
        left = money - usd_of(start, used)
        if end is not None and slope * (end - start) < left:
            continue
        if slope > 0:
            return start + left / slope
    return None


def quantity_for(usd: Amount, tiers: tuple[Tier, ...]) -> Fraction | None:
    """Return how much of one thing so many dollars a month buy in a month; None: any amount."""
    return requests_for(usd, [Use(per_request=Fraction(1), tiers=tiers)])


def _rate(quantity: Fraction, tiers: Sequence[Tier]) -> Fraction:
    """The price of the next bit beyond a quantity."""
    return Fraction(next(tier.usd for tier in reversed(tiers) if Fraction(tier.from_quantity) <= quantity))
