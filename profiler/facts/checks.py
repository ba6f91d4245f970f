"""What an entry of any file of facts is held against: its keys, their types, its tiers and its origin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from profiler.errors import FactsError
from profiler.facts.entries import Confidence, Origin, Tier

ARCHITECTURES = ("x86_64", "arm64")

LARGEST_USD = 1_000_000
"""Per unit; the dearest machine is some hundreds an hour."""
LARGEST = 10**15
"""Of a fact, and of where a tier begins."""
MOST_DECIMALS = 30
"""The cheapest price is some hundred millionths; whoever works one out may have a calculator's digits."""

ORIGIN_KEYS = {"source": str, "retrieved": date, "confidence": str}

_KINDS = {
    str: "text",
    int: "a whole number",
    Decimal: "a number",
    date: "a date",
    datetime: "a date with a time",
    time: "a time of day",
    bool: "a boolean",
    list: "a list",
    dict: "a table",
}
_LONGEST = 60
_CURRENCIES = (
    "aud",
    "brl",
    "cad",
    "chf",
    "cny",
    "dkk",
    "eur",
    "gbp",
    "inr",
    "jpy",
    "krw",
    "nok",
    "nzd",
    "pln",
    "sek",
    "sgd",
)


def check_keys(entry: Any, where: str, required: Mapping[str, Any], optional: Mapping[str, Any]) -> None:
    """Hold an entry against its keys: every required one is there, none that is unknown, each of one of its types.

    Raises:
        FactsError: With the first that is not so.
    """
    if not isinstance(entry, dict):
        raise FactsError(f"{where}: is {described(entry)}; expected a table")
    known = {**required, **optional}
    for key in entry:
        if key not in known:
            raise FactsError(f"{where}: {told(key)} is unknown; {meant(key, known)}")
    for key in required:
        if key not in entry:
            raise FactsError(f"{where}: {key} is missing")
    for key, value in entry.items():
        kinds = known[key] if isinstance(known[key], tuple) else (known[key],)
        if type(value) not in kinds:
            raise FactsError(f"{where}: {key} is {described(value)}; expected {either(kinds)}")


def meant(word: str, known: Iterable[str]) -> str:
    """Return which of the known words was meant, else all of them."""
    known = tuple(known)
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.7)
    return f"did you mean {near[0]}?" if near else f"expected {', '.join(known)}"


def told(value: object) -> str:
    """Return a value of a TOML file as an error shows it, on one line and never long.

    >>> [told(value) for value in (True, Decimal("-1.5"), "usd", [1])]
    ['true', '-1.5', "'usd'", 'a list']
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return _KINDS[type(value)]
    if isinstance(value, int) and abs(value) > LARGEST**3:  # Python refuses to write very long ones.
        return "a number of very many digits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def described(value: object) -> str:
    """Return a value and of which kind it is.

    >>> described("1"), described([1])
    ("'1', text", 'a list')
    """
    kind = _KINDS.get(type(value), type(value).__name__)
    return kind if isinstance(value, list | dict) else f"{told(value)}, {kind}"


def tiers_of(entries: list[Any], where: str) -> tuple[Tier, ...]:
    """Return the tiers of a price.

    Raises:
        FactsError: If they do not ascend from 0, or an amount is no price.
    """
    tiers = []
    for number, entry in enumerate(entries, start=1):
        place = f"{where}: tier {number}"
        _check_currency(entry, place)
        check_keys(entry, place, {"from": int, "usd": (int, Decimal)}, {})
        tiers.append(Tier(from_quantity=Decimal(_checked_start(entry["from"], place)), usd=_usd(entry["usd"], place)))
    starts = [int(tier.from_quantity) for tier in tiers]
    if not starts or starts[0] != 0 or any(high <= low for low, high in pairwise(starts)):
        raise FactsError(f"{where}: the tiers begin at {starts}; expected ascending quantities from 0")
    return tuple(tiers)


def origin_of(entry: Mapping[str, Any], where: str, *, yours: bool = False) -> Origin:
    """Return where a fact is from.

    Raises:
        FactsError: If it does not say so.
    """
    if not entry["source"].strip():
        raise FactsError(f"{where}: source is empty; expected where the fact is from")
    try:
        confidence = Confidence(entry["confidence"])
    except ValueError:
        expected = ", ".join(Confidence)
        raise FactsError(f"{where}: confidence is {told(entry['confidence'])}; expected one of {expected}") from None
    return Origin(
        source=entry["source"],
        dated=entry.get("dated"),
        retrieved=entry["retrieved"],
        confidence=confidence,
        yours=yours,
    )


def check_number(value: int | Decimal, where: str) -> None:
    """Hold a number against what any fact can be.

    Raises:
        FactsError: If it is not finite, or beyond anything that exists.
    """
    if not _finite(value):
        raise FactsError(f"{where} is {told(value)}; expected a finite number")
    if not -LARGEST <= value <= LARGEST:
        raise FactsError(f"{where} is {told(value)}; expected at most {LARGEST:,}")
    _check_decimals(value, where)


def _check_currency(entry: Any, place: str) -> None:
    for key in entry if isinstance(entry, dict) else ():
        if key.lower() in _CURRENCIES:
            raise FactsError(f"{place}: the price is in {key!r}; expected usd", hint="paredown counts in US dollars")


def _checked_start(start: int, place: str) -> int:
    if not 0 <= start <= LARGEST:
        raise FactsError(f"{place}: from is {told(start)}; expected a whole number from 0 to {LARGEST:,}")
    return start


def _usd(amount: int | Decimal, place: str) -> Decimal:
    if not _finite(amount):
        raise FactsError(f"{place}: usd is {told(amount)}; expected an amount")
    if amount < 0:
        raise FactsError(f"{place}: usd is {told(amount)}; expected an amount from 0")
    if amount > LARGEST_USD:
        raise FactsError(f"{place}: usd is {told(amount)}; expected at most {LARGEST_USD:,} for one unit")
    _check_decimals(amount, f"{place}: usd")
    return Decimal(amount).copy_abs()  # Of -0.0.


def _finite(value: int | Decimal) -> bool:
    return not isinstance(value, Decimal) or value.is_finite()


def _check_decimals(value: int | Decimal, where: str) -> None:
    exponent = Decimal(value).as_tuple().exponent
    assert isinstance(exponent, int)  # Of what is not finite it is a letter.
    if -exponent > MOST_DECIMALS:
        raise FactsError(f"{where} is {told(value)}; expected at most {MOST_DECIMALS} decimal places")


def either(kinds: tuple[type, ...]) -> str:
    """Return kinds of values in words.

    >>> either((int, Decimal, str))
    'a number or text'
    """
    words = [_KINDS[kind] for kind in kinds if kind is not int or Decimal not in kinds]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
