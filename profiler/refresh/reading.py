"""One product of the price list, read strictly: what it says of itself, and its price as tiers in our unit.

An answer of another shape than the documented one is an error, for then nothing of it can be trusted. A product that
is sold in another way than expected is unusable alone: its quantity is left out, and said to be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from profiler.errors import PriceListError
from profiler.facts import Tier
from profiler.refresh.rules import Rule


class Unusable(Exception):
    """Why no price can be taken from a product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product of the price list."""

    offer: str
    sku: str
    version: str
    """Of the offer."""
    published: date
    attributes: Mapping[str, str]
    terms: Mapping[str, Any]

    @property
    def is_regional(self) -> bool:
        """Whether it is sold in one region. What is not are the free tiers: location "Any", usage types "Global-…"."""
        return self.attributes.get("location") != "Any" and not self.attributes.get("usagetype", "").startswith(
            "Global-"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One price dimension: what a unit costs between two amounts of a month."""

    begin: Decimal
    end: Decimal
    unit: str
    usd: Decimal


def product_of(offer: str, text: Any) -> Product:
    """Read an item of `PriceList`, which is JSON in a string.

    Raises:
        PriceListError: If it is none, or lacks what every product has.
    """
    if not isinstance(text, str):
        raise PriceListError(
            f"{offer}: an item of the price list is a {type(text).__name__}; expected JSON in a string"
        )
    try:
        item = json.loads(text)
    except ValueError as error:
        raise PriceListError(f"{offer}: an item of the price list is no JSON: {error}") from error
    where = f"{offer}: an item of the price list"
    product = _part(item, "product", dict, where)
    sku = _part(product, "sku", str, where)
    where = f"{offer}, SKU {sku}"
    return Product(
        offer=offer,
        sku=sku,
        version=_part(item, "version", str, where),
        published=_day(_part(item, "publicationDate", str, where), where),
        attributes=_part(product, "attributes", dict, where),
        terms=_part(item, "terms", dict, where),
    )


def tiers_of(product: Product, rule: Rule) -> tuple[Tier, ...]:
    """Return what a product costs on demand, in our unit, without what is free.

    Raises:
        Unusable: If it is sold in another unit, or its tiers are not to be understood.
        PriceListError: If it is priced in another currency, or lacks what every price has.
    """
    steps = sorted(_steps(product), key=lambda step: step.begin)
    for unit in {step.unit: None for step in steps}:
        if not rule.knows(unit):
            raise Unusable(f"SKU {product.sku} is sold per {unit!r}; expected {' or '.join(map(repr, rule.units))}")
    ends = [Decimal(0), *(step.end for step in steps)]
    if ends[:-1] != [step.begin for step in steps] or ends[-1] != Decimal("Infinity"):
        spans = ", ".join(f"{step.begin:f} to {step.end}" for step in steps)
        raise Unusable(f"the tiers of SKU {product.sku} do not cover every amount once: {spans}")
    return _in_our_unit(_paid(steps, product), product, rule)


def _paid(steps: list[_Step], product: Product) -> list[_Step]:
    """Take away what is free at the beginning, and let the price begin where that ends.

    Free tiers are facts of their own here, that are only subtracted when asked for; what is free comes off before the
    tiers begin (`pricing.cost.with_free`), so that all of them move down by it. DynamoDB's storage is such a product:
    $0 up to 25 GB, $0.25 from there on, becomes $0.25 from 0 on.
    """
    paid = next((place for place, step in enumerate(steps) if step.usd > 0), None)
    if paid is None:
        raise Unusable(f"SKU {product.sku} costs nothing")
    free = steps[paid].begin
    return [_Step(begin=step.begin - free, end=step.end - free, unit=step.unit, usd=step.usd) for step in steps[paid:]]


def _in_our_unit(steps: list[_Step], product: Product, rule: Rule) -> tuple[Tier, ...]:
    tiers = tuple(Tier(from_quantity=step.begin / rule.per_unit, usd=step.usd * rule.per_unit) for step in steps)
    for tier in tiers:
        if tier.from_quantity != tier.from_quantity.to_integral_value():
            raise Unusable(f"a tier of SKU {product.sku} begins at {tier.from_quantity:f} of a {rule.unit}")
    merged = [tiers[0], *(tier for before, tier in pairwise(tiers) if tier.usd != before.usd)]
    return tuple(merged)


def _steps(product: Product) -> list[_Step]:
    where = f"{product.offer}, SKU {product.sku}"
    terms = _part(product.terms, "OnDemand", dict, where) if "OnDemand" in product.terms else {}
    if len(terms) != 1:
        raise Unusable(f"SKU {product.sku} has {len(terms) or 'no'} terms on demand; expected one")
    (term,) = terms.values()
    dimensions = _part(term, "priceDimensions", dict, where)
    if not dimensions:
        raise PriceListError(f"{where}: priceDimensions is empty; expected at least one price")
    return [_step(dimension, where) for dimension in dimensions.values()]


def _step(dimension: Any, where: str) -> _Step:
    prices = _part(dimension, "pricePerUnit", dict, where)
    if "USD" not in prices:
        raise PriceListError(f"{where}: the price is in {', '.join(prices) or 'no currency'}; expected USD")
    return _Step(
        begin=_number(dimension, "beginRange", where),
        end=_number(dimension, "endRange", where),
        unit=_part(dimension, "unit", str, where),
        usd=_number(prices, "USD", where),
    )


def _part(table: Any, key: str, kind: type[Any], where: str) -> Any:
    if not isinstance(table, dict) or key not in table:
        raise PriceListError(f"{where}: lacks {key}, which the price list is documented to have")
    value = table[key]
    if not isinstance(value, kind):
        raise PriceListError(f"{where}: {key} is a {type(value).__name__}; expected a {kind.__name__}")
    if isinstance(value, str) and not value.isprintable():
        raise PriceListError(f"{where}: {key} is {value!r}; expected text that can be printed")
    return value


def _number(table: Mapping[str, Any], key: str, where: str) -> Decimal:
    """Read an amount from 0; `Inf` is the end of the last tier."""
    text = _part(table, key, str, where)
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_nan() or number < 0 or (number.is_infinite() and key != "endRange"):
        raise PriceListError(f"{where}: {key} is {text!r}; expected an amount from 0")
    return number


def _day(text: str, where: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise PriceListError(f"{where}: publicationDate is {text!r}; expected a date as in ISO 8601") from None
