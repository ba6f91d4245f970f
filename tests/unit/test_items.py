"""The size of rows as DynamoDB items: what each kind of value takes, and that SQL and plain Python count alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiler.model import Answer, Variant
from profiler.sandbox import answers, frames, items
from profiler.work import CollectAnswer


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    """As it is where answers are collected."""
    with frames.connect(threads=1) as opened:
        yield opened


def size_in_sql(connection: Any, select: str) -> int:
    """Bytes of all rows of a SELECT."""
    found = items.sizes(connection, f"({select})")
    assert found is not None
    return found.total_bytes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("'Zac Charles'", 11, id="a text: its bytes"),
        pytest.param("'größe €'", 7 + 2 + 2, id="a text in UTF-8"),
        pytest.param("''", 0, id="an empty text"),
        pytest.param("NULL", 1, id="NULL"),
        pytest.param("true", 1, id="a boolean"),
        pytest.param("'abc'::BLOB", 3, id="a binary: its raw bytes, not base64"),
        pytest.param("0", 1, id="zero"),
        pytest.param("0.00::DECIMAL(9, 2)", 1, id="zero with digits"),
        pytest.param("'-0.0'::DOUBLE", 1, id="minus zero is zero"),
        pytest.param("7", 1 + 1, id="one digit"),
        pytest.param("27", 1 + 1, id="two digits"),
        pytest.param("-27", 1 + 1 + 1, id="a sign"),
        pytest.param("123", 1 + 2, id="three digits"),
        pytest.param("1000000", 1 + 1, id="zeros at the end are trimmed"),
        pytest.param("12.50::DECIMAL(9, 2)", 1 + 2, id="and those of a fraction"),
        pytest.param("0.0042::DOUBLE", 1 + 1, id="zeros at the beginning are trimmed"),
        pytest.param("1.5::DOUBLE", 1 + 2, id="pairs are counted from the point"),
        pytest.param("3.14::DOUBLE", 1 + 2, id="3 and 14"),
        pytest.param("0.1::FLOAT", 1 + 1, id="a float of 4 bytes has the digits that tell it from its neighbours"),
        pytest.param("1e20::DOUBLE", 1 + 1, id="written with an exponent"),
        pytest.param("1.5e-7::DOUBLE", 1 + 1, id="15 at an even power"),
        pytest.param("(1 / 3)::DOUBLE", 1 + 8, id="sixteen digits"),
        pytest.param("9223372036854775807", 1 + 10, id="the largest BIGINT"),
        pytest.param(f"(-{'9' * 37}.9)::DECIMAL(38, 1)", 21, id="never more than 21"),
        pytest.param("'nan'::DOUBLE", 1, id="NaN is NULL"),
        pytest.param("'-inf'::DOUBLE", 1, id="so is what is infinite"),
        pytest.param("DATE '2026-01-31'", len("2026-01-31"), id="a date"),
        pytest.param("TIMESTAMP '2026-01-31 12:00:00'", len("2026-01-31T12:00:00"), id="a timestamp"),
        pytest.param("TIMESTAMP '2026-01-31 12:00:00.5'", len("2026-01-31T12:00:00.500000"), id="parts of a second"),
        pytest.param(
            "TIMESTAMP_NS '2026-01-31 12:00:00.123456789'", len("2026-01-31T12:00:00.123456789"), id="nanoseconds"
        ),
        pytest.param("TIMESTAMPTZ '2026-01-31 12:00:00+00'", len("2026-01-31T12:00:00+00:00"), id="a time zone"),
        pytest.param("TIME '12:00:00'", len("12:00:00"), id="a time"),
        pytest.param("[]::INTEGER[]", 3, id="an empty list"),
        pytest.param("[1, NULL, 123]", 3 + (1 + 2) + (1 + 1) + (1 + 3), id="a list: 3, and 1 for each element"),
        pytest.param("NULL::INTEGER[]", 1, id="no list"),
        pytest.param("{'one': 1, 'two': NULL}", 3 + (1 + 3 + 2) + (1 + 3 + 1), id="a map has names"),
        pytest.param("NULL::STRUCT(one INTEGER)", 1, id="no map"),
        pytest.param("[{'a': [1.5, NULL]}, NULL]", 3 + (1 + 3 + (1 + 1 + 3 + (1 + 3) + (1 + 1))) + (1 + 1), id="deep"),
        pytest.param("MAP {'k': 'v', 'größe': NULL}", 3 + (1 + 1 + 1) + (1 + 7 + 1), id="a map of any names"),
        pytest.param("NULL::MAP(VARCHAR, INTEGER)", 1, id="no such map"),
    ],
)
def test_a_value_takes_so_many_bytes(value: str, expected: int, connection: Any) -> None:
    assert size_in_sql(connection, f"SELECT {value} AS v") == len("v") + expected


def test_an_item_is_its_names_and_values(connection: Any) -> None:
    row = "SELECT 'f0ba8d6c' AS id, 'Zac Charles' AS \"fullName\", true AS größe"
    assert size_in_sql(connection, row) == (2 + 8) + (8 + 11) + (7 + 1)


def test_a_write_takes_a_unit_for_each_kib_that_an_item_begins(connection: Any) -> None:
    rows = "(SELECT repeat('x', size - 1) AS v FROM (VALUES (1), (1024), (1025), (4096), (4097)) AS sizes(size))"
    assert items.sizes(connection, rows) == items.ItemSizes(
        total_bytes=10_243, largest_bytes=4097, write_units=1 + 1 + 2 + 4 + 5
    )


def test_no_rows_take_nothing(connection: Any) -> None:
    nothing = items.ItemSizes(total_bytes=0, largest_bytes=0, write_units=0)
    assert items.sizes(connection, "(SELECT 1 AS v WHERE false)") == nothing


def test_names_may_be_anything(connection: Any) -> None:
    row = 'SELECT {\'say "so"\': [2]} AS "a ""name""", 1 AS "it\'s"'
    assert size_in_sql(connection, row) == (4 + 2) + (8 + 3 + (1 + 8 + 3 + (1 + 2)))


def test_an_answer_that_cannot_be_sized_is_still_an_answer(tmp_path: Path) -> None:
    path = str(tmp_path / "part.parquet")
    duckdb.sql(f"COPY (SELECT 1 AS k, {'[' * 30}1{']' * 30} AS v) TO '{path}' (FORMAT parquet)")
    order = CollectAnswer(
        variant=Variant.DECOMPOSED, files=(path,), target=str(tmp_path / "all.parquet"), answer_key=("k",), request=None
    )
    answer = answers.carry_out(order).result
    assert isinstance(answer, Answer)
    assert (answer.rows, answer.item_bytes, answer.largest_item_bytes, answer.write_units) == (1, None, None, None)


# --- the same, row by row in plain Python ---------------------------------------------------------------------------

TYPES = {
    "f": "DOUBLE",
    "i": "BIGINT",
    "price": "DECIMAL(38, 9)",
    "text": "VARCHAR",
    "yes": "BOOLEAN",
    "raw": "BLOB",
    "day": "DATE",
    "moment": "TIMESTAMP",
    "many": "DOUBLE[]",
    "deep": "STRUCT(größe DOUBLE, parts STRUCT(n BIGINT, t VARCHAR)[])[]",
    "named": "MAP(VARCHAR, DECIMAL(9, 4))",
}
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1)
PART = st.fixed_dictionaries({"n": st.none() | WHOLE, "t": st.none() | TEXTS})
VALUES = {
    "f": st.floats(),
    "i": WHOLE,
    "price": st.decimals(Decimal(-(10**28)), Decimal(10**28), places=9),
    "text": TEXTS,
    "yes": st.booleans(),
    "raw": st.binary(max_size=20),
    "day": st.dates(),
    "moment": st.datetimes(),
    "many": st.lists(st.none() | st.floats(), max_size=4),
    "deep": st.lists(
        st.none()
        | st.fixed_dictionaries(
            {"größe": st.none() | st.floats(), "parts": st.none() | st.lists(st.none() | PART, max_size=3)}
        ),
        max_size=3,
    ),
    "named": st.dictionaries(TEXTS, st.none() | st.decimals(-99_999, 99_999, places=4), max_size=3),
}
ROWS = st.lists(st.tuples(*(st.none() | VALUES[name] for name in TYPES)), min_size=8, max_size=12)


def size_of(value: object) -> int:
    """Bytes of one value, by the rules as they are written."""
    match value:
        case None | bool():
            return 1
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case float() | int() | Decimal():
            return number_size(value)
        case datetime() | date():
            return len(value.isoformat())
        case list():
            return 3 + sum(1 + size_of(item) for item in value)
        case dict():
            return 3 + sum(1 + len(name.encode()) + size_of(item) for name, item in value.items())
    raise TypeError(value)


def number_size(value: float | Decimal) -> int:
    """A number as digits to the base of 100, counted by writing them down."""
    if not isfinite(value) or value == 0:
        return 1
    whole, _, fraction = f"{Decimal(str(value)).copy_abs():f}".partition(".")
    digits = whole.zfill(len(whole) + len(whole) % 2) + fraction.ljust(len(fraction) + len(fraction) % 2, "0")
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    used = [at for at, pair in enumerate(pairs) if pair != "00"]
    return min(21, 1 + used[-1] - used[0] + 1 + (value < 0))


@settings(max_examples=20)  # Of many rows each: what takes time is to plan a query, not to count.
@given(ROWS)
def test_sql_counts_like_plain_python(connection: Any, rows: list[tuple[Any, ...]]) -> None:
    declared = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE sized ({declared})")
    for *row, named in rows:
        values = ", ".join(f"CAST(? AS {kind})" for kind in list(TYPES.values())[:-1])
        pairs = [None, None] if named is None else [list(named), list(named.values())]
        connection.execute(
            f"INSERT INTO sized VALUES ({values}, map(CAST(? AS VARCHAR[]), CAST(? AS DECIMAL(9, 4)[])))",
            [*row, *pairs],
        )
    expected = [size_of(dict(zip(TYPES, row, strict=True))) - 3 - len(TYPES) for row in rows]
    assert items.sizes(connection, "sized") == items.ItemSizes(
        total_bytes=sum(expected),
        largest_bytes=max(expected, default=0),
        write_units=sum(-(-size // 1024) for size in expected),
    )
