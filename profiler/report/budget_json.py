"""A solved budget as JSON; docs/budget.schema.json describes it.

Amounts are plain decimal strings, exact or to 28 digits, and whole requests are integers. Versions of the schema:

    paredown.budget/1   the first
"""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

from profiler.pricing.cost import as_decimal
from profiler.pricing.shares import ShareOfService
from profiler.pricing.solution import Margin, Solution, Solved
from profiler.pricing.targets import Customers, Target

SCHEMA = "paredown.budget/1"


def budget_json(solution: Solution) -> str:
    """Return a solved budget as JSON that ends in a newline."""
    date = solution.prices_date
    document = {
        "schema": SCHEMA,
        "region": solution.region,
        "arch": solution.arch,
        "free_tier": solution.free_tier,
        "instance_type": solution.instance_type,
        "prices_date": None if date is None else date.isoformat(),
        "own_prices": list(solution.yours),
        "target": _target(solution.target),
        "lambda_usd_per_day": _text(solution.lambda_usd_per_day),
        "rows": [
            {
                "gb_s_per_request": _text(row.gb_s_per_request),
                "requests_per_day": row.requests_per_day,
                "requests_per_month": row.requests_per_month,
                "usd_per_day": _text(row.usd_per_day),
                "usd_per_month": _text(row.usd_per_month),
            }
            for row in solution.rows
        ],
        "solved": None if solution.solved is None else _solved(solution.solved),
        "pairs": [
            {
                "memory_mib": pair.memory_mib,
                "seconds": _text(pair.seconds),
                "vcpus": _text(pair.vcpus),
                "too_long": pair.too_long,
            }
            for pair in solution.pairs
        ],
        "shares": [_share(share) for share in solution.shares],
        "margin": None if solution.margin is None else _margin(solution.margin),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _target(target: Target) -> dict[str, Any]:
    return {
        "usd_per_day": _text(target.usd_per_day),
        "usd_per_month": _text(target.usd_per_month),
        "requests_per_day": _text(target.requests_per_day),
        "requests_per_month": _text(target.requests_per_month),
        "gb_s_per_request": [_text(value) for value in target.gb_s_per_request],
        "invocations_per_request": _text(target.invocations_per_request),
        "customers": None if target.customers is None else _customers(target.customers),
    }


def _customers(customers: Customers) -> dict[str, Any]:
    return {
        "number": int(customers.number),
        "trainings_per_customer": _text(customers.trainings),
        "predictions_per_customer": _text(customers.predictions),
        "price_per_customer_usd": _text(customers.usd_per_month),
    }


def _solved(solved: Solved) -> dict[str, Any]:
    return {
        "unknown": solved.unknown.value,
        "gb_s_per_request": _text(solved.gb_s_per_request),
        "requests_per_day": solved.requests_per_day,
        "requests_per_month": solved.requests_per_month,
        "usd_per_day": _text(solved.usd_per_day),
        "usd_per_month": _text(solved.usd_per_month),
        "share": _text(solved.share),
        "fits": solved.fits,
        "invocations_usd_per_day": _text(solved.invocations_usd_per_day),
    }


def _share(share: ShareOfService) -> dict[str, Any]:
    return {
        "service": share.service,
        "percent": _text(share.percent),
        "usd_per_day": _text(share.usd_per_day),
        "usd_per_month": _text(share.usd_per_month),
        "together": share.together,
        "allowances": [
            {
                "quantity": allowance.quantity,
                "unit": allowance.unit or None,
                "per_day": _text(allowance.per_day),
                "per_month": _text(allowance.per_month),
                "per_request": _text(allowance.per_request),
                "problem": allowance.problem or None,
            }
            for allowance in share.allowances
        ],
    }


def _margin(margin: Margin) -> dict[str, Any]:
    return {
        "revenue_usd_per_day": _text(margin.revenue_usd_per_day),
        "revenue_usd_per_month": _text(margin.revenue_usd),
        "cost_usd_per_day": _text(margin.cost_usd_per_day),
        "cost_usd_per_month": _text(margin.cost_usd),
        "margin_usd_per_day": _text(margin.margin_usd_per_day),
        "margin_usd_per_month": _text(margin.margin_usd),
        "share_of_revenue": _text(margin.share),
    }


def _text(value: Decimal | Fraction | None) -> str | None:
    """A number as plain digits, without exponent and without zeros that say nothing."""
    if value is None:
        return None
    text = f"{as_decimal(value) if isinstance(value, Fraction) else value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
