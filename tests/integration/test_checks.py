"""A job that gets worse, measured and checked for real: the step and its figure are named, and the exit code is no."""

from __future__ import annotations

import json
import re

import pytest

from tests.integration.place import Place

JOB = '''
"""Sums per shop, small; how much a step holds beside its data is a constant."""

from profiler import Job, dataset, query, step

EXTRA_MIB = 0


def load(paths):
    """Load everything."""
    import duckdb

    return duckdb.sql(f"SELECT * FROM read_parquet({list(paths)})").df()


def sums(load):
    """Group in memory."""
    return load.groupby("shop", as_index=False).agg(n=("n", "sum"))


def total():
    """Hold what it is told to, every page of it; without pandas, which takes longer to import than all else here."""
    held = bytearray(EXTRA_MIB << 20)
    held[::4096] = b"x" * len(held[::4096])
    return {"held": len(held)}


job = Job(
    name="tiny",
    inputs={"sales": dataset("data/*.parquet")},
    answer_key="shop",
    monolith=[step(load, reads="sales"), step(sums, reads="load")],
    decomposed=[step(total), query("daily.sql", reads="sales", memory_mib=256)],
)
'''
SQL = "SELECT shop, sum(n)::BIGINT AS n FROM sales GROUP BY shop"


@pytest.fixture
def tiny(place: Place) -> Place:
    """The job, nothing run yet; answers are whole numbers, and so the same."""
    place.write("job.py", JOB)
    place.write("daily.sql", SQL)
    place.table("data/sales.parquet", "SELECT i % 7 AS shop, i::BIGINT AS n FROM range(20000) AS rows(i)")
    return place


def test_a_step_that_holds_more_than_before_is_named_with_its_figure(tiny: Place) -> None:
    first = tiny.paredown("run", "job.py", "--variant", "decomposed", "--repeat", "5")
    assert first.code == 0, first.said
    alone = tiny.paredown("check", "--baseline", "last")
    assert alone.code == 0, alone.said
    assert "No baseline yet" in alone.out

    tiny.write("job.py", JOB.replace("EXTRA_MIB = 0", "EXTRA_MIB = 60"))
    second = tiny.paredown("run", "job.py", "--variant", "decomposed", "--repeat", "5")
    assert second.code == 0, second.said
    worse = tiny.paredown("check", "--baseline", "last")
    assert worse.code == 1, worse.said
    said = " ".join(worse.out.split())
    assert re.search(r"FAILS tiny fails: total holds \d+ % more memory than in run tiny-", said), worse.said
    assert "the job's own code changed: job.py" in said

    [change] = [
        item
        for item in json.loads(tiny.paredown("check", "--baseline", "last", "--format", "json").out)["changes"]
        if (item["step"], item["measure"]) == ("total", "peak")
    ]
    assert change["called"] == "worse"
    assert change["after"] - change["before"] == pytest.approx(60 << 20, rel=0.1)
    assert change["interval"][0] > 1.05
    quiet = tiny.paredown("check", "--baseline", "last", "--max-regression", "900%")
    assert quiet.code == 0, quiet.said


def test_both_variants_repeated_pass_against_themselves_before(tiny: Place) -> None:
    tiny.write("pyproject.toml", '[tool.paredown]\nmax-peak = "1 GiB"\nmax-regression = "60%"\nbaseline = "last"\n')
    for _ in range(2):
        ended = tiny.paredown("run", "job.py", "--repeat", "2")
        assert ended.code == 0, ended.said
    checked = tiny.paredown("check")
    assert checked.code == 0, checked.said
    said = " ".join(checked.out.split())
    assert "both variants give the same answer, and nothing that decides got worse since run tiny-" in said
    assert "The noise is unknown, since the baseline has 2 repeats and this run 2 repeats" in said
