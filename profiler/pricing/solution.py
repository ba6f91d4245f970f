"""A budget with its unknown found, as values: what was known, what was not, and what follows from both.

Decimal numbers, for whoever shows them. How they are found is in `equation`; what other services may use, in `shares`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from profiler.facts import LambdaPrices
from profiler.pricing.shares import ShareOfService
from profiler.pricing.targets import Target


class Unknown(StrEnum):
    """What was solved for."""

    GB_SECONDS = "gb_s_per_request"
    REQUESTS = "requests"
    DOLLARS = "usd"
    NOTHING = "nothing"
    """All three are known: do the dollars do?"""
    TABLE = "table"
    """Only a table: of what dollars buy, or of several GB-seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What Lambda charges and allows, in one region, for one architecture."""

    prices: LambdaPrices
    """What is free included."""
    min_memory_mib: int
    max_memory_mib: int
    mib_per_vcpu: int
    max_duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table."""

    gb_s_per_request: Decimal
    requests_per_day: int | None
    """Whole requests that the dollars buy; None: the dollars are not known, or any number."""
    requests_per_month: int | None
    usd_per_day: Decimal | None
    """What the requests asked for cost; None: it is not known how many."""
    usd_per_month: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A memory size, and how long it lasts."""

    memory_mib: int
    seconds: Decimal
    """Of one invocation."""
    vcpus: Decimal
    too_long: bool
    """Over what one invocation may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What was not known; every field that the question gave or did not ask for is None."""

    unknown: Unknown
    gb_s_per_request: Decimal | None = None
    """None also where the invocations alone cost more than the dollars."""
    requests_per_day: int | None = None
    """Whole requests; the rest of the dollars does not buy another one."""
    requests_per_month: int | None = None
    usd_per_day: Decimal | None = None
    usd_per_month: Decimal | None = None
    share: Decimal | None = None
    """Dollars needed ÷ dollars there are, where both are known."""
    fits: bool | None = None
    """Whether the dollars do, where all is known; or pay at least for the invocations."""
    invocations_usd_per_day: Decimal | None = None
    """Of the requests that were given."""
    invocations_usd_per_month: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What is left of what the customers pay, of a month, and of a day."""

    revenue_usd: Decimal
    cost_usd: Decimal
    margin_usd: Decimal
    """Negative for a loss."""
    revenue_usd_per_day: Decimal
    cost_usd_per_day: Decimal
    margin_usd_per_day: Decimal
    share: Decimal
    """Margin ÷ revenue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A budget with its unknown found, and what it rests on."""

    target: Target
    region: str
    arch: str
    architectures: tuple[str, ...]
    """Those that Lambda has a price for in the region."""
    free_tier: bool
    instance_type: str | None
    prices_date: date | None
    """Of the oldest of AWS's prices that was used; None where none was."""
    yours: tuple[str, ...]
    """Quantities whose price is the user's own, and facts that are."""
    rates: Rates | None
    """None: nothing of it is spent on Lambda."""
    lambda_usd_per_day: Decimal | None
    """Of the target, what is Lambda's: all of it, or its share."""
    lambda_usd_per_month: Decimal | None
    rows: tuple[Row, ...]
    solved: Solved | None
    pairs: tuple[Pair, ...]
    shares: tuple[ShareOfService, ...]
    margin: Margin | None
