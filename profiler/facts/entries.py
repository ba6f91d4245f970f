"""Facts as they stand in the files: a value or a price, and where it is from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from profiler.errors import FactsError


class Confidence(StrEnum):
    """How sure a fact is."""

    HIGH = "high"
    """Two independent sources, or a document of the provider and an arithmetic check."""
    MEDIUM = "medium"
    """One good source."""
    LOW = "low"
    """Weak, old or inferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a fact is from."""

    source: str
    dated: date | None
    """Of the source itself; None where it carries no date."""
    retrieved: date
    confidence: Confidence
    yours: bool = False
    """From a file of the user's own, not from those that come with paredown."""

    @property
    def date(self) -> date:
        """The day that the fact is of: the source's own, else the day it was read."""
        return self.dated or self.retrieved


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A limit, or how something behaves."""

    service: str
    name: str
    about: str
    value: int | Decimal | str | date
    unit: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A price that holds from a quantity in one month on."""

    from_quantity: Decimal
    usd: Decimal
    """Per unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit costs in some regions."""

    service: str
    name: str
    about: str
    unit: str
    regions: tuple[str, ...]
    arch: str | None
    """None: the same for all."""
    tiers: tuple[Tier, ...]
    """Ascending; the first begins at 0."""
    attributes: dict[str, int]
    """What else is known of the thing: the memory of a machine type, say."""
    origin: Origin

    @property
    def is_of_a_machine(self) -> bool:
        """Whether it is what an hour of a machine type costs; its name is then the type."""
        return self.service == "ec2" and self.unit == "hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSet:
    """Everything that the files say."""

    about: dict[str, str]
    """What each service is, by its name, in the order of the files."""
    facts: tuple[Fact, ...]
    prices: tuple[Price, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """Names of the services."""
        return tuple(self.about)

    def only(self, services: Collection[str]) -> FactSet:
        """Return what is said of some services."""
        return FactSet(
            about={service: about for service, about in self.about.items() if service in services},
            facts=tuple(fact for fact in self.facts if fact.service in services),
            prices=tuple(price for price in self.prices if price.service in services),
        )

    def regions(self, service: str, name: str, *, arch: str | None = None) -> tuple[str, ...]:
        """Return the regions that the facts hold a price for."""
        found = {
            region: None
            for price in self.prices
            if (price.service, price.name) == (service, name) and price.arch in (arch, None)
            for region in price.regions
        }
        return tuple(found)

    def fact(self, service: str, name: str) -> Fact:
        """Return one fact.

        Raises:
            FactsError: If there is none of that name.
        """
        for fact in self.facts:
            if (fact.service, fact.name) == (service, name):
                return fact
        raise FactsError(f"the facts of {service} hold no {name!r}", hint="reinstall paredown: its own files are cut")

    def price(self, service: str, name: str, *, region: str, arch: str | None = None) -> Price:
        """Return the price of one thing in one region.

        Raises:
            FactsError: If none is known; it is never borrowed from another region.
        """
        for price in self.prices:
            if (
                (price.service, price.name) == (service, name)
                and region in price.regions
                and price.arch in (arch, None)
            ):
                return price
        known = ", ".join(self.regions(service, name, arch=arch)) or "no region"
        what = f"{service} {name}" + (f" on {arch}" if arch else "")
        raise FactsError(
            f"no price of {what} is known in region {region!r}", hint=f"known in: {known}; --prices FILE brings others"
        )
