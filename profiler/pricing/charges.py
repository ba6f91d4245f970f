"""`profiler.bill`: what AWS charges for a month, at the prices that come with paredown or at the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from profiler.errors import UsageError
from profiler.facts import DEFAULT_ARCH, DEFAULT_REGION, load, service_names
from profiler.pricing.amounts import Quantity
from profiler.pricing.billing import Bill
from profiler.pricing.billing import bill as bill_at


def bill(
    quantities: Mapping[str, Quantity],
    *,
    region: str = DEFAULT_REGION,
    arch: str = DEFAULT_ARCH,
    free_tier: bool = False,
    instance_type: str | None = None,
    prices: str | Path | None = None,
) -> Bill:
    """Return what AWS charges for these quantities of one month, exactly, one line per tier.

    Args:
        quantities: By name, as `"lambda.requests"`: whole numbers, decimals or text; each above 0.
        region: AWS region of the prices.
        arch: `"x86_64"` or `"arm64"`.
        free_tier: Take off what is always free every month.
        instance_type: Machine type of `"ec2.hours"`.
        prices: A file of prices that go before AWS's list.

    Raises:
        UsageError: If something is unknown or means nothing; its `problems` are all of them.
        FactsError: If no price is known in the region, or the file of prices is not as it should be.

    >>> month = bill({"lambda.requests": 15_000_000_000, "lambda.gb_seconds": "61440000000"})
    >>> [(line.tier, str(line.usd)) for line in month.lines]
    [('1', '3000'), ('1 of 3', '100000.2'), ('2 of 3', '135000'), ('3 of 3', '619203.096')]
    >>> str(month.total_usd)
    '857203.296'
    """
    at = partial(bill_at, quantities, region=region, arch=arch, free_tier=free_tier, instance_type=instance_type)
    services = {str(name).split(".")[0] for name in quantities or ()}
    try:
        return at(facts=load(prices=prices, services=services.intersection(service_names())))
    except UsageError:
        return at(facts=load(prices=prices))  # Told again with everything at hand: a hint may name any quantity.
