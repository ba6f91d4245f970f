"""Places to run in, and what is expensive to make, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from profiler.model import Run, Variant
from tests.integration.place import JOBS, Ended, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty folder to run paredown in."""
    return Place(tmp_path)


SALES = """
    SELECT 'c' || (i % 12) AS customer, CASE WHEN (i // 12) % 2 = 0 THEN 'disk' ELSE 'cpu' END AS service,
        (i // 24) % 10 AS day, 1 + i % 7 + i * 0.001 AS cost
    FROM range(2400) AS rows(i)
"""


def shop_in(folder: Path, job: str = "shop") -> Place:
    """A copy of the job `shop`, or of `light`, with data in four files."""
    shutil.copytree(JOBS / job, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    place = Place(folder)
    for part in range(4):
        place.table(f"data/sales-{part}.parquet", f"SELECT * FROM ({SALES}) WHERE day % 4 = {part}")
    return place


@pytest.fixture
def shop(tmp_path: Path) -> Place:
    """The job `shop`, nothing run yet."""
    return shop_in(tmp_path)


@pytest.fixture
def light(tmp_path: Path) -> Place:
    """The job `light`, nothing run yet."""
    return shop_in(tmp_path, "light")


def shop_answers_right(shop: Place, run: Run) -> None:
    """The decomposed answer of the job `shop` is what it has to be, by a way of its own."""
    import duckdb

    (path,) = [answer.path for answer in run.answers if answer.variant is Variant.DECOMPOSED]
    found = duckdb.sql(f"SELECT customer, service, day, cost, expected FROM '{path}' ORDER BY ALL").fetchall()
    daily = f"SELECT customer, service, day, sum(cost)::DOUBLE AS cost FROM '{shop.folder}/data/*.parquet' GROUP BY ALL"
    expected = "avg(cost) FILTER (day < 8) OVER (PARTITION BY customer, service)"
    rows = duckdb.sql(f"SELECT *, {expected} FROM ({daily}) QUALIFY day >= 8 ORDER BY ALL").fetchall()
    assert found == [(*row[:3], *map(pytest.approx, row[3:])) for row in rows]


@pytest.fixture(scope="session")
def measured_shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    """The job `shop`, run once; for tests that only look."""
    place = shop_in(tmp_path_factory.mktemp("measured shop"))
    return place, place.paredown("run", "job.py", "--shards", "3")


@pytest.fixture
def turns(place: Place) -> Place:
    """The job `turns`, nothing run yet."""
    shutil.copy(JOBS / "turns.py", place.folder / "job.py")
    shutil.copy(JOBS / "answer.sql", place.folder)
    place.write("rows.csv", "key,value\n1,1.5\n2,2.5\n")
    return place
