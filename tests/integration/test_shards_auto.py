"""`--shards auto`: counted before anything is measured, kept with the run, refused where nothing can be counted."""

from __future__ import annotations

import pytest

from profiler.model import Variant
from tests.integration.place import Place

HEAD = "import pandas\nfrom profiler import Job, dataset, per_group, query, step\n"
FUNCTIONS = """
def load(paths):
    import duckdb
    return duckdb.sql(f"SELECT * FROM read_parquet({list(paths)})").df()
def total(rows):
    return pandas.DataFrame({"rows": [len(rows)]})
def make(folder, *, rows=600):
    import duckdb
    customer = "CASE WHEN i % 2 = 0 THEN 'big' ELSE 'c' || i % 30 END AS customer"
    duckdb.sql(f"COPY (SELECT {customer} FROM range({rows}) AS t(i)) TO '{folder}/sales.parquet'")
"""
MONOLITH = 'monolith=[step(load, reads="sales"), per_group(total, reads="load", by="customer")]'
SPLIT = (
    'decomposed=[query("all.sql", reads="sales", shard_by="customer", memory_mib=256), '
    'per_group(total, reads="all", by="customer")]'
)


def a_job(place: Place, *, decomposed: str = SPLIT, sql: str = "SELECT * FROM sales", made: bool = False) -> None:
    """A job that counts each customer's rows."""
    data = 'dataset("none/*.parquet", make=make)' if made else 'dataset("sales.parquet")'
    place.write("all.sql", sql)
    place.write(
        "job.py",
        f'{HEAD}{FUNCTIONS}job = Job(name="counts", inputs={{"sales": {data}}}, answer_key="customer", '
        f"{MONOLITH}, {decomposed})\n",
    )


def test_shards_follow_from_the_groups_and_the_report_names_the_largest(place: Place) -> None:
    a_job(place)
    place.table(
        "sales.parquet",
        "SELECT CASE WHEN i % 2 = 0 THEN '<script>\n' WHEN i % 7 > 0 THEN 'c' || i % 40 END AS customer "
        "FROM range(2000) AS t(i)",
    )
    ended = place.paredown("run", "job.py", "--shards", "auto")
    assert (ended.code, ended.err) == (0, ""), ended.said
    skew, plan = ended.run.plan.skew, ended.run.plan
    assert skew is not None
    assert (skew.step, skew.groups, skew.rows, skew.largest[0].rows) == ("all", 22, 2000, 1000)
    assert {("<script>\n",), (None,)} < {group.key for group in skew.largest}
    tasks = [item for item in ended.run.of(Variant.DECOMPOSED) if item.step == "total"]
    assert 1 < len(tasks) <= plan.shards
    assert max(item.rows_in or 0 for item in tasks) <= 1.25 * 1000
    said = " ".join(ended.out.split())
    assert "The largest of 22 groups by customer, in parts of the 2,000 rows of all: '<script>\\n' 50 %" in said
    assert "at most 2.0 times as fast" in said
    assert "by the sizes of 22 groups, whose largest has 50 % of the rows; the largest shard has" in said
    planned = place.paredown("plan", "job.py", "--shards", "auto")
    shown = " ".join(planned.out.split())
    assert f"Shards {plan.shards}, {plan.shards_reason}" in shown
    assert "at most 2.0 times as fast" in shown


def test_data_are_made_before_they_are_counted(place: Place) -> None:
    a_job(place, made=True)
    planned = place.paredown("plan", "job.py", "--shards", "auto")
    assert planned.code == 0, planned.said
    assert "to be decided when the data are made" in planned.out
    ended = place.paredown("run", "job.py", "--shards", "auto", "--variant", "decomposed")
    assert ended.code == 0, ended.said
    assert ended.run.plan.skew is not None
    assert ended.run.plan.skew.largest[0].rows == 300


NOT_SPLIT = 'decomposed=[query("all.sql", reads="sales", memory_mib=256), per_group(total, reads="all", by="customer")]'


@pytest.mark.parametrize(
    ("job", "words"),
    [
        pytest.param({"decomposed": NOT_SPLIT}, "shards auto: counts splits nothing", id="no split"),
        pytest.param(
            {"sql": "SELECT CAST(customer AS INTEGER) AS customer FROM sales"},
            "shards auto: the groups of 'all' cannot be counted: Conversion Error",
            id="what the query meets in the data",
        ),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_cannot_be_counted_is_told_and_nothing_runs(
    place: Place, job: dict[str, str], words: str, command: str
) -> None:
    a_job(place, **job)
    place.table("sales.parquet", "SELECT 'c' || i % 3 AS customer FROM range(9) AS t(i)")
    ended = place.paredown(command, "job.py", "--shards", "auto")
    assert (ended.code, ended.out) == (2, ""), ended.said
    assert words in ended.err
    assert not list(place.workspace.glob("runs/*"))


def test_a_count_that_takes_longer_than_a_task_may_is_ended(place: Place) -> None:
    a_job(
        place, sql="SELECT s.customer FROM sales AS s, range(1000000000) AS a(i), range(1000000) AS b(j) WHERE i <> j"
    )
    place.table("sales.parquet", "SELECT 'c' || i % 3 AS customer FROM range(9) AS t(i)")
    ended = place.paredown("run", "job.py", "--shards", "auto", "--timeout", "0.5")
    assert ended.code == 2, ended.said
    assert "shards auto: counting the groups of 'all': not done after 0.5 s, the timeout" in ended.err


@pytest.mark.parametrize(
    ("shards", "words"),
    [("many", "or auto"), ("0", "from 1 to 100,000, or auto"), ("atuo", "did you mean auto?")],
)
def test_a_number_of_shards_that_means_nothing_is_told(place: Place, shards: str, words: str) -> None:
    a_job(place)
    ended = place.paredown("plan", "job.py", "--shards", shards)
    assert ended.code == 2, ended.said
    assert words in ended.err


def test_a_script_has_no_shards(place: Place) -> None:
    place.write("train.py", "print('ran')\n")
    ended = place.paredown("run", "train.py", "--shards", "auto")
    assert (ended.code, ended.out) == (2, ""), ended.said
    assert "--shards only means something for a job" in ended.err
