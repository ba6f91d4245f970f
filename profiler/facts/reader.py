"""Reads the TOML files of facts, strictly: an unknown key or a wrong type is an error that names its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from profiler.errors import FactsError
from profiler.facts.checks import ARCHITECTURES, ORIGIN_KEYS, check_keys, check_number, origin_of, tiers_of
from profiler.facts.document import parse
from profiler.facts.entries import Fact, FactSet, Price

_FACT_KEYS = {"value": (int, Decimal, str, date), "about": str, "unit": str, **ORIGIN_KEYS}
_PRICE_KEYS = {"name": str, "about": str, "unit": str, "regions": list, "tiers": list, **ORIGIN_KEYS}


def read(files: Iterable[tuple[str, str]]) -> FactSet:
    """Read facts from files, given as name and text.

    Raises:
        FactsError: With the file, the entry and what was expected.
    """
    about: dict[str, str] = {}
    facts: list[Fact] = []
    prices: list[Price] = []
    for file, text in files:
        content = parse(text, file)
        check_keys(content, file, {"service": str, "about": str}, {"facts": dict, "prices": list})
        service = content["service"]
        if service in about:
            raise FactsError(f"{file}: service {service!r} stands in another file already")
        about[service] = content["about"]
        facts += [_fact(service, name, entry, file) for name, entry in content.get("facts", {}).items()]
        prices += [_price(service, entry, f"{file}: price {number}") for number, entry in _numbered(content)]
    _check_once(prices)
    return FactSet(about=about, facts=tuple(facts), prices=tuple(prices))


def _numbered(content: Mapping[str, Any]) -> Iterable[tuple[int, Any]]:
    return enumerate(content.get("prices", []), start=1)


def _fact(service: str, name: str, entry: Any, file: str) -> Fact:
    where = f"{file}: fact {name!r}"
    check_keys(entry, where, _FACT_KEYS, {"dated": date})
    if isinstance(entry["value"], int | Decimal):
        check_number(entry["value"], f"{where}: value")
    return Fact(
        service=service,
        name=name,
        about=entry["about"],
        value=entry["value"],
        unit=entry["unit"],
        origin=origin_of(entry, where),
    )


def _price(service: str, entry: Any, where: str) -> Price:
    check_keys(entry, where, _PRICE_KEYS, {"dated": date, "arch": str, "attributes": dict})
    where = f"{where} ({entry['name']})"
    arch = entry.get("arch")
    if arch not in (None, *ARCHITECTURES):
        raise FactsError(f"{where}: arch is {arch!r}; expected {' or '.join(ARCHITECTURES)}")
    regions = entry["regions"]
    if not regions or not all(isinstance(region, str) and region for region in regions):
        raise FactsError(f"{where}: regions is {regions!r}; expected names of regions")
    attributes = entry.get("attributes", {})
    for key, value in attributes.items():
        if type(value) is not int or value < 0:
            raise FactsError(f"{where}: attribute {key} is {value!r}; expected a whole number from 0")
    return Price(
        service=service,
        name=entry["name"],
        about=entry["about"],
        unit=entry["unit"],
        regions=tuple(regions),
        arch=arch,
        tiers=tiers_of(entry["tiers"], where),
        attributes=attributes,
        origin=origin_of(entry, where),
    )


def _check_once(prices: Iterable[Price]) -> None:
    """No price is given twice for the same region and architecture."""
    seen: dict[tuple[str, str, str, str | None], Price] = {}
    for price in prices:
        for region in price.regions:
            key = (price.service, price.name, region, price.arch)
            if key in seen:
                raise FactsError(f"{price.service}: the price of {price.name} in {region} is given twice")
            seen[key] = price
