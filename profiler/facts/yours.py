"""One entry of a user's own file, held against the bundled ones of its name: the same unit, the same kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from profiler.errors import FactsError
from profiler.facts.checks import (
    LARGEST,
    ORIGIN_KEYS,
    check_keys,
    check_number,
    described,
    either,
    meant,
    origin_of,
    tiers_of,
    told,
)
from profiler.facts.entries import Fact, FactSet, Price

_PRICE_KEYS = {"service": str, "name": str, "unit": str, "regions": list, "tiers": list, **ORIGIN_KEYS}
_FACT_KEYS = {"value": (int, Decimal, str, date), "unit": str, **ORIGIN_KEYS}
_MACHINE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_OF_A_MACHINE = ("vcpus", "memory_mib")
_BASELINE = "baseline_percent"


def your_price(facts: FactSet, entry: Any, where: str) -> Price:
    """Return a price of the user's.

    Args:
        facts: The bundled ones, of its service.
        entry: As it stands in the file; its service is known.
        where: Its place, for errors.

    Raises:
        FactsError: If it is not what the bundled ones of its name are.
    """
    named = f"{where} ({entry['service']}.{entry['name']})" if isinstance(entry.get("name"), str) else where
    check_keys(entry, named, _PRICE_KEYS, {"about": str, "dated": date, "arch": str, "attributes": dict})
    like = _like(facts, entry, where)
    if entry["unit"] != like[0].unit:
        raise FactsError(f"{named}: unit is {told(entry['unit'])}; expected {like[0].unit}")
    arch = _arch(entry, like, named)
    nearest = next(price for price in like if price.arch == arch)
    price = replace(
        nearest,
        name=entry["name"],
        about=entry.get("about", nearest.about),
        regions=_regions(entry["regions"], named),
        arch=arch,
        tiers=tiers_of(entry["tiers"], named),
        attributes=_attributes(entry, nearest, named),
        origin=origin_of(entry, named, yours=True),
    )
    if price.is_of_a_machine and len(price.tiers) > 1:
        raise FactsError(f"{named}: has {len(price.tiers)} tiers; expected one, as an hour of a machine has")
    return price


def your_fact(facts: FactSet, service: str, name: str, entry: Any, where: str) -> Fact:
    """Return a fact of the user's.

    Args:
        facts: The bundled ones, of its service; prices of the user's among them.
        service: Of the fact.
        name: Of the fact.
        entry: As it stands in the file.
        where: Its place, for errors.

    Raises:
        FactsError: If it is not what the bundled one of its name is.
    """
    known = {fact.name: fact for fact in facts.facts if fact.service == service}
    if name not in known:
        raise FactsError(f"{where}: {service} has no fact of that name; {meant(name, known)}")
    like = known[name]
    check_keys(entry, where, _FACT_KEYS, {"about": str, "dated": date})
    if entry["unit"] != like.unit:
        raise FactsError(f"{where}: unit is {told(entry['unit'])}; expected {like.unit}")
    return replace(
        like,
        about=entry.get("about", like.about),
        value=_value(entry["value"], like, facts, f"{where}: value"),
        origin=origin_of(entry, where, yours=True),
    )


def _like(facts: FactSet, entry: Mapping[str, Any], where: str) -> Sequence[Price]:
    """The bundled prices of the same name; of a machine type that is not among them, those of other machines."""
    service, name = entry["service"], entry["name"]
    known = [price for price in facts.prices if price.service == service]
    like = [price for price in known if price.name == name]
    if like:
        return like
    machines = [price for price in known if price.is_of_a_machine]
    if machines and _MACHINE.fullmatch(name):
        return machines
    quantities = dict.fromkeys(price.name for price in known if not price.is_of_a_machine)
    hint = "a machine's price is named by its type, such as m7i.2xlarge" if machines else None
    raise FactsError(f"{where}: {service} has no quantity {told(name)}; {meant(name, quantities)}", hint=hint)


def _regions(regions: list[Any], where: str) -> tuple[str, ...]:
    if not regions:
        raise FactsError(f"{where}: regions is empty; expected codes such as eu-west-1")
    for region in regions:
        if not isinstance(region, str) or not _REGION.fullmatch(region):
            raise FactsError(f"{where}: regions holds {told(region)}; expected codes such as eu-west-1")
    return tuple(regions)


def _arch(entry: Mapping[str, Any], like: Sequence[Price], where: str) -> str | None:
    """The architecture, where the price depends on it and only there."""
    arch: str | None = entry.get("arch")
    known = sorted({price.arch for price in like if price.arch is not None}, reverse=True)
    if arch is not None and not known:
        raise FactsError(f"{where}: arch is {told(arch)}; expected none, since this price is the same for all")
    if arch not in known and known:
        given = "missing" if arch is None else told(arch)
        raise FactsError(f"{where}: arch is {given}; expected {' or '.join(known)}, which this price depends on")
    return arch


def _attributes(entry: Mapping[str, Any], like: Price, where: str) -> dict[str, int]:
    """What the bundled price says of the thing, and what the user says otherwise."""
    given: dict[str, Any] = entry.get("attributes", {})
    is_new = like.name != entry["name"]
    allowed = (*_OF_A_MACHINE, _BASELINE) if like.is_of_a_machine else ()
    if given and not allowed:
        raise FactsError(f"{where}: has attributes; expected none, which only machines have")
    check_keys(
        given,
        f"{where}: attributes",
        dict.fromkeys(_OF_A_MACHINE if is_new else (), int),
        dict.fromkeys(allowed, int),
    )
    for key, value in given.items():
        if not 0 < value <= LARGEST:
            raise FactsError(f"{where}: attributes: {key} is {told(value)}; expected a whole number above 0")
    return given if is_new else {**like.attributes, **given}


def _value(value: Any, like: Fact, facts: FactSet, where: str) -> int | Decimal | str | date:
    """A value of the kind that the bundled one is of."""
    kind = type(like.value)
    if kind is Decimal and type(value) is int:
        value = Decimal(value)
    if type(value) is not kind:
        raise FactsError(f"{where} is {described(value)}; expected {either((kind,))}")
    if isinstance(value, int | Decimal):
        check_number(value, where)
        may_be_0 = like.name.startswith("free_")
        least = 1 if like.unit == "ratio" else 0
        if value < least or (value == 0 and not may_be_0):
            expected = f"from {least}" if least or may_be_0 else "above 0"
            raise FactsError(f"{where} is {told(value)}; expected a number {expected}")
    if like.unit == "type" and value not in {price.name for price in facts.prices if price.is_of_a_machine}:
        raise FactsError(f"{where} is {told(value)}; expected a machine type that has a price")
    if isinstance(value, str) and not value.strip():
        raise FactsError(f"{where} is empty; expected such as {like.value}")
    return value
