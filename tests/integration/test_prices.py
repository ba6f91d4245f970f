"""A file of prices is read once, before a run is measured, and holds for its report."""

from __future__ import annotations

from tests.integration.place import Place

PRICES = """
[[prices]]
service = "lambda"
name = "gb_seconds"
unit = "GB-second"
regions = ["us-east-1"]
arch = "x86_64"
tiers = [{ from = 0, usd = 0.00001 }]
source = "ours"
retrieved = 2026-11-24
confidence = "high"
"""


def test_a_run_is_judged_by_the_prices_that_it_was_started_with(place: Place) -> None:
    """Hours later the file may be another, or gone."""
    place.write("prices.toml", PRICES)
    place.write("train.py", "import os\nos.remove('prices.toml')\n")
    ended = place.paredown("run", "train.py", "--prices", "prices.toml")
    assert ended.code == 0, ended.said
    assert "Your own, from prices.toml: lambda.gb_seconds." in ended.err


def test_a_broken_file_is_refused_before_anything_is_measured(place: Place) -> None:
    place.write("prices.toml", PRICES.replace("usd =", "eur ="))
    place.write("train.py", "print('measured')\n")
    ended = place.paredown("run", "train.py", "--prices", "prices.toml")
    assert ended.code == 2, ended.said
    assert ended.out == ""
    assert "prices.toml: price 1 (lambda.gb_seconds): tier 1: the price is in 'eur'; expected usd" in ended.err
    assert not place.workspace.exists()
