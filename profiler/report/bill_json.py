"""The bill of a month for a program: amounts and money as decimal strings, unrounded. docs/bill.schema.json."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from typing import Any

from profiler.pricing.billing import Bill, Line

SCHEMA = "paredown.bill/1"
# 1: the first. A new key does not change the number; a key that goes, or means something else, does.


def bill_json(bill: Bill) -> str:
    """Return a bill as JSON that ends in a newline."""
    return json.dumps(document(bill), indent=2, ensure_ascii=False) + "\n"


def document(bill: Bill) -> dict[str, Any]:
    """Return a bill as plain values."""
    return {
        "schema": SCHEMA,
        "region": bill.region,
        "arch": bill.arch,
        "free_tier": bill.free_tier,
        "instance_type": bill.instance_type,
        "lines": [_line(line) for line in bill.lines],
        "total_usd": f"{bill.total_usd:f}",
        "remarks": list(bill.remarks),
    }


def _line(line: Line) -> dict[str, Any]:
    """One line, its fields by their own names; a decimal as its digits, never with an exponent."""
    values = {field.name: getattr(line, field.name) for field in fields(line)}
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()}
