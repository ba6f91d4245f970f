"""How large the rows of a table are as DynamoDB items: computed in SQL, so that a million rows take a moment.

The rules are those of AWS, "DynamoDB item sizes and formats" (CapacityUnitCalculations in the developer guide, read
2026-11): an item is its attributes' names and values in bytes. A text counts its UTF-8 bytes, a binary its raw ones,
NULL and a boolean 1; a list or map 3, 1 more for each element, and the elements, those of a map with their names.

Of a number AWS says "approximately": 1 byte, and 1 for each two significant digits, of which there are at most 38. Here
it is what a calculator found that others build upon (zaccharles/dynamodb-calculator): the pairs of digits are counted
from the decimal point, so 1.5 takes two of them; a sign takes 1 byte more, and nothing takes more than 21. That is
what the documentation says or at most 1 byte more for the pairs, and 1 for the sign.

Taken here, where DynamoDB has no such type: dates, times and timestamps are texts in ISO 8601, fractions of seconds
with six digits, or nine; NaN and the infinities, which it refuses, are NULL; anything else is the text that DuckDB
makes of it. The 100 bytes that storing an item is billed for besides are not counted: a write does not pay them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from profiler.sandbox.frames import identifier, literal

UNIT_BYTES = 1024
"""What one write unit takes of an item."""
_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "hugeint", "float", "double", "decimal")
_MOST_NUMBER_BYTES = 21
_EVEN = 1000
"""Added to a power of ten, so that it is positive and halving it rounds down; even, so that pairs stay pairs."""
_DEEPEST = 6
"""How many lists in lists are followed: binding such an expression takes DuckDB twice as long for each."""
_ELEMENT = '"__paredown_element"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSizes:
    """The rows of a table as items."""

    total_bytes: int
    largest_bytes: int
    """0 where there are no rows."""
    write_units: int
    """Every row written as one item, outside a transaction and without an index."""


def sizes(connection: Any, table: str) -> ItemSizes | None:
    """Return the sizes of a table's rows as DynamoDB items; None where lists lie in lists too deep to be followed.

    Args:
        connection: To DuckDB.
        table: SQL that can stand behind FROM.
    """
    relation = connection.sql(f"SELECT * FROM {table}")
    columns = list(zip(relation.columns, relation.types, strict=True))
    if any(_depth(kind) > _DEEPEST for _, kind in columns):
        return None
    names = sum(len(name.encode()) for name, _ in columns)
    item = _added([_size(identifier(name), kind) for name, kind in columns])
    total, largest, units = connection.execute(
        f"SELECT coalesce(sum(size), 0), coalesce(max(size), 0), "
        f"coalesce(sum((size + {UNIT_BYTES - 1}) // {UNIT_BYTES}), 0) "
        f"FROM (SELECT {names} + {item} AS size FROM {table})"
    ).fetchone()
    return ItemSizes(total_bytes=int(total), largest_bytes=int(largest), write_units=int(units))


def _depth(kind: Any) -> int:
    """How many lists or maps of any names lie in each other."""
    if kind.id not in ("list", "map", "struct"):
        return 0
    inside = max(_depth(child) for _, child in kind.children)
    return inside if kind.id == "struct" else inside + 1


def _size(value: str, kind: Any) -> str:
    """SQL for the bytes of a value without its name; NULL for NULL, of which `_added` knows that it takes 1.

    Without CASE, coalesce and the like inside: DuckDB computes what stands twice in an expression once, but not there.

    Args:
        value: SQL, cheap to compute twice.
        kind: Its `DuckDBPyType`.
    """
    name = kind.id
    if name.removeprefix("u") in _NUMBERS:
        return _number(value)
    if name == "boolean":
        return "1"
    if name == "blob":
        return f"octet_length({value})"
    if name == "timestamp with time zone":
        return f"({_timestamp(f'make_timestamp(epoch_us({value}))')} + {len('+00:00')})"
    if name.startswith("timestamp"):
        return _timestamp(value)
    if name == "list":
        return f"(3 + len({value}) + {_elements(value, _size(_ELEMENT, kind.child))})"
    if name == "struct":
        return _struct(value, kind.children)
    if name == "map":
        key, held = (f"struct_extract({_ELEMENT}, '{part}')" for part in ("key", "value"))
        entry = f"strlen(CAST({key} AS VARCHAR)) + {_added([_size(held, dict(kind.children)['value'])])}"
        return f"(3 + cardinality({value}) + {_elements(f'map_entries({value})', entry)})"
    return f"strlen(CAST({value} AS VARCHAR))"


def _number(value: str) -> str:
    """The digits as text, their power of ten, the pairs between the first and the last: a stage each, computed once."""
    stages = (
        f"{{'n': {_ELEMENT}, 't': ltrim(CAST({_ELEMENT} AS VARCHAR), '-')}}",
        f"{{'n': {_field('n')}, 'm': split_part({_field('t')}, 'e', 1), "
        f"'e': coalesce(TRY_CAST(split_part({_field('t')}, 'e', 2) AS INTEGER), 0)}}",
        f"{{'n': {_field('n')}, 'd': replace({_field('m')}, '.', ''), "
        f"'e': {_field('e')} - strlen(split_part({_field('m')}, '.', 2)) + {_EVEN}}}",
        f"{{'n': {_field('n')}, 'first': {_field('e')} + strlen(ltrim({_field('d')}, '0')) - 1, "
        f"'last': {_field('e')} + strlen({_field('d')}) - strlen(rtrim({_field('d')}, '0'))}}",
        f"1 + CAST(isfinite(CAST({_field('n')} AS DOUBLE)) AND {_field('n')} <> 0 AS INTEGER) * "
        f"({_field('first')} // 2 - {_field('last')} // 2 + 1 + CAST({_field('n')} < 0 AS INTEGER))",
        f"{_ELEMENT} - CAST({_ELEMENT} > {_MOST_NUMBER_BYTES} AS INTEGER)",
    )
    staged = f"[{value}]"
    for stage in stages:
        staged = f"[{stage} for {_ELEMENT} in {staged}]"
    return f"{staged}[1]"


def _field(name: str) -> str:
    return f"struct_extract({_ELEMENT}, '{name}')"


def _timestamp(value: str) -> str:
    """Length of `2026-01-31T12:00:00`, and of its fraction where it has one."""
    text = f"CAST({value} AS VARCHAR)"
    fraction = f"strlen(split_part({text}, '.', 2))"
    return (
        f"(strlen(split_part({text}, '.', 1)) + {len('.000000')} * CAST({fraction} > 0 AS INTEGER) "
        f"+ {len('000')} * CAST({fraction} > {len('000000')} AS INTEGER))"
    )


def _struct(value: str, fields: Sequence[tuple[str, Any]]) -> str:
    """A map whose names are known; a struct that is NULL would look like one of NULLs."""
    overhead = 3 + sum(len(name.encode()) + 1 for name, _ in fields)
    inside = _added([_size(f"struct_extract({value}, {literal(name)})", kind) for name, kind in fields])
    return f"nullif(CAST({value} IS NOT NULL AS INTEGER), 0) * ({overhead} + {inside})"


def _added(parts: Sequence[str]) -> str:
    """The sum of sizes, of which a NULL counts 1."""
    return _sum(f"[0, {', '.join(parts)}]")


def _elements(values: str, each: str) -> str:
    """The same over the elements of a list."""
    return _sum(f"list_prepend(0, [{each} for {_ELEMENT} in {values}])")


def _sum(listed: str) -> str:
    return f"[list_sum({_ELEMENT}) + len({_ELEMENT}) - list_count({_ELEMENT}) for {_ELEMENT} in [{listed}]][1]"
