"""The budget turned around: from dollars a day to requests, and to the GB-seconds that one request may use."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be spent, and on how many requests."""

    usd_per_day: Decimal
    requests_per_day: int
