"""Sizes and shares as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiler.errors import UsageError
from profiler.sizes import share, size_bytes
from profiler.units import GIB, KIB, MIB


@pytest.mark.parametrize(
    ("text", "size"),
    [
        pytest.param("512 MiB", 512 * MIB, id="a space between"),
        pytest.param("512MiB", 512 * MIB, id="no space, as on a command line"),
        pytest.param("512 MB", 512 * MIB, id="AWS's MB is 2^20 bytes"),
        pytest.param("1.5 GB", 1536 * MIB, id="a part of one"),
        pytest.param(" .5 gib ", GIB // 2, id="small letters"),
        pytest.param("300 KB", 300 * KIB, id="little"),
        pytest.param("0.0001 KiB", None, id="less than a byte"),
        pytest.param("0 MiB", None, id="nothing"),
        pytest.param("-1 MiB", None, id="less than nothing"),
        pytest.param("1_000 MiB", None, id="Python's thousands"),
        pytest.param("1e3 MiB", None, id="an exponent"),
        pytest.param("9999999999 GiB", None, id="more than there is"),
        pytest.param("512 pages", None, id="another unit"),
        pytest.param("MiB", None, id="a unit alone"),
        pytest.param("", None, id="nothing written"),
        pytest.param(True, None, id="a truth value"),
        pytest.param(["512 MiB"], None, id="a list"),
    ],
)
def test_a_size_is_read_with_its_unit(text: object, size: int | None) -> None:
    if size is not None:
        assert size_bytes(text, of="max-peak") == size
    else:
        with pytest.raises(UsageError, match=r"^max-peak is "):
            size_bytes(text, of="max-peak")


@pytest.mark.parametrize("value", ["512", 512, Decimal(512)])
def test_a_size_without_a_unit_is_refused_with_the_one_that_is_probably_meant(value: object) -> None:
    with pytest.raises(UsageError, match="without a unit; did you mean 512 MiB\\?"):
        size_bytes(value, of="max-peak")


@given(st.integers(1, 2**20))
def test_a_size_in_whole_units_is_exact(number: int) -> None:
    assert size_bytes(f"{number} MiB", of="it") == number * MIB


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("5%", Decimal("0.05"), id="as on a command line"),
        pytest.param("7.5 %", Decimal("0.075"), id="a part"),
        pytest.param("0%", Decimal(0), id="no growth at all"),
        pytest.param("1000%", Decimal(10), id="the most"),
        pytest.param("1001%", None, id="more than the most"),
        pytest.param("-5%", None, id="below nothing"),
        pytest.param("%", None, id="a unit alone"),
        pytest.param("five %", None, id="a word"),
    ],
)
def test_a_share_is_read_in_percent(value: object, expected: Decimal | None) -> None:
    if expected is not None:
        assert share(value, of="max-regression") == expected
    else:
        with pytest.raises(UsageError, match=r"^max-regression is .*; expected a share such as 5%"):
            share(value, of="max-regression")


@pytest.mark.parametrize(
    ("value", "meant"), [("5", "5%"), (5, "5%"), (0.05, "5%"), (Decimal("0.10"), "10%"), ("12.5", "12.5%")]
)
def test_a_share_without_its_unit_is_refused_with_what_is_probably_meant(value: object, meant: str) -> None:
    with pytest.raises(UsageError, match=f"without a unit; did you mean {meant}\\?"):
        share(value, of="max-regression")
