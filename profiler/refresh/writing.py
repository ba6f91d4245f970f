"""Prices as a file for `--prices`: TOML, in the form of the facts, with the service beside each price."""

from __future__ import annotations

import textwrap
from decimal import Decimal
from typing import Any

from profiler.errors import UnsupportedError
from profiler.facts import Price
from profiler.refresh.fetching import Fetched
from profiler.refresh.text import reasons


def price_file(fetched: Fetched) -> str:
    """Return current prices as TOML that ends in a newline.

    Raises:
        UnsupportedError: If the library that writes TOML is not installed.
    """
    try:
        import tomli_w
    except ImportError as error:
        raise UnsupportedError(
            "prices are written with tomli-w, which is not installed", hint="pip install 'paredown[aws]'"
        ) from error
    document = {"currency": "USD", "prices": [_table(price) for price in fetched.prices]}
    return "".join(f"# {line}\n" for line in _remarks(fetched)) + "\n" + tomli_w.dumps(document)


def _remarks(fetched: Fetched) -> list[str]:
    remarks = [f"Prices on demand in {fetched.region}, for --prices. What is free is left out, as in paredown's facts."]
    remarks += [f"Left out, {reason}" for reason in reasons(fetched.left_out)]
    return [line for remark in remarks for line in textwrap.wrap(remark, 110, break_on_hyphens=False)]


def _table(price: Price) -> dict[str, Any]:
    origin = price.origin
    table: dict[str, Any] = {
        "service": price.service,
        "name": price.name,
        "about": price.about,
        "unit": price.unit,
        "regions": list(price.regions),
        "arch": price.arch,
        "tiers": [{"from": int(tier.from_quantity), "usd": _Plain(tier.usd)} for tier in price.tiers],
        "source": origin.source,
        "dated": origin.dated,
        "retrieved": origin.retrieved,
        "confidence": origin.confidence.value,
        "attributes": dict(price.attributes),
    }
    return {key: value for key, value in table.items() if value not in (None, {})}


class _Plain(Decimal):
    """A number that is written without an exponent: 0.0000002 and not 2E-7, for whoever reads or edits the file."""

    def __str__(self) -> str:
        text = f"{self.normalize():f}"
        return text if "." in text else f"{text}.0"
