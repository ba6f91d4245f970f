"""Groups of every shape: both variants see the same ones, whole and in order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from profiler.model import Measurement, Run, Variant
from profiler.sandbox import calls, frames
from profiler.sandbox.frames import StepError
from tests.integration.place import Ended, Place

HEAD = "import pandas\nfrom profiler import Job, dataset, per_group, per_shard, query, step\n"
LOAD = """
def load(paths):
    import duckdb
    return duckdb.sql(f"SELECT * FROM read_parquet({list(paths)}) ORDER BY ALL").df()
def total(rows):
    return pandas.DataFrame({"total": [rows["amount"].sum(min_count=1)], "rows": [len(rows)]})
"""
JOB = """
job = Job(name="groups", inputs={"sales": dataset("sales.parquet")}, answer_key=KEYS,
    monolith=[step(load, reads="sales"), per_group(total, reads="load", by=KEYS)],
    decomposed=[query("all.sql", reads="sales", shard_by=KEYS, memory_mib=256), per_group(total, reads="all", by=KEYS)])
"""


def run(place: Place, body: str, *arguments: str, sql: str = "SELECT * FROM sales") -> Ended:
    """Run a job whose functions and lists are in `body`."""
    place.write("all.sql", sql)
    place.write("job.py", HEAD + body)
    return place.paredown("run", "job.py", *arguments)


def same(ended: Ended, rows: int) -> Run:
    """Both answers are the same, and have so many rows."""
    assert ended.code == 0, ended.said
    comparison = ended.run.comparison
    assert comparison is not None
    assert (comparison.equal, comparison.rows) == (True, rows), ended.said
    return ended.run


def answer(run: Run, variant: Variant = Variant.DECOMPOSED) -> list[tuple[object, ...]]:
    """Rows of a variant's answer, in their order."""
    (found,) = [item for item in run.answers if item.variant is variant]
    return duckdb.sql(f"SELECT * FROM '{found.path}'").fetchall()


SHAPES = {
    "nulls": """
        SELECT CASE WHEN i % 5 > 0 THEN 'c' || i % 5 END AS customer, CASE WHEN i % 3 > 0 THEN i % 3 END AS region,
            CASE WHEN i % 7 > 0 AND i % 5 <> 2 THEN i END AS amount
        FROM range(600) AS t(i)
    """,
    "one row": "SELECT 'a' AS customer, 1::BIGINT AS region, 1 AS amount",
    "one group": "SELECT 'a' AS customer, 1::BIGINT AS region, i AS amount FROM range(100) AS t(i)",
    "nothing but NULL": "SELECT NULL::VARCHAR AS customer, NULL::BIGINT AS region, NULL::DOUBLE AS amount",
    "in order": "SELECT 'c' AS customer, i % 40 AS region, i AS day, hash(i) AS amount FROM range(20000) AS t(i)",
    "in no order": "SELECT 'c' AS customer, i % 7 AS region, hash(i) % 1000 AS amount FROM range(5000) AS t(i)",
    "few groups": "SELECT 'c' AS customer, i % 10 AS region, i AS amount FROM range(100) AS t(i)",
    "many groups": "SELECT 'c' AS customer, i AS region, i AS amount FROM range(5000) AS t(i)",
    "no rows": "SELECT 'c' AS customer, i % 3 AS region, i AS amount FROM range(9) AS t(i)",
    "nothing found": "SELECT 'c' AS customer, i % 3 AS region, i AS amount FROM range(9) AS t(i)",
    "whole shards": "SELECT 'c' AS customer, i % 30 AS region, i AS amount FROM range(900) AS t(i)",
}
"""Inputs of a job that has the steps "read SHAPE" and SHAPE for each, and puts what these return together."""
SHAPES_JOB = """
KEYS = ("customer", "region")
def in_order(rows):
    assert rows["day"].is_monotonic_decreasing
    return pandas.DataFrame({"total": [rows["day"].iloc[0]], "rows": [len(rows)]})
def first(rows):
    return pandas.DataFrame({"total": [rows["amount"].iloc[0]], "rows": [len(rows)]})
def few(rows):
    return None if rows["region"].iloc[0] % 5 else pandas.DataFrame({"rows": [len(rows)]})
def as_it_is(rows):
    return rows[["amount"]]
def no_rows(rows):
    return rows.iloc[:0][["amount"]]
def of_a_shard(rows):
    return rows.groupby(list(KEYS), as_index=False).agg(total=("amount", "sum"))
def load_in_order(paths):
    return load(paths).sort_values(["region", "day"], ascending=[True, False])
def load_none(paths):
    return load(paths).iloc[:0]
def together(*results):
    shapes = dict(zip(SHAPES, results, strict=True))
    assert list(shapes["no rows"].columns) == ["customer", "region", "amount"]
    assert shapes["nothing found"] == {}
    return pandas.concat(
        [result.assign(shape=shape) for shape, result in shapes.items() if shape not in ("no rows", "nothing found")]
    )
ways = {"in order": in_order, "in no order": first, "few groups": few, "many groups": as_it_is, "no rows": no_rows}
loads = {"in order": load_in_order, "nothing found": load_none}
groups = [
    per_group(ways.get(shape, total), reads="read " + shape, by=KEYS, name="groups of " + shape)
    if shape != "whole shards" else per_shard(of_a_shard, reads="read " + shape, name="groups of " + shape)
    for shape in SHAPES
]
last = step(together, reads=[group.name for group in groups])
job = Job(name="shapes", inputs={shape: dataset(shape + ".parquet") for shape in SHAPES},
    answer_key=("shape", *KEYS),
    monolith=[*(step(loads.get(shape, load), reads=shape, name="read " + shape) for shape in SHAPES), *groups, last],
    decomposed=[*(query(shape + ".sql", reads=shape, name="read " + shape, shard_by=KEYS, memory_mib=256)
        for shape in SHAPES), *groups, last])
"""


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over groups of every shape, both of whose answers are the same."""
    place = Place(tmp_path_factory.mktemp("shapes"))
    for shape, select in SHAPES.items():
        place.table(f"{shape}.parquet", select)
        end = {"in order": " ORDER BY region, day DESC", "nothing found": " WHERE false"}.get(shape, "")
        place.write(f"{shape}.sql", f'SELECT * FROM "{shape}"{end}')
    place.write("job.py", f"{HEAD}{LOAD}SHAPES = {list(SHAPES)}\n{SHAPES_JOB}")
    return same(
        place.paredown("run", "job.py", "--shards", "4", "--jobs", "1"), 15 + 1 + 1 + 1 + 40 + 7 + 2 + 5_000 + 30
    )


def of_shape(run_: Run, shape: str) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Totals and rows of each group, by customer and region."""
    (found,) = [item for item in run_.answers if item.variant is Variant.DECOMPOSED]
    rows = duckdb.sql(f"SELECT customer, region, total, rows FROM '{found.path}' WHERE shape = '{shape}'").fetchall()
    return {row[:2]: row[2:] for row in rows}


def tasks_of(run_: Run, shape: str) -> list[Measurement]:
    """The decomposed tasks that went over the groups of a shape."""
    return [item for item in run_.of(Variant.DECOMPOSED) if item.step == f"groups of {shape}"]


def test_null_keys_and_null_values_make_groups_like_any_other(shapes: Run) -> None:
    found = of_shape(shapes, "nulls")
    assert len(found) == 15
    assert (None, None) in found
    assert {total for (customer, _), (total, _) in found.items() if customer == "c2"} == {None}, "groups of NULLs alone"
    groups = [item.groups for item in tasks_of(shapes, "nulls")]
    assert sum(groups) == 15  # type: ignore[arg-type]
    assert len(groups) > 1


@pytest.mark.parametrize(
    ("shape", "rows"), [("one row", (1.0, 1)), ("one group", (4950.0, 100)), ("nothing but NULL", (None, 1))]
)
def test_it_may_be_little(shapes: Run, shape: str, rows: tuple[object, ...]) -> None:
    assert list(of_shape(shapes, shape).values()) == [rows]


def test_rows_of_a_group_keep_the_order_of_the_query(shapes: Run) -> None:
    found = of_shape(shapes, "in order")
    assert found == {("c", region): (19_960 + region, 500) for region in range(40)}


def test_rows_without_an_order_come_the_same_way_every_time(shapes: Run) -> None:
    assert len(of_shape(shapes, "in no order")) == 7, "both variants took the same row for the first"


def test_a_group_may_come_to_nothing_and_so_may_a_shard(shapes: Run) -> None:
    assert set(of_shape(shapes, "few groups")) == {("c", 0), ("c", 5)}
    assert len(tasks_of(shapes, "few groups")) > 2


def test_five_thousand_groups_of_one_row(shapes: Run) -> None:
    assert len(of_shape(shapes, "many groups")) == 5_000
    assert sum(item.groups or 0 for item in tasks_of(shapes, "many groups")) == 5_000


def test_an_empty_result_keeps_its_columns(shapes: Run) -> None:
    assert {item.outcome.ok for item in tasks_of(shapes, "no rows")} == {True}
    assert {item.rows_out for item in tasks_of(shapes, "no rows")} == {0}


def test_a_query_that_finds_nothing_leaves_one_task_with_columns(shapes: Run) -> None:
    found = [item for item in shapes.measurements if item.step == "groups of nothing found"]
    assert [item.outcome.ok for item in found] == [True, True]


def test_per_shard_gets_whole_shards(shapes: Run) -> None:
    assert len(of_shape(shapes, "whole shards")) == 30
    assert len(tasks_of(shapes, "whole shards")) == 4


KEYS = [
    "(i % 3)::DOUBLE + 0.5",
    "DATE '2026-01-01' + (i % 3)::INT",
    "i % 3 = 0",
    "[i % 3]",
    "{'a': i % 3}",
    "(i % 3)::DECIMAL(10, 2)",
    "TIMESTAMP '2026-01-01 00:00:00.123456' + INTERVAL (i % 3) HOUR",
    "('00000000-0000-0000-0000-00000000000' || i % 3)::UUID",
    "CASE i % 3 WHEN 0 THEN 'NaN'::DOUBLE WHEN 1 THEN NULL ELSE 1.0 END",
    "('x' || i % 3)::BLOB",
    "(['a', 'b', 'c'])[i % 3 + 1]::ENUM('a', 'b', 'c')",
]


def test_a_query_splits_by_keys_of_any_type(place: Place) -> None:
    keys = [f"k{number}" for number in range(len(KEYS))]
    listed = ", ".join(keys)
    selected = ", ".join(f"{key} AS {name}" for name, key in zip(keys, KEYS, strict=True))
    place.table("sales.parquet", f"SELECT {selected}, i AS amount FROM range(30) AS t(i)")
    place.write("sums.sql", f"SELECT {listed}, sum(amount) AS amount FROM sales GROUP BY {listed}")
    place.write(
        "job.py",
        f"from profiler import Job, dataset, query\nkeys = {keys}\n"
        "sums = query('sums.sql', reads='sales', shard_by=keys, memory_mib=256)\n"
        "job = Job(name='keys', inputs={'sales': dataset('sales.parquet')}, answer_key=keys, monolith=[sums],\n"
        "    decomposed=[sums])\n",
    )
    ended = place.paredown("run", "job.py", "--variant", "decomposed", "--shards", "2")
    assert ended.code == 0, ended.said
    (item,) = ended.run.of(Variant.DECOMPOSED)
    assert item.rows_out == ended.run.answers[0].rows == 3


def test_an_ordered_answer_keeps_its_order(place: Place) -> None:
    place.table("sales.parquet", "SELECT i AS customer, hash(i) % 1000 AS amount FROM range(5000) AS t(i)")
    place.write("all.sql", "SELECT * FROM sales ORDER BY amount DESC, customer")
    place.write(
        "job.py",
        HEAD + "def check(rows):\n    assert rows['amount'].is_monotonic_decreasing\n    return rows\n"
        "steps = [query('all.sql', reads='sales', memory_mib=256), step(check, reads='all')]\n"
        "job = Job(name='ordered', inputs={'sales': dataset('sales.parquet')}, answer_key='customer',\n"
        "    monolith=steps, decomposed=steps)\n",
    )
    run_ = same(place.paredown("run", "job.py"), 5000)
    assert answer(run_) == answer(run_, Variant.MONOLITH)


def test_an_answer_without_rows_is_the_same_as_another(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 3 AS customer, i AS amount FROM range(9) AS t(i)")
    body = (
        "def none(rows):\n    return rows.iloc[:0][['amount']]\n"
        "steps = [query('all.sql', reads='sales', shard_by='customer', memory_mib=256),\n"
        "    per_group(none, reads='all', by='customer')]\n"
        "job = Job(name='none', inputs={'sales': dataset('sales.parquet')}, answer_key='customer',\n"
        "    monolith=steps, decomposed=steps)\n"
    )
    same(run(place, body, "--shards", "2", "--jobs", "1"), 0)


def test_all_groups_may_come_to_nothing_and_then_there_is_no_answer(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 10 AS customer, i AS amount FROM range(100) AS t(i)")
    ended = run(
        place, LOAD + "KEYS = 'customer'\ndef total(rows):\n    return None\n" + JOB, "--shards", "2", "--jobs", "1"
    )
    assert ended.code == 1, ended.said
    assert all("answer" in end.reason for end in ended.run.variants), ended.run.variants


SPLIT = """
def load(paths):
    import duckdb
    return duckdb.sql(f"SELECT * FROM read_parquet({list(paths)})").df()
def daily(load):
    return load.groupby(["customer", "region", "day"], as_index=False, dropna=False)["amount"].sum()
def prices():
    return pandas.DataFrame({"region": [0, 1, 2], "price": [1.0, 2.0, 3.0]})
def scaler():
    return {"factor": 2}
def train(rows, prices, scaler):
    assert isinstance(prices, pandas.DataFrame) and len(prices) == 3, prices
    assert len(rows) == 5, rows
    return {"mean": rows["amount"].mean() * scaler["factor"]}
def predict(rows, train, prices, scaler):
    return rows[["day", "amount"]].assign(value=train["mean"] + prices["price"].sum())
KEYS = ("customer", "region")
steps = [step(prices), step(scaler), per_group(train, reads=("daily", "prices", "scaler"), by=KEYS),
         per_group(predict, reads=("daily", "train", "prices", "scaler"), by=KEYS)]
job = Job(name="split", inputs={"sales": dataset("data/*.parquet")}, answer_key=(*KEYS, "day"),
    monolith=[step(load, reads="sales"), step(daily, reads="load"), *steps],
    decomposed=[query("part.sql", reads="sales", name="daily", combine="combine.sql", part_mib=1, shard_by="customer"),
        *steps])
"""


def test_what_is_not_split_goes_to_every_task_whole(place: Place) -> None:
    """The groups are finer than the shards, and small files are one part of the query."""
    for part in range(3):
        place.table(
            f"data/{part}.parquet",
            f"SELECT i % 8 AS customer, (i // 8) % 3 AS region, i % 5 AS day, i AS amount "
            f"FROM range({part}, 1200, 3) AS t(i)",
        )
    group = "GROUP BY customer, region, day"
    place.write("part.sql", f"SELECT customer, region, day, sum(amount) AS amount FROM sales {group}")
    place.write("combine.sql", f"SELECT customer, region, day, sum(amount) AS amount FROM daily {group}")
    place.write("job.py", HEAD + SPLIT)
    run_ = same(place.paredown("run", "job.py", "--shards", "3"), 120)
    assert len([item for item in run_.of(Variant.DECOMPOSED) if item.step == "daily.parts"]) == 1
    assert sum(item.groups or 0 for item in run_.of(Variant.DECOMPOSED) if item.step == "train") == 24
    assert len([item for item in run_.of(Variant.DECOMPOSED) if item.step == "train"]) > 1


def test_a_query_can_be_split_by_file(place: Place) -> None:
    for part in range(3):
        place.table(
            f"data/{part}.parquet", f"SELECT i % 4 AS customer, hash(i) AS amount FROM range({part}, 300000, 3) AS t(i)"
        )
    place.write("part.sql", "SELECT customer, count(*) AS n FROM sales GROUP BY customer")
    place.write("combine.sql", "SELECT customer, sum(n)::BIGINT AS n FROM counts GROUP BY customer")
    place.write("all.sql", "SELECT customer, count(*) AS n FROM sales GROUP BY customer")
    place.write(
        "job.py",
        HEAD + "job = Job(name='split', inputs={'sales': dataset('data/*.parquet')}, answer_key='customer',\n"
        "    monolith=[query('all.sql', reads='sales')], decomposed=[query('part.sql', reads='sales', name='counts',\n"
        "        combine='combine.sql', part_mib=1, shard_by='customer', memory_mib=256)])\n",
    )
    planned = place.paredown("plan", "job.py")
    assert "3 tasks" in planned.out, planned.said
    run_ = same(place.paredown("run", "job.py"), 4)
    assert [(item.step, item.index) for item in run_.of(Variant.DECOMPOSED)][-1] == ("counts", 0)
    assert sorted(item.index for item in run_.of(Variant.DECOMPOSED) if item.step == "counts.parts") == [0, 1, 2]


def series(rows: pd.DataFrame) -> object:
    """No table, though it looks like one."""
    return rows["amount"]


def sometimes(rows: pd.DataFrame) -> object:
    """A table for some groups only."""
    return 1 if len(rows) > 33 else rows


def differing(rows: pd.DataFrame) -> object:
    """Other columns for some groups."""
    return rows.rename(columns={"amount": "x"}) if len(rows) > 33 else rows.drop(columns="customer")


def unkept(rows: pd.DataFrame) -> object:
    """What no file can hold."""
    return lambda: 1


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (series, "total: returned a Series; expected a DataFrame"),
        (sometimes, "total: returned a int for group (customer=0) and a DataFrame for another"),
        (differing, "returned DataFrames with different columns for different groups"),
        (unkept, "cannot be kept"),
    ],
)
def test_a_wrong_result_of_a_group_is_told(tmp_path: Path, function: Callable[..., object], words: str) -> None:
    sales = pd.DataFrame({"customer": [number % 3 for number in range(100)], "amount": range(100)})
    with pytest.raises(StepError, match=re.escape(words)):
        frames.keep(calls.per_group(function, [sales], ("customer",), "total")[0], str(tmp_path / "kept"), "total")


def test_a_missing_number_as_key_is_found_in_every_table() -> None:
    """No NaN is equal to itself, and each table has its own."""

    def train(lines: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"amount": [lines["amount"].sum() * rates["rate"].sum()]})

    lines = pd.DataFrame({"key": [1.0, math.nan, math.nan], "amount": [1, 2, 3]})
    rates = pd.DataFrame({"key": [math.nan, 1.0], "rate": [10, 100]})
    made, groups = calls.per_group(train, [lines, rates], ("key",), "train")
    assert (list(made["amount"]), groups) == ([100, 50], 2)


def test_what_is_wrong_with_groups_is_told_of_each_variant(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 3 AS customer, i AS amount FROM range(100) AS t(i)")
    body = LOAD + (
        "def series(rows):\n    return rows['amount']\n"
        "def raising(rows):\n    return 1 // int(rows['customer'].iloc[0] - 1)\n"
        "job = Job(name='wrong', inputs={'sales': dataset('sales.parquet')}, answer_key='customer',\n"
        "    monolith=[step(load, reads='sales'), per_group(series, reads='load', by='customer')],\n"
        "    decomposed=[step(load, reads='sales'), per_group(raising, reads='load', by='customer')])\n"
    )
    ended = run(place, body)
    assert ended.code == 1, ended.said
    said = " ".join(ended.out.split())
    (wrong,) = [item.outcome for item in ended.run.measurements if item.step == "series"]
    assert wrong.message.startswith("series: returned a Series; expected a DataFrame")
    assert "returned a Series; expected a DataFrame" in said, ended.said
    (raised,) = [item.outcome for item in ended.run.measurements if item.step == "raising"]
    assert raised.message == "ZeroDivisionError: integer division or modulo by zero"
    assert raised.traceback.endswith("\nin group (customer=1)\n")
    assert "in group (customer=1)" in ended.out, ended.said
