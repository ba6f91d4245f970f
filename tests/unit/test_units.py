"""Quantities as text. The doctests in `profiler/units.py` show the usual cases; these are the edges."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.units import (
    GIB,
    KIB,
    MIB,
    NS_PER_HOUR,
    NS_PER_MIN,
    NS_PER_MS,
    NS_PER_S,
    align,
    column,
    dollars,
    duration,
    memory,
    memory_range,
    memory_scale,
    percent,
    ratio,
    significant,
    time_scale,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(0, "0", id="nothing"),
        pytest.param(0.99949, "0.999", id="rounded down below a power of ten"),
        pytest.param(0.9996, "1.00", id="rounded up to a power of ten"),
        pytest.param(99.96, "100", id="rounded up to a digit more"),
        pytest.param(1234567, "1,234,567", id="all digits before the point"),
        pytest.param(Decimal("-2.345"), "-2.34", id="negative, half to even"),
        pytest.param(0.0001, "0.000100", id="smallest without exponent"),
        pytest.param(0.00009999, "1.00e-4", id="largest with exponent"),
    ],
)
def test_a_number_has_three_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        pytest.param("7", "$7", id="whole dollars"),
        pytest.param("7.00", "$7", id="whole dollars with cents"),
        pytest.param("7.5", "$7.50", id="cents have two digits"),
        pytest.param("0.1", "$0.10", id="ten cents"),
        pytest.param("0.0999", "$0.0999", id="below ten cents, three digits"),
        pytest.param("0.0000002", "$0.000000200", id="a price of a millionth"),
        pytest.param("0.0000166667", "$0.0000167", id="a GB-second"),
        pytest.param("-3.2", "-$3.20", id="negative"),
        pytest.param("1234567.891", "$1,234,567.89", id="thousands"),
    ],
)
def test_money_never_disappears(usd: str, text: str) -> None:
    assert dollars(Decimal(usd)) == text


@given(st.decimals(min_value=Decimal("1e-12"), max_value=Decimal("1e9"), allow_nan=False))
def test_an_amount_above_nothing_is_never_shown_as_nothing(usd: Decimal) -> None:
    assert any(digit in dollars(usd) for digit in "123456789")


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        pytest.param(1, "0.0000010 ms", id="a nanosecond"),
        pytest.param(99 * NS_PER_MS, "99 ms", id="below a tenth of a second"),
        pytest.param(100 * NS_PER_MS, "0.10 s", id="a tenth of a second"),
        pytest.param(9_940 * NS_PER_MS, "9.9 s", id="below ten seconds"),
        pytest.param(59_400 * NS_PER_MS, "59 s", id="below a minute"),
        pytest.param(59_500 * NS_PER_MS, "1 min 0 s", id="rounded up to a minute"),
        pytest.param(900 * NS_PER_S, "15 min 0 s", id="Lambda's limit"),
        pytest.param(NS_PER_HOUR - 1, "1 h 0 min", id="rounded up to an hour"),
        pytest.param(24 * NS_PER_HOUR, "1 d 0 h", id="a day"),
    ],
)
def test_a_time_is_said_as_one_would(ns: int, text: str) -> None:
    assert duration(ns) == text


@given(st.integers(min_value=0, max_value=10**18))
def test_no_time_has_sixty_of_anything(ns: int) -> None:
    numbers = duration(ns).split()[::2]
    units = duration(ns).split()[1::2]
    assert all(
        float(number) < {"min": 60, "s": 60}.get(unit, 10**6) for number, unit in zip(numbers, units, strict=True)
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        pytest.param(0, "0 B", id="nothing"),
        pytest.param(KIB - 1, "1,023 B", id="bytes"),
        pytest.param(MIB, "1.00 MB", id="AWS's MB is 2^20 bytes"),
        pytest.param(GIB, "1.00 GB", id="AWS's GB is 1,024 of them"),
        pytest.param(10_240 * MIB, "10.0 GB", id="the largest Lambda"),
    ],
)
def test_memory_is_said_in_the_words_of_aws(size: int, text: str) -> None:
    assert memory(size) == text


def test_both_ends_of_a_bounded_size_have_one_unit() -> None:
    assert memory_range(400 * MIB, 2 * GIB) == "0.391–2.00 GB"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        pytest.param(0.004, "<1 %", id="less than one"),
        pytest.param(0.01, "1 %", id="one"),
        pytest.param(0.999, "100 %", id="nearly all"),
        pytest.param(12.5, "1,250 %", id="many times"),
    ],
)
def test_a_share_above_nothing_is_not_nothing(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_ratio_has_two_digits() -> None:
    assert [ratio(value) for value in (1.04, 9.96, 99.6)] == ["1.0", "10", "100"]


def test_a_column_has_one_unit_and_its_points_below_each_other() -> None:
    sizes = [9624 * MIB, 271 * MIB, None]
    texts = column(sizes, memory_scale(sizes))
    assert texts == ("9.40 ", "0.265", "     ")


def test_the_unit_of_a_column_is_that_of_its_largest() -> None:
    assert memory_scale([None, 3]).name == "B"
    assert time_scale([]).name == "ms"
    assert time_scale([30 * NS_PER_MIN]).name == "min"


@given(st.lists(st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,3})?", fullmatch=True), min_size=1))
def test_aligned_numbers_are_equally_wide(numbers: list[str]) -> None:
    assert len({len(text) for text in align(numbers)}) == 1
    assert [text.strip() for text in align(numbers)] == numbers
