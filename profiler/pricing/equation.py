"""One equation of dollars, requests and GB-seconds on AWS Lambda, solved for whichever of them is not known.

Pure and exact: fractions inside, decimal numbers outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from profiler.errors import UsageError
from profiler.pricing.budgeting import uses_of
from profiler.pricing.cost import as_decimal, tiered_usd
from profiler.pricing.inversion import quantity_for, requests_for, usd_of
from profiler.pricing.shares import ShareOfService
from profiler.pricing.solution import Margin, Pair, Rates, Row, Solved, Unknown
from profiler.pricing.targets import Target
from profiler.units import DAYS_PER_MONTH, MIB_PER_GB

TABLE = tuple(Fraction(2) ** power for power in range(-3, 11))
"""GB-seconds of the table that dollars alone give: 0.125 to 1,024."""
_SIZES_MIB = (256, 512, 1024, 5120)


def rows_of(target: Target, usd_per_month: Fraction | None, rates: Rates) -> tuple[Row, ...]:
    """Return the table: what the dollars buy, and what the requests cost, by GB-seconds of one request."""
    return tuple(_row(gb_s, target, usd_per_month, rates) for gb_s in target.gb_s_per_request or TABLE)


def solve(target: Target, usd_per_month: Fraction | None, rates: Rates) -> Solved:
    """Return what is not known.

    Args:
        target: What is.
        usd_per_month: What Lambda may cost, of the target's dollars.
        rates: Prices and limits.
    """
    requests, gb_s = target.requests_per_month, target.gb_s_per_request
    if len(gb_s) > 1 or (requests is None and not gb_s):
        return Solved(unknown=Unknown.TABLE)
    if requests is None:
        row = _row(gb_s[0], target, usd_per_month, rates)
        return Solved(
            unknown=Unknown.REQUESTS, requests_per_day=row.requests_per_day, requests_per_month=row.requests_per_month
        )
    if not gb_s:
        assert usd_per_month is not None, "a target knows its dollars, or both others"
        found = gb_s_left(usd_per_month, requests, target.invocations_per_request, rates)
        invocations = tiered_usd(requests * target.invocations_per_request, rates.prices.requests)
        return Solved(
            unknown=Unknown.GB_SECONDS,
            gb_s_per_request=None if found is None else as_decimal(found),
            fits=found is not None,
            invocations_usd_per_day=as_decimal(invocations / DAYS_PER_MONTH),
            invocations_usd_per_month=as_decimal(invocations),
        )
    usd = usd_of(requests, uses_of(gb_s[0], target.invocations_per_request, rates.prices))
    return Solved(
        unknown=Unknown.DOLLARS if usd_per_month is None else Unknown.NOTHING,
        usd_per_day=as_decimal(usd / DAYS_PER_MONTH),
        usd_per_month=as_decimal(usd),
        share=None if usd_per_month is None else as_decimal(usd / usd_per_month),
        fits=None if usd_per_month is None else usd <= usd_per_month,
    )


def gb_s_left(usd_per_month: Fraction, requests: Fraction, invocations: Fraction, rates: Rates) -> Fraction | None:
    """Return the GB-seconds that one request may use when its invocations are paid; None: they alone cost more.

    Raises:
        UsageError: If a GB-second costs nothing.
    """
    left = usd_per_month - tiered_usd(requests * invocations, rates.prices.requests)
    if left < 0:
        return None
    found = quantity_for(left, rates.prices.gb_seconds)
    if found is None:
        raise UsageError("by these prices a GB-second costs nothing, so a request may use any number of them")
    return found / requests


def requests_bought(usd_per_month: Fraction, gb_s: Fraction, invocations: Fraction, rates: Rates) -> Fraction:
    """Return how many requests a month so many dollars buy, a part of one included.

    Raises:
        UsageError: If a request costs nothing.
    """
    found = requests_for(usd_per_month, uses_of(gb_s, invocations, rates.prices))
    if found is None:
        raise UsageError("by these prices a request costs nothing, so any number of them can be bought")
    return found


def pairs_of(gb_s: Fraction | None, target: Target, rates: Rates) -> tuple[Pair, ...]:
    """Return what the GB-seconds of one request mean: memory sizes, and the seconds of one invocation at each."""
    if gb_s is None:
        return ()
    by_core = (rates.mib_per_vcpu, 2 * rates.mib_per_vcpu)
    sizes = {rates.min_memory_mib, *_SIZES_MIB, *by_core, rates.max_memory_mib}
    found = []
    for size in sorted(size for size in sizes if rates.min_memory_mib <= size <= rates.max_memory_mib):
        seconds = gb_s / target.invocations_per_request * MIB_PER_GB / size
        found.append(
            Pair(
                memory_mib=size,
                seconds=as_decimal(seconds),
                vcpus=as_decimal(Fraction(size, rates.mib_per_vcpu)),
                too_long=seconds > rates.max_duration_s,
            )
        )
    return tuple(found)


def margin_of(target: Target, solved: Solved | None, shares: Sequence[ShareOfService]) -> Margin | None:
    """Return what is left of what the customers pay; None where they pay nothing that is known.

    The cost is what the requests cost where that is known of all of it, else the dollars of the target.
    """
    who = target.customers
    if who is None or who.usd_per_month is None:
        return None
    a_day, a_month = target.usd_per_day, target.usd_per_month
    if solved is not None and solved.usd_per_day is not None and solved.usd_per_month is not None and not shares:
        a_day, a_month = Fraction(solved.usd_per_day), Fraction(solved.usd_per_month)
    if a_day is None or a_month is None:
        return None
    revenue = who.number * who.usd_per_month
    return Margin(
        revenue_usd=as_decimal(revenue),
        cost_usd=as_decimal(a_month),
        margin_usd=as_decimal(revenue - a_month),
        revenue_usd_per_day=as_decimal(revenue / DAYS_PER_MONTH),
        cost_usd_per_day=as_decimal(a_day),
        margin_usd_per_day=as_decimal(revenue / DAYS_PER_MONTH - a_day),
        share=as_decimal((revenue - a_month) / revenue),
    )


def _row(gb_s: Fraction, target: Target, usd_per_month: Fraction | None, rates: Rates) -> Row:
    per_day = per_month = usd = None
    uses = uses_of(gb_s, target.invocations_per_request, rates.prices)
    if usd_per_month is not None and (
        target.requests_per_month is None or requests_for(usd_per_month, uses) is not None
    ):
        bought = requests_bought(usd_per_month, gb_s, target.invocations_per_request, rates)
        per_day, per_month = floor(bought / DAYS_PER_MONTH), floor(bought)
    if target.requests_per_month is not None:
        usd = usd_of(target.requests_per_month, uses)
    return Row(
        gb_s_per_request=as_decimal(gb_s),
        requests_per_day=per_day,
        requests_per_month=per_month,
        usd_per_day=None if usd is None else as_decimal(usd / DAYS_PER_MONTH),
        usd_per_month=None if usd is None else as_decimal(usd),
    )
