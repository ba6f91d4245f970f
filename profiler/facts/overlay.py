"""Lays a user's own prices and facts over those that come with paredown.

An entry goes before the bundled one for exactly its service, name, region and architecture; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from profiler.errors import FactsError
from profiler.facts.checks import check_keys, described, meant, told
from profiler.facts.entries import Fact, FactSet, Price
from profiler.facts.yours import your_fact, your_price

CURRENCY = "USD"

_FORM = "prices stand under [[prices]], each with its service; facts under [facts.SERVICE.NAME]"


def services_in(document: Mapping[str, Any], file: str, *, known: Collection[str]) -> tuple[str, ...]:
    """Return the services that a file of prices speaks of, once the file is known to have its form.

    Args:
        document: What the file says.
        file: Its name.
        known: The services that there are facts of.

    Raises:
        FactsError: If it has another form, another currency than US dollars, says nothing, or names an unknown service.
    """
    if not document:
        raise FactsError(f"{file}: is empty, so there is nothing to go before the bundled facts", hint=_FORM)
    if isinstance(document.get("prices"), dict):
        raise FactsError(f"{file}: prices is one table; expected [[prices]], in double brackets, for each price")
    if {"service", "about"} & set(document):
        raise FactsError(f"{file}: a file of your own names no service at its top", hint=_FORM)
    check_keys(document, file, {}, {"currency": str, "prices": list, "facts": dict})
    currency = document.get("currency", CURRENCY)
    if currency.upper() != CURRENCY:
        raise FactsError(
            f"{file}: currency is {told(currency)}; expected {CURRENCY}", hint="paredown counts in US dollars"
        )
    found = {_service(entry, where, known): None for where, entry in _entries(document, file)}
    found |= {_known(service, f"{file}: facts", known): None for service in document.get("facts", {})}
    if not document.get("prices") and not any(document.get("facts", {}).values()):
        raise FactsError(f"{file}: holds no prices and no facts to go before the bundled ones", hint=_FORM)
    return tuple(found)


def lay_over(facts: FactSet, document: Mapping[str, Any], file: str) -> FactSet:
    """Return facts with those of a file in front.

    Args:
        facts: The bundled ones, at least of the services that the file speaks of.
        document: What the file says; its form has been checked.
        file: Its name.

    Raises:
        FactsError: With the file, the entry and what was expected.
    """
    prices = tuple(your_price(facts, entry, where) for where, entry in _entries(document, file))
    _check_once(prices, file)
    facts = replace(facts, prices=_prices(facts.prices, prices))
    own = {
        (service, name): your_fact(facts, service, name, entry, f"{file}: fact {service}.{name}")
        for service, entries in document.get("facts", {}).items()
        for name, entry in _named(entries, f"{file}: facts.{service}")
    }
    laid = replace(facts, facts=tuple(own.get((fact.service, fact.name), fact) for fact in facts.facts))
    _check_pairs(laid.facts, file)
    return laid


def _entries(document: Mapping[str, Any], file: str) -> list[tuple[str, Any]]:
    """Each price, with its place."""
    return [(f"{file}: price {number}", entry) for number, entry in enumerate(document.get("prices", []), start=1)]


def _service(entry: Any, where: str, known: Collection[str]) -> str:
    if not isinstance(entry, dict):
        raise FactsError(f"{where}: is {described(entry)}; expected a table")
    if "service" not in entry:
        raise FactsError(f"{where}: service is missing; expected one of {', '.join(known)}")
    check_keys({"service": entry["service"]}, where, {"service": str}, {})
    return _known(entry["service"], where, known)


def _known(service: str, where: str, known: Collection[str]) -> str:
    if service not in known:
        raise FactsError(f"{where}: service {told(service)} is unknown; {meant(service, known)}", hint=_FORM)
    return service


def _named(entries: Any, where: str) -> Collection[tuple[str, Any]]:
    if not isinstance(entries, dict):
        raise FactsError(f"{where}: is no table of facts", hint=_FORM)
    return entries.items()


def _prices(bundled: Sequence[Price], own: Sequence[Price]) -> tuple[Price, ...]:
    """The user's in the place of those that they replace; a bundled one keeps its other regions."""
    taken = {(price.service, price.name, region, price.arch) for price in own for region in price.regions}
    left = []
    for price in bundled:
        regions = tuple(
            region for region in price.regions if (price.service, price.name, region, price.arch) not in taken
        )
        if regions:
            left.append(replace(price, regions=regions))
    places: dict[tuple[str, str], int] = {}
    for price in (*bundled, *own):
        places.setdefault((price.service, price.name), len(places))
    return tuple(sorted((*own, *left), key=lambda price: places[price.service, price.name]))


def _check_once(prices: Sequence[Price], file: str) -> None:
    seen: dict[tuple[str, str, str, str | None], int] = {}
    for number, price in enumerate(prices, start=1):
        for region in price.regions:
            key = (price.service, price.name, region, price.arch)
            if key in seen:
                where = f"{region}, {price.arch}" if price.arch else region
                what = f"{file}: price {number} ({price.service}.{price.name})"
                raise FactsError(f"{what}: {where} has this price already, by price {seen[key]}; expected it once")
            seen[key] = number


def _check_pairs(facts: Sequence[Fact], file: str) -> None:
    """What is the least of something is not above the most of it."""
    known = {(fact.service, fact.name): fact for fact in facts if isinstance(fact.value, int | Decimal)}
    for (service, name), least in known.items():
        most = known.get((service, name.replace("min_", "max_", 1)), least)
        if (least.origin.yours or most.origin.yours) and Decimal(str(least.value)) > Decimal(str(most.value)):
            raise FactsError(
                f"{file}: fact {service}.{name} is {least.value} {least.unit}; "
                f"expected at most {most.name}, {most.value} {most.unit}"
            )
