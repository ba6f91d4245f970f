"""Places to run in, and what is expensive to make, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

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


def shop_in(folder: Path) -> Place:
    """A copy of the job `shop`, with data in four files."""
    shutil.copytree(JOBS / "shop", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    place = Place(folder)
    for part in range(4):
        place.table(f"data/sales-{part}.parquet", f"SELECT * FROM ({SALES}) WHERE day % 4 = {part}")
    return place


@pytest.fixture
def shop(tmp_path: Path) -> Place:
    """The job `shop`, nothing run yet."""
    return shop_in(tmp_path)


@pytest.fixture(scope="session")
def measured_shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    """The job `shop`, run once; for tests that only look."""
    place = shop_in(tmp_path_factory.mktemp("measured shop"))
    return place, place.paredown("run", "job.py", "--shards", "3")
