"""What Lambda bills: examples that AWS publishes, and the edges of rounding and tiers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.facts import load, platform_of
from profiler.pricing.cost import billed_gb_s, billed_ms, by_tier, tiered_usd, with_free
from profiler.units import NS_PER_MS

X86 = platform_of(load()).prices.gb_seconds
ARM = platform_of(load(), arch="arm64").prices.gb_seconds


@pytest.mark.parametrize(
    ("init_us", "duration_us", "billed"),
    [
        # AWS documentation, Lambda runtime environment and Python logging (after 2025-08).
        pytest.param(130_490, 15_740, 147, id="15.74 + 130.49 ms"),
        pytest.param(113_510, 2_750, 117, id="2.75 + 113.51 ms"),
        pytest.param(80_000, 133_610, 214, id="133.61 + 80.00 ms"),
        pytest.param(84_000, 3_016_780, 3101, id="3016.78 + 84.00 ms"),
        pytest.param(0, 16_100_000, 16_100, id="whole milliseconds stay"),
    ],
)
def test_a_cold_start_is_billed_as_aws_documents_it(init_us: int, duration_us: int, billed: int) -> None:
    assert billed_ms((init_us + duration_us) * 1000) == billed


@given(st.integers(min_value=1, max_value=900_000))
def test_a_whole_millisecond_is_never_billed_as_one_more(milliseconds: int) -> None:
    assert billed_ms(milliseconds * NS_PER_MS) == milliseconds
    assert billed_ms(milliseconds * NS_PER_MS + 1) == milliseconds + 1


def test_a_gb_is_1024_mib() -> None:
    assert billed_gb_s(memory_mib=128, duration_ns=1_000_000_000) == Decimal("0.125")
    assert billed_gb_s(memory_mib=1769, duration_ns=1_000_000_000) == Decimal("1.7275390625")


@pytest.mark.parametrize("wrong", [0, -1])
def test_what_does_not_run_has_no_bill(wrong: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        billed_gb_s(memory_mib=wrong, duration_ns=1)
    with pytest.raises(ValueError, match="expected"):
        billed_gb_s(memory_mib=1, duration_ns=wrong)


@pytest.mark.parametrize(
    ("tiers", "gb_s", "usd"),
    [
        pytest.param(X86, "0", "0", id="nothing"),
        # The free tier's worth, as everybody quotes it: $6.67.
        pytest.param(X86, "400000", "6.66668", id="400,000 GB-seconds"),
        pytest.param(X86, "6000000000", "100000.2", id="up to the first border"),
        pytest.param(X86, "6000000001", "100000.200015", id="one beyond the first border"),
        pytest.param(X86, "15000000000", "235000.2", id="up to the second border"),
        # infracost's golden files: 135,000 dollars for the second tier, 619,203.10 for 46.44e9 of the third.
        pytest.param(X86, "61440000000", "854203.296", id="three tiers of x86"),
        pytest.param(ARM, "7500000000", "100000.5", id="arm64's first border is another"),
    ],
)
def test_each_part_of_a_quantity_has_the_price_of_its_tier(tiers: object, gb_s: str, usd: str) -> None:
    assert tiered_usd(Decimal(gb_s), tiers) == Fraction(usd)  # type: ignore[arg-type]


@given(st.decimals(0, 10**11, places=3), st.decimals(0, 10**11, places=3))
def test_more_never_costs_less(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert tiered_usd(low, X86) <= tiered_usd(high, X86)


@given(st.decimals(0, 10**11, places=3))
def test_the_parts_of_a_quantity_add_up_to_it(quantity: Decimal) -> None:
    assert sum(amount for _, amount in by_tier(quantity, X86)) == Fraction(quantity)


@given(st.decimals(0, 10**11, places=3), st.integers(0, 10**7))
def test_what_is_free_makes_no_bill_negative_or_larger(quantity: Decimal, free: int) -> None:
    assert 0 <= tiered_usd(quantity, with_free(X86, Decimal(free))) <= tiered_usd(quantity, X86)


@pytest.mark.parametrize("wrong", ["-1", "NaN", "Infinity"])
def test_a_quantity_is_a_number_from_0(wrong: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        tiered_usd(Decimal(wrong), X86)
