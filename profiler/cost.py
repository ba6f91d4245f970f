"""What Lambda bills, exactly: GB-seconds of an invocation, and dollars by tier.

Durations are rounded up where the bill rounds, to the whole millisecond of each invocation, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from profiler.facts import Tier
from profiler.units import DAYS_PER_MONTH, MIB_PER_GB, NS_PER_MS


def billed_gb_s(*, memory_mib: int, duration_ns: int) -> Decimal:
    """Return what AWS Lambda bills for one invocation, in GB-seconds.

    Args:
        memory_mib: Configured memory size of the function, in MiB.
        duration_ns: Init plus handler time of one invocation, in nanoseconds; above 0.

    Returns:
        GB-seconds of one invocation; AWS's GB is 1024 MiB, the duration is rounded up to the next millisecond.

    Raises:
        ValueError: If `memory_mib` or `duration_ns` is not positive.

    Source:
        AWS Lambda pricing page, "rounded up to the nearest 1 ms" (2026-11).

    >>> billed_gb_s(memory_mib=1024, duration_ns=16_100_000_000)
    Decimal('16.1')
    >>> billed_gb_s(memory_mib=1024, duration_ns=16_100_000_001)
    Decimal('16.101')
    """
    if memory_mib <= 0:
        raise ValueError(f"memory_mib is {memory_mib}; expected a size above 0")
    return Decimal(memory_mib * billed_ms(duration_ns)) / (MIB_PER_GB * 1000)


def billed_ms(duration_ns: int) -> int:
    """Return the whole milliseconds that are billed for one invocation.

    >>> billed_ms(1), billed_ms(2_000_000), billed_ms(2_000_001)
    (1, 2, 3)
    """
    if duration_ns <= 0:
        raise ValueError(f"duration_ns is {duration_ns}; expected a time above 0")
    return -(-duration_ns // NS_PER_MS)


def tiers_of_a_day(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """Return tiers of a month as tiers of one day in a month of even days, 365/12 of them."""
    days = Decimal(DAYS_PER_MONTH.numerator)
    return tuple(
        Tier(from_quantity=tier.from_quantity * DAYS_PER_MONTH.denominator / days, usd=tier.usd) for tier in tiers
    )


def tiered_usd(quantity: Decimal, tiers: Sequence[Tier]) -> Decimal:
    """Return what a quantity costs, each part of it at the price of its tier.

    Args:
        quantity: From 0, over the time that the tiers count.
        tiers: Ascending, the first from 0.

    >>> tiers = (Tier(from_quantity=Decimal(0), usd=Decimal(2)), Tier(from_quantity=Decimal(10), usd=Decimal(1)))
    >>> [str(tiered_usd(Decimal(quantity), tiers)) for quantity in (0, 10, 11)]
    ['0', '20', '21']
    """
    if not quantity.is_finite() or quantity < 0:
        raise ValueError(f"quantity is {quantity}; expected an amount from 0")
    total = Decimal(0)
    for tier, after in zip(tiers, (*tiers[1:], None), strict=True):
        end = quantity if after is None else min(quantity, after.from_quantity)
        if end <= tier.from_quantity:
            break
        total += (end - tier.from_quantity) * tier.usd
    return total
