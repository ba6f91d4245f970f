"""Reads the TOML files of facts, strictly: an unknown key or a wrong type is an error that names its place."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from profiler.errors import FactsError
from profiler.facts.entries import Confidence, Fact, FactSet, Origin, Price, Tier

ARCHITECTURES = ("x86_64", "arm64")

_ORIGIN_KEYS = {"source": str, "retrieved": date, "confidence": str}
_FACT_KEYS = {"about": str, "unit": str, **_ORIGIN_KEYS}
_PRICE_KEYS = {"name": str, "about": str, "unit": str, "regions": list, "tiers": list, **_ORIGIN_KEYS}


def read(files: Iterable[tuple[str, str]]) -> FactSet:
    """Read facts from files, given as name and text.

    Raises:
        FactsError: With the file, the entry and what was expected.
    """
    about: dict[str, str] = {}
    facts: list[Fact] = []
    prices: list[Price] = []
    for file, text in files:
        try:
            content = tomllib.loads(text, parse_float=Decimal)
        except tomllib.TOMLDecodeError as error:
            raise FactsError(f"{file}: no TOML: {error}") from error
        _check_keys(content, file, {"service": str, "about": str}, {"facts": dict, "prices": list})
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
    _check_keys(entry, where, {"value": (int, Decimal, str, date), **_FACT_KEYS}, {"dated": date})
    if isinstance(entry["value"], Decimal) and not entry["value"].is_finite():
        raise FactsError(f"{where}: value is {entry['value']}; expected a finite number")
    return Fact(
        service=service,
        name=name,
        about=entry["about"],
        value=entry["value"],
        unit=entry["unit"],
        origin=_origin(entry, where),
    )


def _price(service: str, entry: Any, where: str) -> Price:
    _check_keys(entry, where, _PRICE_KEYS, {"dated": date, "arch": str, "attributes": dict})
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
        tiers=_tiers(entry["tiers"], where),
        attributes=attributes,
        origin=_origin(entry, where),
    )


def _tiers(entries: list[Any], where: str) -> tuple[Tier, ...]:
    tiers = []
    for number, entry in enumerate(entries, start=1):
        place = f"{where}: tier {number}"
        _check_keys(entry, place, {"from": int, "usd": (int, Decimal)}, {})
        usd = Decimal(entry["usd"])
        if not usd.is_finite() or usd < 0:
            raise FactsError(f"{place}: usd is {usd}; expected an amount from 0")
        tiers.append(Tier(from_quantity=Decimal(entry["from"]), usd=usd))
    starts = [int(tier.from_quantity) for tier in tiers]
    if not starts or starts[0] != 0 or any(high <= low for low, high in pairwise(starts)):
        raise FactsError(f"{where}: the tiers begin at {starts}; expected ascending quantities from 0")
    return tuple(tiers)


def _origin(entry: Mapping[str, Any], where: str) -> Origin:
    if not entry["source"].strip():
        raise FactsError(f"{where}: source is empty; expected where the fact is from")
    try:
        confidence = Confidence(entry["confidence"])
    except ValueError:
        expected = ", ".join(Confidence)
        raise FactsError(f"{where}: confidence is {entry['confidence']!r}; expected one of {expected}") from None
    return Origin(source=entry["source"], dated=entry.get("dated"), retrieved=entry["retrieved"], confidence=confidence)


def _check_keys(entry: Any, where: str, required: Mapping[str, Any], optional: Mapping[str, Any]) -> None:
    """Every required key is there, no other than the optional ones, and each has one of its types."""
    if not isinstance(entry, dict):
        raise FactsError(f"{where}: is {entry!r}; expected a table")
    for key in required:
        if key not in entry:
            raise FactsError(f"{where}: {key} is missing")
    for key, value in entry.items():
        expected = required.get(key) or optional.get(key)
        if expected is None:
            raise FactsError(f"{where}: {key!r} is unknown; expected {', '.join((*required, *optional))}")
        kinds = expected if isinstance(expected, tuple) else (expected,)
        if type(value) not in kinds:
            names = " or ".join(kind.__name__ for kind in kinds)
            raise FactsError(f"{where}: {key} is {value!r}, a {type(value).__name__}; expected {names}")


def _check_once(prices: Iterable[Price]) -> None:
    """No price is given twice for the same region and architecture."""
    seen: dict[tuple[str, str, str, str | None], Price] = {}
    for price in prices:
        for region in price.regions:
            key = (price.service, price.name, region, price.arch)
            if key in seen:
                raise FactsError(f"{price.service}: the price of {price.name} in {region} is given twice")
            seen[key] = price
