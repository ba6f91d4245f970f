"""From the price list to prices in the form of the facts: every quantity that the facts know, in one region.

Nothing is guessed: where no product matches, or several of different prices do, the quantity is left out and named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from profiler.facts import DEFAULT_REGION, Confidence, FactSet, Origin, Price, Tier
from profiler.refresh.asking import Client, check_region, items
from profiler.refresh.catalogue import rules_for
from profiler.refresh.reading import Product, Unusable, product_of, tiers_of
from profiler.refresh.rules import Rule

_Query = tuple[str, tuple[tuple[str, str], ...]]
"""An offer and what its products are asked to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A quantity for which the price list gave no price."""

    service: str
    name: str
    arch: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What the price list says of one region."""

    region: str
    prices: tuple[Price, ...]
    """In the order of the facts; in their units, with a source and a date of their own."""
    left_out: tuple[LeftOut, ...]


def fetch(
    client: Client,
    *,
    facts: FactSet,
    region: str,
    today: date,
    quantities: Collection[tuple[str, str]] | None = None,
) -> Fetched:
    """Ask for the current prices of one region.

    Args:
        client: Of boto3, for `pricing`; `new_client` makes one.
        facts: Which prices there are, and in which units.
        region: Code of the region that the prices are for, such as eu-west-1.
        today: The day that the prices are retrieved.
        quantities: As service and name; by default all that the facts know.

    Raises:
        PriceListError: If AWS cannot be asked, refuses, knows no such region, or answers in another shape than it is
            documented to, or in another currency than USD.
    """
    wanted = [
        (price, rules_for(price))
        for price in _known(facts)
        if quantities is None or (price.service, price.name) in quantities
    ]
    queries = dict.fromkeys(_query(rule, region) for _, rules in wanted for rule in rules)
    products = _products(client, list(queries), region)
    prices: list[Price] = []
    left_out: list[LeftOut] = []
    for price, rules in wanted:
        try:
            prices.append(_current(price, rules, products, region, today))
        except Unusable as error:
            left_out.append(LeftOut(service=price.service, name=price.name, arch=price.arch, reason=str(error)))
    return Fetched(region=region, prices=tuple(prices), left_out=tuple(left_out))


def _known(facts: FactSet) -> list[Price]:
    """Every price that the facts know, once, whatever its region; the default region describes it best."""
    found: dict[tuple[str, str, str | None], Price] = {}
    for price in facts.prices:
        key = (price.service, price.name, price.arch)
        if key not in found or DEFAULT_REGION in price.regions:
            found[key] = price
    return list(found.values())


def _query(rule: Rule, region: str) -> _Query:
    return rule.offer, tuple({"regionCode": region, **rule.asked}.items())


def _products(client: Client, queries: Sequence[_Query], region: str) -> dict[_Query, list[Product]]:
    """Everything that is asked for. That there is nothing to a first question may be for want of such a region."""
    products: dict[_Query, list[Product]] = {}
    for place, query in enumerate(queries):
        offer, asked = query
        products[query] = [product_of(offer, item) for item in items(client, offer, dict(asked))]
        if place == 0 and not products[query]:
            check_region(client, region)
    return products


def _current(
    price: Price, rules: tuple[Rule, ...], products: Mapping[_Query, list[Product]], region: str, today: date
) -> Price:
    """The price as the price list has it now.

    Several products of one price are no ambiguity: DynamoDB's storage is listed twice in us-east-1, and a price that
    is the same for both architectures once for each.
    """
    if not rules:
        raise Unusable("paredown does not know its product in the price list")
    found = [
        (product, rule)
        for rule in rules
        for product in products[_query(rule, region)]
        if product.is_regional and product.attributes.get("regionCode") == region and rule.matches(product.attributes)
    ]
    if not found:
        raise Unusable("not found in the price list")
    tiers: dict[tuple[Tier, ...], list[Product]] = {}
    for product, rule in found:
        tiers.setdefault(tiers_of(product, rule), []).append(product)
    if len(tiers) > 1:
        skus = ", ".join(product.sku for product, _ in found)
        raise Unusable(f"ambiguous: {len(found)} products of different prices match, SKU {skus}")
    ((only, same),) = tiers.items()
    # What the facts say behind a semicolon is said of their own figure: that it is only the first tier, for instance.
    about = price.about.partition(";")[0]
    return replace(price, about=about, regions=(region,), tiers=only, origin=_origin(same, today))


def _origin(products: list[Product], today: date) -> Origin:
    first = products[0]
    skus = ", ".join(product.sku for product in products)
    return Origin(
        source=f"AWS Price List API, offer {first.offer}, version {first.version}, SKU {skus}",
        dated=first.published,
        retrieved=today,
        confidence=Confidence.HIGH,
    )
