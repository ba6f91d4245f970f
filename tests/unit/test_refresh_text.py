"""What is said about current prices, and the file that they are written into."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from profiler.facts import FactSet, Tier
from profiler.refresh import Fetched, LeftOut, compare, price_file, shown
from tests.price_list import EXPECTED, some_facts


def tiers(text: str) -> tuple[Tier, ...]:
    """Tiers from "0:0.1 1000:0.05"."""
    pairs = (tier.split(":") for tier in text.split())
    return tuple(Tier(from_quantity=Decimal(start), usd=Decimal(usd)) for start, usd in pairs)


def now(facts: FactSet, *left_out: LeftOut, region: str = "us-east-1", **changed: str) -> Fetched:
    """What the facts say, as if it had been fetched, with other tiers for some names."""
    prices = [
        replace(price, regions=(region,), tiers=tiers(changed[price.name]) if price.name in changed else price.tiers)
        for price in facts.prices
    ]
    return Fetched(region=region, prices=tuple(prices), left_out=left_out)


def said(facts: FactSet, fetched: Fetched, *, width: int = 80) -> str:
    text = shown(fetched, compare(facts, fetched.prices), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text == "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    return text


def test_what_differs_is_a_row_with_both_prices_and_the_change() -> None:
    facts = some_facts("lambda.requests", "athena.scanned_tb", "ecr.storage_gb_months")
    assert said(facts, now(facts, requests="0:0.00000025", scanned_tb="0:4.5")) == (
        "Prices in us-east-1 from the AWS Price List API, published 2026-11-23\n"
        "\n"
        "                     bundled     now          change  per\n"
        "  lambda.requests    $0.0000002  $0.00000025  +25 %   invocation\n"
        "  athena.scanned_tb  $5.00       $4.50        -10 %   TB\n"
        "\n"
        "The same as the bundled facts: 1 price.\n"
    )


def test_of_several_tiers_those_that_differ_are_shown_with_their_amounts() -> None:
    facts = some_facts("s3.storage_gb_months")
    text = said(facts, now(facts, storage_gb_months="0:0.023 51200:0.022 100000:0.02 600000:0.021"))
    assert text.splitlines()[2:] == [
        "                        bundled  now    change  per",
        "  s3.storage_gb_months",
        "    100,000 to 512,000  $0.022   $0.02  -9.1 %  GB-month",
        "    512,000 to 600,000  $0.021   $0.02  -4.8 %  GB-month",
    ]


def test_a_price_that_the_facts_lack_in_the_region_is_new() -> None:
    facts = some_facts("ec2.t3.2xlarge x86_64")
    text = said(facts, now(facts, region="eu-west-1"))
    assert ["ec2.t3.2xlarge", "on", "x86_64", "none", "$0.3328", "new", "hour"] in map(str.split, text.splitlines())


def test_that_nothing_differs_is_said() -> None:
    facts = some_facts()
    assert said(facts, now(facts)) == (
        "Prices in us-east-1 from the AWS Price List API, published 2026-11-23\n"
        "\n"
        f"Nothing differs. The same as the bundled facts: {len(EXPECTED)} prices.\n"
    )


def test_what_was_left_out_stands_under_its_reason() -> None:
    facts = some_facts("athena.scanned_tb")
    left = [
        LeftOut(service="s3", name=name, arch=None, reason="not found") for name in ("put_requests", "get_requests")
    ]
    left.append(LeftOut(service="lambda", name="gb_seconds", arch="arm64", reason="ambiguous"))
    text = said(facts, now(facts, *left))
    assert "Left out, since nothing is guessed:\n  not found: s3.put_requests, s3.get_requests\n" in text
    assert "  ambiguous: lambda.gb_seconds on arm64\n" in text


@pytest.mark.parametrize("width", [1, 40, 60, 80, 140])
def test_a_table_fits_the_terminal_and_keeps_its_figures(width: int) -> None:
    facts = some_facts("lambda.gb_seconds x86_64", "eventbridge.scheduler_invocations")
    fetched = now(facts, gb_seconds="0:0.0000166667 6000000000:0.0000145", scheduler_invocations="0:0.000002")
    text = shown(fetched, compare(facts, fetched.prices), width=width)
    for figure in ("eventbridge.scheduler_invocations", "$0.000002", "+100 %", "6,000,000,000", "$0.0000145", "-3.3 %"):
        assert figure in text
    if width >= 80:
        assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("0:0.06", "0:0.060012", "+0.020 %"),
        ("0:0.0000166667", "0:0.0000166668", "+0.00060 %"),
        ("0:1", "0:3", "+200 %"),
        ("0:1", "0:0.0001", "-100 %"),
        ("0:0", "0:1", "was free"),
    ],
)
def test_a_change_is_to_two_digits_and_never_nothing(before: str, after: str, change: str) -> None:
    facts = some_facts("athena.scanned_tb")
    known = FactSet(about=facts.about, facts=(), prices=now(facts, scanned_tb=before).prices)
    assert f" {change} " in said(known, now(facts, scanned_tb=after))


def test_the_file_says_of_each_price_what_the_facts_say_of_theirs() -> None:
    facts = some_facts("lambda.requests", "ec2.t3.2xlarge x86_64", "step_functions.express_gb_hours")
    text = price_file(now(facts))
    document = tomllib.loads(text, parse_float=Decimal)
    assert document["currency"] == "USD"
    requests, machine, express = document["prices"]
    assert requests == {
        "service": "lambda",
        "name": "requests",
        "about": "One of them; of the facts",
        "unit": "invocation",
        "regions": ["us-east-1"],
        "tiers": [{"from": 0, "usd": Decimal("0.0000002")}],
        "source": "a test",
        "retrieved": date(2026, 11, 23),
        "confidence": "high",
    }
    assert (machine["arch"], machine["attributes"]) == ("x86_64", {"vcpus": 8, "memory_mib": 32768})
    assert [tier["from"] for tier in express["tiers"]] == [0, 1000, 5000]


def test_numbers_in_the_file_are_written_as_people_write_them() -> None:
    facts = some_facts("lambda.requests", "athena.scanned_tb")
    text = price_file(now(facts, requests="0:2E-7", scanned_tb="0:5.0000000000"))
    assert "usd = 0.0000002 }" in text
    assert "usd = 5.0 }" in text


def test_what_was_left_out_is_a_comment_of_the_file() -> None:
    facts = some_facts("athena.scanned_tb")
    text = price_file(now(facts, LeftOut(service="s3", name="put_requests", arch=None, reason='"\n[[broken')))
    assert [price["name"] for price in tomllib.loads(text)["prices"]] == ["scanned_tb"]
    assert "s3.put_requests" in text
