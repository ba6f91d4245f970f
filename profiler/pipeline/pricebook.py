"""Prices of one region looked up once each, and what the usage of a run costs by them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from math import floor

from profiler.errors import FactsError
from profiler.facts import FactSet
from profiler.pipeline.usage import Usage
from profiler.pricing.cost import as_decimal, tiered_usd
from profiler.pricing.inversion import Use, requests_for
from profiler.pricing.tariffs import Tariff, tariff_of
from profiler.units import DAYS_PER_MONTH


class PriceBook:
    """What runs cost in one region, for one architecture; what has no price there is remembered in `missing`."""

    def __init__(
        self, facts: FactSet, *, region: str, arch: str, free_tier: bool, runs_per_month: Fraction | None
    ) -> None:
        self.facts, self.region, self.arch, self.free_tier = facts, region, arch, free_tier
        self.runs_per_month = runs_per_month
        self.missing: set[str] = set()
        self._tariffs: dict[str, Tariff] = {}

    def tariff(self, quantity: str) -> Tariff | None:
        """The price of a quantity; None where none is known in the region."""
        if quantity not in self._tariffs and quantity not in self.missing:
            try:
                self._tariffs[quantity] = tariff_of(
                    self.facts, quantity, region=self.region, arch=self.arch, free_tier=self.free_tier
                )
            except FactsError:
                self.missing.add(quantity)
        return self._tariffs.get(quantity)

    def per_run(self, usages: Iterable[Usage]) -> Fraction | None:
        """Dollars of one run among the month's; of one run alone, where it is not known how many there are.

        None: something of it has no price in the region.
        """
        total, runs = Fraction(0), self.runs_per_month or Fraction(1)
        for usage in usages:
            tariff = self.tariff(usage.quantity)
            if tariff is None:
                return None
            total += tiered_usd(usage.amount * runs, tariff.tiers) / runs
        return total

    def per_day(self, per_run: Fraction | None) -> Decimal | None:
        """Dollars of a day's runs; None where it is not known how many there are."""
        if per_run is None or self.runs_per_month is None:
            return None
        return as_decimal(per_run * self.runs_per_month / DAYS_PER_MONTH)

    def requests_bought(self, usages: Iterable[Usage], *, requests_per_run: int, usd_per_day: Decimal) -> int | None:
        """Whole requests a day that so many dollars a day buy; None: any number, since nothing of it costs anything."""
        uses = [
            Use(per_request=usage.amount / requests_per_run, tiers=tariff.tiers)
            for usage in usages
            if (tariff := self.tariff(usage.quantity)) is not None
        ]
        requests = requests_for(Fraction(usd_per_day) * DAYS_PER_MONTH, uses)
        return None if requests is None else floor(requests / DAYS_PER_MONTH)

    @property
    def prices_date(self) -> str | None:
        """The day of the oldest price that was looked up, ISO 8601."""
        return min((tariff.price.origin.date.isoformat() for tariff in self._tariffs.values()), default=None)

    @property
    def yours(self) -> tuple[str, ...]:
        """The quantities whose price is the user's own."""
        return tuple(name for name, tariff in self._tariffs.items() if tariff.price.origin.yours)
