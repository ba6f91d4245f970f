"""What differs between current prices and the facts, tier by tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from profiler.facts import FactSet, Price, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One price that is another than the facts say, for the amounts of a month between two borders."""

    price: Price
    """As it is now."""
    from_quantity: Decimal
    to_quantity: Decimal | None
    """Where the next tier begins, of the facts or of the price list; None: there is none."""
    before: Decimal | None
    """Dollars per unit; None where the facts know no price in the region."""
    now: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Current prices against the facts."""

    changes: tuple[Change, ...]
    same: int
    """Prices of which nothing changed."""


def compare(facts: FactSet, prices: Sequence[Price]) -> Comparison:
    """Hold current prices of one region against the facts."""
    changes: list[Change] = []
    same = 0
    for price in prices:
        found = _changes(price, _known(facts, price))
        changes += found
        same += not found
    return Comparison(changes=tuple(changes), same=same)


def _known(facts: FactSet, now: Price) -> Price | None:
    for price in facts.prices:
        if (price.service, price.name, price.arch) == (now.service, now.name, now.arch) and set(now.regions) <= set(
            price.regions
        ):
            return price
    return None


def _changes(now: Price, before: Price | None) -> list[Change]:
    borders = sorted({tier.from_quantity for tier in (*now.tiers, *(before.tiers if before else ()))})
    changes = [
        Change(
            price=now,
            from_quantity=start,
            to_quantity=end,
            before=None if before is None else _held(before.tiers, start),
            now=_held(now.tiers, start),
        )
        for start, end in zip(borders, (*borders[1:], None), strict=True)
    ]
    return [change for change in changes if change.before != change.now]


def _held(tiers: Sequence[Tier], quantity: Decimal) -> Decimal:
    """The price that holds from a quantity on."""
    return [tier.usd for tier in tiers if tier.from_quantity <= quantity][-1]
