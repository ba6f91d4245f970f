"""The facts in use, for a reader or a program: every limit and price with its source, its date and how sure it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from profiler.facts import Fact, FactSet, Origin, Price
from profiler.report.clean import one_line
from profiler.report.plain import wrapped
from profiler.units import count

SCHEMA = "paredown.facts/1"

_SAID_IN_THE_PLURAL = ("event", "hour", "invocation", "month", "request", "second", "transition", "unit")
"""How units end that are words; the others are signs, such as MiB, or plural already."""
_NARROWEST, _WIDEST = 40, 120


def facts_text(facts: FactSet, services: Sequence[str], *, width: int) -> str:
    """Return the facts of some services as text that ends in a newline; only an address may be wider than the width."""
    width = min(max(width, _NARROWEST), _WIDEST)
    blocks = [block for service in services for block in _service(facts, service, width)]
    return "\n\n".join(blocks) + "\n"


def facts_json(facts: FactSet, services: Sequence[str]) -> str:
    """Return the facts of some services as JSON that ends in a newline. Prices are decimal strings, to the digit."""
    document = {
        "schema": SCHEMA,
        "services": {
            service: {
                "about": facts.about[service],
                "facts": {fact.name: _fact_document(fact) for fact in facts.facts if fact.service == service},
                "prices": [_price_document(price) for price in facts.prices if price.service == service],
            }
            for service in services
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _service(facts: FactSet, service: str, width: int) -> Iterator[str]:
    yield wrapped(f"{service}   {facts.about[service]}", width, first="", margin="  ")
    for fact in facts.facts:
        if fact.service == service:
            yield _entry(fact.name, value_text(fact), fact.about, fact.origin, width)
    for price in facts.prices:
        if price.service == service:
            name = price.name if price.arch is None else f"{price.name}, {price.arch}"
            yield _entry(name, price_text(price), f"{price.about}; in {', '.join(price.regions)}", price.origin, width)


def _entry(name: str, value: str, about: str, origin: Origin, width: int) -> str:
    whose = "yours, " if origin.yours else ""
    return "\n".join(
        wrapped(text, width, first=first, margin="      ")
        for first, text in (
            ("  ", f"{name}   {value}"),
            ("      ", one_line(about)),
            ("      ", f"{whose}{date_text(origin)}, confidence {origin.confidence}: {one_line(origin.source)}"),
        )
    )


def value_text(fact: Fact) -> str:
    """Return a fact's value with its unit."""
    value = count(fact.value) if isinstance(fact.value, int) else str(fact.value)
    if fact.unit in ("date", "ratio", "type", "flag"):
        return value
    several = fact.value != 1 and fact.unit.endswith(_SAID_IN_THE_PLURAL)
    return f"{value} {fact.unit}{'s' if several else ''}"


def price_text(price: Price) -> str:
    """Return the price of one unit, and from which quantity of a month on it is another."""
    first, *others = price.tiers
    parts = [f"${first.usd:f} per {price.unit}"]
    parts += [f"${tier.usd:f} from {tier.from_quantity:,} a month" for tier in others]
    held = [f"{key} {count(value)}" for key, value in price.attributes.items()]
    return "; ".join([*parts, *held])


def date_text(origin: Origin) -> str:
    """Return the day of a source, or the day on which it was read where it has none."""
    return f"{origin.date}" if origin.dated else f"read {origin.retrieved}"


def _fact_document(fact: Fact) -> dict[str, Any]:
    return {"value": _plain(fact.value), "unit": fact.unit, "about": fact.about, **_origin(fact.origin)}


def _price_document(price: Price) -> dict[str, Any]:
    return {
        "name": price.name,
        "arch": price.arch,
        "regions": list(price.regions),
        "unit": price.unit,
        "tiers": [{"from": int(tier.from_quantity), "usd": f"{tier.usd:f}"} for tier in price.tiers],
        "about": price.about,
        "attributes": dict(price.attributes),
        **_origin(price.origin),
    }


def _origin(origin: Origin) -> dict[str, Any]:
    return {
        "source": origin.source,
        "dated": None if origin.dated is None else origin.dated.isoformat(),
        "retrieved": origin.retrieved.isoformat(),
        "confidence": origin.confidence.value,
        "yours": origin.yours,
    }


def _plain(value: int | Decimal | str | date) -> int | str:
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case _:
            return value
