"""Groups of every shape: both variants see the same ones, whole and in order."""

from __future__ import annotations

import duckdb
import pytest

from profiler.model import Run, Variant
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


def test_null_keys_and_null_values_make_groups_like_any_other(place: Place) -> None:
    place.table(
        "sales.parquet",
        "SELECT CASE WHEN i % 5 > 0 THEN 'c' || i % 5 END AS customer, CASE WHEN i % 3 > 0 THEN i % 3 END AS region, "
        "CASE WHEN i % 7 > 0 AND i % 5 <> 2 THEN i END AS amount FROM range(600) AS t(i)",
    )
    run_ = same(run(place, LOAD + "KEYS = ('customer', 'region')" + JOB, "--shards", "4"), 15)
    found = {row[:2]: row[2:] for row in answer(run_)}
    assert (None, None) in found
    assert {row[0] for key, row in found.items() if key[0] == "c2"} == {None}, "groups of NULLs alone"
    groups = [item.groups for item in run_.of(Variant.DECOMPOSED) if item.step == "total"]
    assert sum(groups) == 15  # type: ignore[arg-type]
    assert len(groups) > 1


@pytest.mark.parametrize(
    ("select", "rows"),
    [
        pytest.param("SELECT 'a' AS customer, 1 AS amount", 1, id="one row"),
        pytest.param("SELECT 'a' AS customer, i AS amount FROM range(100) AS t(i)", 1, id="one group"),
        pytest.param("SELECT NULL::VARCHAR AS customer, NULL::DOUBLE AS amount", 1, id="nothing but NULL"),
    ],
)
def test_it_may_be_little(place: Place, select: str, rows: int) -> None:
    place.table("sales.parquet", select)
    same(run(place, LOAD + "KEYS = 'customer'" + JOB, "--shards", "5"), rows)


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


@pytest.mark.parametrize("key", KEYS)
def test_a_query_splits_by_a_key_of_any_type(place: Place, key: str) -> None:
    place.table("sales.parquet", f"SELECT {key} AS k, i AS amount FROM range(30) AS t(i)")
    place.write("sums.sql", "SELECT k, sum(amount) AS amount FROM sales GROUP BY k")
    place.write(
        "job.py",
        "from profiler import Job, dataset, query\n"
        "sums = query('sums.sql', reads='sales', shard_by='k', memory_mib=256)\n"
        "job = Job(name='keys', inputs={'sales': dataset('sales.parquet')}, answer_key='k', monolith=[sums],\n"
        "    decomposed=[sums])\n",
    )
    ended = place.paredown("run", "job.py", "--variant", "decomposed", "--shards", "2")
    assert ended.code == 0, ended.said
    (item,) = ended.run.of(Variant.DECOMPOSED)
    assert item.rows_out == ended.run.answers[0].rows == (2 if "= 0" in key else 3)


def test_twenty_thousand_groups_of_one_row(place: Place) -> None:
    place.table("sales.parquet", "SELECT 'c' || i AS customer, i AS amount FROM range(20000) AS t(i)")
    body = LOAD + "KEYS = 'customer'\ndef total(rows):\n    return rows[['amount']]\n" + JOB
    ended = run(place, body, "--shards", "3", "--variant", "decomposed")
    assert ended.code == 0, ended.said
    assert sum(item.groups or 0 for item in ended.run.measurements) == ended.run.answers[0].rows == 20_000


def test_rows_of_a_group_keep_the_order_of_the_query(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 40 AS customer, i AS day, hash(i) AS amount FROM range(20000) AS t(i)")
    body = LOAD.replace("ORDER BY ALL", "ORDER BY customer, day DESC") + (
        "KEYS = 'customer'\ndef total(rows):\n    assert rows['day'].is_monotonic_decreasing\n"
        "    return pandas.DataFrame({'last': [rows['day'].iloc[0]]})\n"
    )
    ended = run(place, body + JOB, "--shards", "3", sql="SELECT * FROM sales ORDER BY customer, day DESC")
    same(ended, 40)


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


def test_rows_without_an_order_come_the_same_way_every_time(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 7 AS customer, hash(i) % 1000 AS amount FROM range(5000) AS t(i)")
    body = LOAD + (
        "KEYS = 'customer'\ndef total(rows):\n    return pandas.DataFrame({'first': [rows['amount'].iloc[0]]})\n"
    ) + JOB  # fmt: skip
    same(run(place, body, "--shards", "2"), 7)


def test_a_group_may_come_to_nothing(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 10 AS customer, i AS amount FROM range(100) AS t(i)")
    body = LOAD + (
        "KEYS = 'customer'\ndef total(rows):\n"
        "    return None if rows['customer'].iloc[0] % 2 else pandas.DataFrame({'n': [len(rows)]})\n"
    ) + JOB  # fmt: skip
    same(run(place, body, "--shards", "6"), 5)


def test_all_groups_may_come_to_nothing_and_then_there_is_no_answer(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 10 AS customer, i AS amount FROM range(100) AS t(i)")
    ended = run(place, LOAD + "KEYS = 'customer'\ndef total(rows):\n    return None\n" + JOB, "--shards", "2")
    assert ended.code == 1, ended.said
    assert all("answer" in end.reason for end in ended.run.variants), ended.run.variants


def test_an_empty_result_keeps_its_columns(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 3 AS customer, i AS amount FROM range(9) AS t(i)")
    body = LOAD + "KEYS = 'customer'\ndef total(rows):\n    return rows.iloc[:0][['amount']]\n" + JOB
    same(run(place, body, "--shards", "2"), 0)


def test_a_query_that_finds_nothing_leaves_one_task_with_columns(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 3 AS customer, i AS amount FROM range(9) AS t(i)")
    body = LOAD.replace("ORDER BY ALL", "WHERE false") + "KEYS = 'customer'" + JOB
    ended = run(place, body, "--shards", "4", sql="SELECT * FROM sales WHERE false")
    assert "bug of paredown" not in ended.err, ended.said
    assert [item.outcome.ok for item in ended.run.measurements if item.step == "total"] == [True, True], ended.said


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
    decomposed=[QUERY, *steps])
"""


@pytest.mark.parametrize(
    ("query", "tasks"),
    [
        pytest.param('query("all.sql", reads="sales", name="daily", shard_by="customer", memory_mib=256)', 1,
                     id="by larger than shard_by"),
        pytest.param('query("part.sql", reads="sales", name="daily", combine="combine.sql", part_mib=1, shard_by=KEYS)',
                     1, id="split by file, small files together"),
    ],
)  # fmt: skip
def test_what_is_not_split_goes_to_every_task_whole(place: Place, query: str, tasks: int) -> None:
    for part in range(3):
        place.table(
            f"data/{part}.parquet",
            f"SELECT i % 8 AS customer, (i // 8) % 3 AS region, i % 5 AS day, i AS amount "
            f"FROM range({part}, 1200, 3) AS t(i)",
        )
    group = "GROUP BY customer, region, day"
    place.write("part.sql", f"SELECT customer, region, day, sum(amount) AS amount FROM sales {group}")
    place.write("combine.sql", f"SELECT customer, region, day, sum(amount) AS amount FROM daily {group}")
    sql = f"SELECT customer, region, day, sum(amount) AS amount FROM sales {group}"
    run_ = same(run(place, SPLIT.replace("QUERY", query), "--shards", "3", sql=sql), 120)
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


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("rows['amount']", "total: returned a Series; expected a DataFrame"),
        ("1 if len(rows) > 33 else rows", "total: returned a int for group (customer=0) and a DataFrame for another"),
        ("rows.rename(columns={'amount': 'x'}) if len(rows) > 33 else rows.drop(columns='customer')",
         "returned DataFrames with different columns for different groups"),
        ("lambda: 1", "cannot be kept"),
    ],
)  # fmt: skip
def test_a_wrong_result_of_a_group_is_told(place: Place, result: str, words: str) -> None:
    place.table("sales.parquet", "SELECT i % 3 AS customer, i AS amount FROM range(100) AS t(i)")
    body = LOAD + f"KEYS = 'customer'\ndef total(rows):\n    return {result}\n" + JOB
    ended = run(place, body, "--variant", "decomposed")
    assert ended.code == 1, ended.said
    assert words in ended.run.measurements[-1].outcome.message, ended.run.measurements[-1].outcome
    assert words.split(": ")[-1][:40] in " ".join(ended.out.split()), ended.said


def test_what_a_group_raises_names_the_group(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 3 AS customer, i AS amount FROM range(100) AS t(i)")
    body = LOAD + "KEYS = 'customer'\ndef total(rows):\n    return 1 // int(rows['customer'].iloc[0] - 1)\n" + JOB
    ended = run(place, body, "--variant", "decomposed")
    assert ended.code == 1, ended.said
    outcome = ended.run.measurements[-1].outcome
    assert outcome.message == "ZeroDivisionError: integer division or modulo by zero"
    assert outcome.traceback.endswith("\nin group (customer=1)\n")
    assert "in group (customer=1)" in ended.out, ended.said


def test_per_shard_gets_whole_shards(place: Place) -> None:
    place.table("sales.parquet", "SELECT i % 30 AS customer, i AS amount FROM range(900) AS t(i)")
    body = LOAD + (
        "def totals(rows):\n    return rows.groupby('customer', as_index=False)['amount'].sum()\n"
        "job = Job(name='shards', inputs={'sales': dataset('sales.parquet')}, answer_key='customer',\n"
        "    monolith=[step(load, reads='sales'), per_shard(totals, reads='load')],\n"
        "    decomposed=[query('all.sql', reads='sales', shard_by='customer', memory_mib=256),\n"
        "        per_shard(totals, reads='all')])\n"
    )
    run_ = same(run(place, body, "--shards", "4"), 30)
    assert len([item for item in run_.of(Variant.DECOMPOSED) if item.step == "totals"]) == 4
