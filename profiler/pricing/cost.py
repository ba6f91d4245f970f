"""What AWS bills, exactly: GB-seconds of an invocation, and dollars by tier.

Durations are rounded up where the bill rounds, to the whole millisecond of each invocation, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

from profiler.facts import Tier
from profiler.units import MIB_PER_GB, NS_PER_MS

Amount = int | Decimal | Fraction


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


def with_free(tiers: Sequence[Tier], free: Decimal) -> tuple[Tier, ...]:
    """Return tiers of which a first quantity is free.

    What is free comes off before the tiers begin, as AWS's own calculator takes it off: the borders move up by it.

    >>> [str(tier.from_quantity) for tier in with_free([Tier(from_quantity=Decimal(0), usd=Decimal(2))], Decimal(10))]
    ['0', '10']
    """
    if free == 0:
        return tuple(tiers)
    nothing = Tier(from_quantity=Decimal(0), usd=Decimal(0))
    return (nothing, *(Tier(from_quantity=tier.from_quantity + free, usd=tier.usd) for tier in tiers))


def by_tier(quantity: Amount, tiers: Sequence[Tier]) -> tuple[tuple[int, Fraction], ...]:
    """Return the parts of a quantity that fall into each tier, as the tier's place and the amount; none is 0.

    Args:
        quantity: From 0, over the time that the tiers count.
        tiers: Ascending, the first from 0.

    >>> tiers = (Tier(from_quantity=Decimal(0), usd=Decimal(2)), Tier(from_quantity=Decimal(10), usd=Decimal(1)))
    >>> [(place, int(amount)) for place, amount in by_tier(11, tiers)]
    [(0, 10), (1, 1)]
    """
    whole = exactly("quantity", quantity)
    parts = []
    for place, (tier, after) in enumerate(zip(tiers, (*tiers[1:], None), strict=True)):
        end = whole if after is None else min(whole, Fraction(after.from_quantity))
        amount = end - Fraction(tier.from_quantity)
        if amount > 0:
            parts.append((place, amount))
    return tuple(parts)


def tiered_usd(quantity: Amount, tiers: Sequence[Tier]) -> Fraction:
    """Return what a quantity costs, each part of it at the price of its tier; exact.

    >>> tiers = (Tier(from_quantity=Decimal(0), usd=Decimal(2)), Tier(from_quantity=Decimal(10), usd=Decimal(1)))
    >>> [str(tiered_usd(quantity, tiers)) for quantity in (0, 10, 11)]
    ['0', '20', '21']
    """
    return sum((amount * Fraction(tiers[place].usd) for place, amount in by_tier(quantity, tiers)), Fraction(0))


def exactly(name: str, value: Amount) -> Fraction:
    """Return an amount from 0 as a fraction.

    Raises:
        ValueError: If it is negative, infinite or no number.
    """
    if (isinstance(value, Decimal) and not value.is_finite()) or value < 0:
        raise ValueError(f"{name} is {value}; expected a number from 0")
    return Fraction(value)


def as_decimal(value: Fraction) -> Decimal:
    """Return a fraction as a decimal number: exact where it ends, otherwise to 28 digits.

    >>> as_decimal(Fraction(10**15, 8) + Fraction(1, 10**20)), as_decimal(Fraction(1, 3))
    (Decimal('125000000000000.00000000000000000001'), Decimal('0.3333333333333333333333333333'))
    """
    twos_and_fives = value.denominator
    for prime in (2, 5):
        while twos_and_fives % prime == 0:
            twos_and_fives //= prime
    digits = len(str(value.numerator)) + 4 * len(str(value.denominator)) if twos_and_fives == 1 else 28
    with localcontext(prec=max(28, digits)):
        return Decimal(value.numerator) / Decimal(value.denominator)
