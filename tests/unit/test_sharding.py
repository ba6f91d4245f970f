"""Shards that follow from the groups: counted exactly, split by the same hash, and none far above the largest group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from profiler.errors import InputError, UsageError
from profiler.model import Group, Plan, Skew
from profiler.sandbox import counting, queries
from profiler.sandbox.sharding import MOST_SHARDS, SLACK, choose
from profiler.session.sharding import orders_of, reason
from profiler.work import Counted, CountGroups, RunQuery, Source
from tests.factories import a_plan, a_planned_step

WORTH = 16
KEYS = """
    CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'Zoë
<script>' WHEN 3 THEN '"''\\' ELSE 'c' || i % 31 END AS customer, CASE WHEN i % 5 > 0 THEN (i % 5) / 2 END AS level
"""


def table(folder: Path, select: str) -> str:
    """A Parquet file of what a SELECT returns."""
    path = str(folder / "sales.parquet")
    duckdb.sql(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


def counted(
    folder: Path, data: str, *, sql: str = "SELECT * FROM sales", keys: Sequence[str] = ("customer",), **changes: Any
) -> Counted:
    """The groups of a query over a table."""
    step = a_planned_step(name="daily", kind="query", reads=("sales",), sql=sql, shard_by=tuple(keys))
    order = CountGroups(
        split=changes.pop("split", step),
        queries=changes.pop("queries", {}),
        sources=(Source(name="sales", files=(table(folder, data),), is_input=True),),
        memory_limit_mib=256,
        threads=1,
        worth=WORTH,
    )
    found = counting.carry_out(order).result
    assert isinstance(found, Counted)
    return found


def sizes_by_shard(folder: Path, shards: int, *, keys: Sequence[str], data: str) -> Counter[int]:
    """Rows per shard, as the query itself splits its result."""
    target = folder / "split"
    order = RunQuery(
        name="daily", sql="SELECT * FROM sales", file="daily.sql", target=str(target), memory_limit_mib=256, threads=1,
        sources=(Source(name="sales", files=(table(folder, data),), is_input=True),),
        shard_by=tuple(keys), shards=shards,
    )  # fmt: skip
    queries.carry_out(order)
    files = f"read_parquet('{target}/*/*.parquet', hive_partitioning = true)"
    rows = duckdb.sql(f"SELECT {queries.SHARD}, count(*) FROM {files} GROUP BY ALL").fetchall()
    return Counter(dict(rows))


@pytest.mark.parametrize("keys", [("customer",), ("customer", "level")], ids=" and ".join)
def test_the_query_splits_as_was_counted(tmp_path: Path, keys: Sequence[str]) -> None:
    data = f"SELECT {KEYS}, i AS cost FROM range(3000) AS t(i)"
    found = counted(tmp_path, data, keys=keys)
    split = sizes_by_shard(tmp_path, found.shards, keys=keys, data=data)
    assert found.shards > 1
    assert (max(split.values()), len(split), split.total()) == (found.largest_shard, found.filled, found.skew.rows)


def test_the_rows_of_the_result_are_counted_and_not_those_of_the_input(tmp_path: Path) -> None:
    """Renamed, computed, filtered and added up: a customer with many lines has no more days than another."""
    data = "SELECT CASE WHEN i < 900 THEN 'giant' ELSE 'c' || i % 4 END AS account, i % 10 AS day FROM range(1000) t(i)"
    sql = (
        "-- Days.\nSELECT upper(account) AS customer, day, count(*) AS lines FROM sales WHERE day < 8 GROUP BY ALL -- x"
    )
    found = counted(tmp_path, data, sql=sql).skew
    assert (found.step, found.keys, found.groups) == ("daily", ("customer",), 5)
    assert found.largest[0] == Group(key=("GIANT",), rows=8)
    assert found.rows == 8 + 4 * 4


def test_a_query_in_parts_and_a_query_before_it_are_counted_as_one(tmp_path: Path) -> None:
    parts = a_planned_step(
        name="daily.parts", kind="query", reads=("sales",), sql="SELECT customer, count(*) AS n FROM sales GROUP BY 1"
    )
    daily = a_planned_step(
        name="daily", kind="combine", reads=("daily.parts",), sql="SELECT customer, sum(n) AS n FROM daily GROUP BY 1;"
    )
    last = a_planned_step(
        name="last", kind="query", reads=("daily", "sales"), shard_by=("customer",),
        sql="WITH all_of_them AS (SELECT * FROM daily JOIN sales USING (customer)) SELECT * FROM all_of_them;",
    )  # fmt: skip
    data = "SELECT 'c' || least(i % 10, 3) AS customer FROM range(100) AS t(i)"
    found = counted(tmp_path, data, split=last, queries={"daily.parts": parts, "daily": daily})
    assert [group.rows for group in found.skew.largest] == [70, 10, 10, 10]


@pytest.mark.parametrize(
    ("select", "groups", "shards"),
    [
        pytest.param("SELECT 'a' AS customer FROM range(0)", 0, 1, id="no row"),
        pytest.param("SELECT 'a' AS customer FROM range(50)", 1, 1, id="one group"),
        pytest.param("SELECT NULL::VARCHAR AS customer FROM range(50)", 1, 1, id="NULL alone"),
        pytest.param("SELECT i AS customer FROM range(2) AS t(i)", 2, 2, id="two groups of a row"),
    ],
)
def test_few_groups(tmp_path: Path, select: str, groups: int, shards: int) -> None:
    found = counted(tmp_path, "SELECT 1 AS x", sql=f"{select} -- nothing of sales")
    assert found.skew.groups == groups
    assert found.filled == groups
    if shards == 1:
        assert found.shards == 1
    assert len(found.skew.largest) == groups


def test_a_key_is_kept_as_text_and_not_endless(tmp_path: Path) -> None:
    data = "SELECT repeat('x', 100000) AS customer, NULL::INTEGER AS level UNION ALL SELECT '', 2"
    largest = counted(tmp_path, data, keys=("customer", "level")).skew.largest
    assert {group.key for group in largest} == {("x" * 200, None), ("", "2")}


def test_very_many_groups_are_put_into_shards_by_their_largest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_EXACT", 100)
    data = "SELECT CASE WHEN i % 5 = 0 THEN 0 ELSE i END AS customer FROM range(50000) AS t(i)"
    found = counted(tmp_path, data)
    split = sizes_by_shard(tmp_path, found.shards, keys=("customer",), data=data)
    assert found.skew.groups == 40_001
    assert found.largest_shard == pytest.approx(max(split.values()), rel=0.05)


def test_what_the_query_meets_in_the_data_is_said_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the groups of 'daily' cannot be counted: Conversion Error") as caught:
        counted(tmp_path, "SELECT 'x' AS customer", sql="SELECT CAST(customer AS INTEGER) AS customer FROM sales")
    assert "--shards N" in (caught.value.hint or "")


def shape(name: str) -> Any:
    """Rows of each group."""
    return {
        "even": np.full(250, 400),
        "few and even": np.full(20, 5000),
        "Zipf": np.maximum(1, (100_000 / np.arange(1, 3001)).astype(int)),
        "a giant": np.concatenate([[90_000], np.full(1000, 10)]),
        "two giants": np.concatenate([[45_000, 45_000], np.full(1000, 10)]),
        "many": np.full(100_000, 7),
    }[name]


@pytest.mark.parametrize("name", ["even", "few and even", "Zipf", "a giant", "two giants", "many"])
def test_the_largest_shard_is_not_far_above_what_it_has_to_be(name: str) -> None:
    sizes = shape(name)
    hashes = np.random.default_rng(0).integers(0, 2**64, len(sizes), dtype=np.uint64)
    found = choose(sizes, hashes, beyond=0, worth=WORTH)
    limit = SLACK * max(sizes.max(), sizes.sum() / WORTH)
    assert found.largest <= limit
    assert found.filled <= min(found.shards, len(sizes))
    assert found.filled <= 3 * WORTH, "more tasks than are worth an init"
    fewer = [
        np.bincount((hashes % np.uint64(shards)).astype(int), weights=sizes).max() for shards in range(1, found.shards)
    ]
    assert all(largest > limit for largest in fewer) or name == "many", "a smaller number would do"


def test_where_no_number_does_the_best_is_taken() -> None:
    same = np.array([12_345, 12_345], dtype=np.uint64)  # Two groups that no number of shards takes apart.
    assert choose(np.array([10, 10]), same, beyond=0, worth=WORTH).largest == 20
    sizes, hashes = np.full(5000, 1), np.arange(5000, dtype=np.uint64)
    assert choose(sizes, hashes, beyond=0, worth=100_000).shards <= MOST_SHARDS


def a_skew(*rows: int, groups: int | None = None) -> Skew:
    return Skew(
        step="daily", keys=("customer",), groups=groups or len(rows), rows=sum(rows),
        largest=tuple(Group(key=(f"c{place}",), rows=size) for place, size in enumerate(rows)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(Counted(skew=a_skew(), shards=1, largest_shard=0, filled=0), "daily has no row", id="no row"),
        pytest.param(Counted(skew=a_skew(9), shards=1, largest_shard=9, filled=1), "are one group", id="one group"),
        pytest.param(
            Counted(skew=a_skew(60, 20, 20), shards=2, largest_shard=60, filled=2),
            "by the sizes of 3 groups, whose largest has 60 % of the rows; the largest shard has 60 %",
            id="skewed",
        ),
        pytest.param(
            Counted(skew=a_skew(40, 30, 30), shards=7, largest_shard=40, filled=3),
            "; 3 of them hold something",
            id="gaps",
        ),
        pytest.param(
            Counted(skew=a_skew(*[1] * 100), shards=17, largest_shard=7, filled=17), "but mostly inits", id="even"
        ),
    ],
)
def test_why_so_many_shards_is_said(found: Counted, words: str) -> None:
    assert words in reason(found, WORTH)


PYTHON_FIRST = a_plan(
    decomposed=(
        a_planned_step(name="clean", kind="step", reads=("line_items",), by=()),
        a_planned_step(
            name="daily_cost", kind="query", reads=("clean",), sql="SELECT 1", shard_by=("customer",), memory_mib=512
        ),
        a_planned_step(shard_by=("customer",), fans_out=True),
    )
)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        pytest.param(a_plan(decomposed=()), "cost_anomalies splits nothing", id="no decomposed variant"),
        pytest.param(a_plan(decomposed=(a_planned_step(),)), "splits nothing", id="no query that splits"),
        pytest.param(a_plan(decomposed=a_plan().decomposed[:1]), "splits nothing", id="nobody reads the shards"),
        pytest.param(PYTHON_FIRST, "needs what the step 'clean' returns", id="a Python step before"),
    ],
)
def test_what_cannot_be_counted_is_refused(plan: Plan, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        orders_of(plan)


def test_the_query_that_steps_read_split_is_counted_within_its_own_memory() -> None:
    plan = a_plan()
    (order,) = orders_of(replace(plan, inputs=(replace(plan.inputs[0], sizes=(7,)),)))
    assert (order.split.name, order.memory_limit_mib) == ("daily_cost", 312)
    (source,) = order.sources
    assert (source.name, source.sizes) == ("line_items", (7,))
    assert orders_of(a_plan(shards=200))[0].worth == 200
