"""The made-up bills: the same ones from the same seed, and shaped like real ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.workload_modules import line_items

SMALL = {"rows": 40_000, "groups": 300, "days": 60}
GROUP = "BillingAccountId, SubAccountId, ServiceName, RegionId"


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> str:
    """SQL that reads a small bill."""
    folder = tmp_path_factory.mktemp("bills")
    line_items.make_line_items(folder, **SMALL)
    return table(folder)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Make bills with so many threads of DuckDB, in files of a few thousand rows."""
    connect = duckdb.connect
    monkeypatch.setattr(line_items, "ROWS_PER_FILE", 60_000)

    def made(name: str, *, threads: int, **parameters: int) -> Path:
        def with_threads(*, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
            return connect(config=config | {"threads": threads})

        monkeypatch.setattr(duckdb, "connect", with_threads)
        folder = tmp_path / name
        folder.mkdir()
        line_items.make_line_items(folder, **parameters)
        monkeypatch.setattr(duckdb, "connect", connect)
        return folder

    return made


def table(folder: Path) -> str:
    return f"read_parquet('{folder}/*.parquet', filename = true, file_row_number = true)"


def one(sql: str) -> Any:
    (row,) = duckdb.execute(sql).fetchall()
    return row[0] if len(row) == 1 else row


def digest(folder: Path) -> tuple[list[str], int]:
    """Names of the files, and a sum over all rows that depends on each row's content, file and place."""
    placed = f"SELECT * REPLACE (parse_filename(filename) AS filename) FROM {table(folder)}"
    total = one(f"SELECT sum(md5_number_lower(placed::VARCHAR)::HUGEINT) FROM ({placed}) AS placed")
    return sorted(path.name for path in folder.iterdir()), total


def test_threads_change_no_row_and_no_place(make: Callable[..., Path]) -> None:
    parameters = {"rows": 150_000, "groups": 2_000, "days": 90}
    alone = digest(make("alone", threads=1, **parameters))
    assert len(alone[0]) == 3
    assert digest(make("together", threads=4, **parameters)) == alone


def test_another_seed_is_another_bill(make: Callable[..., Path]) -> None:
    parameters = {"rows": 500, "groups": 20, "days": 10}
    first = digest(make("first", threads=1, **parameters))
    assert digest(make("again", threads=1, **parameters)) == first
    assert digest(make("other", threads=1, seed=1, **parameters)) != first


def test_rows_and_groups_are_as_many_as_asked_for(bills: str) -> None:
    assert one(f"SELECT count(*), count(DISTINCT ({GROUP})) FROM {bills}") == (SMALL["rows"], SMALL["groups"])


def test_days_are_as_many_as_asked_for(bills: str) -> None:
    assert one(f"SELECT count(DISTINCT ChargePeriodStart::DATE) FROM {bills}") == SMALL["days"]


@pytest.mark.parametrize("parameters", [
    pytest.param({"rows": 1, "groups": 1, "days": 1}, id="one row"),
    pytest.param({"rows": 7, "groups": 7, "days": 30}, id="a row per group"),
    pytest.param({"rows": 50, "groups": 1, "days": 3}, id="one group"),
    pytest.param({"rows": 30, "groups": 5, "days": 400, "seed": -3}, id="more days than rows"),
])  # fmt: skip
def test_any_size_is_made_exactly(tmp_path: Path, parameters: dict[str, int]) -> None:
    line_items.make_line_items(tmp_path, **parameters)
    found = one(f"SELECT count(*), count(DISTINCT ({GROUP})) FROM {table(tmp_path)}")
    assert found == (parameters["rows"], parameters["groups"])


def test_columns_are_those_of_focus(tmp_path: Path, shared_data: Path) -> None:
    line_items.make_line_items(tmp_path, rows=10, groups=2, days=2)
    made = [row[0] for row in duckdb.execute(f"DESCRIBE FROM read_parquet('{tmp_path}/*.parquet')").fetchall()]
    columns = json.loads((shared_data / "focus_columns_1.0-1.2.json").read_text(encoding="utf-8"))
    assert set(made) - {"x_InjectedAnomaly"} == {name for name, versions in columns.items() if "v1.0" in versions}


def test_a_few_customers_are_huge_and_many_are_tiny(bills: str) -> None:
    shares = f"SELECT count(*) / {SMALL['rows']} AS share FROM {bills} GROUP BY BillingAccountId"
    largest, median = one(f"SELECT max(share), median(share) FROM ({shares})")
    assert largest > 0.15
    assert largest > 5 * median


def test_costs_of_groups_spread_over_orders_of_magnitude(bills: str) -> None:
    costs = f"SELECT sum(BilledCost)::DOUBLE AS cost FROM {bills} GROUP BY {GROUP}"
    low, high = one(f"SELECT quantile_cont(cost, 0.05), quantile_cont(cost, 0.95) FROM ({costs})")
    assert high > 50 * low


def test_weekends_are_quieter(bills: str) -> None:
    costs = f"SELECT ChargePeriodStart::DATE AS day, sum(BilledCost)::DOUBLE AS cost FROM {bills} GROUP BY ALL"
    weekend, week = one(
        f"SELECT avg(cost) FILTER (isodow(day) >= 6), avg(cost) FILTER (isodow(day) < 6) FROM ({costs})"
    )
    assert 0.5 * week < weekend < 0.9 * week


def test_one_group_day_in_four_hundred_is_an_injected_anomaly(tmp_path: Path) -> None:
    line_items.make_line_items(tmp_path, rows=100_000, groups=1_000, days=60)
    by = f"{GROUP}, ChargePeriodStart::DATE"
    days = f"SELECT bool_or(x_InjectedAnomaly) AS injected FROM {table(tmp_path)} GROUP BY {by}"
    assert 0.0019 < one(f"SELECT avg(injected::INTEGER) FROM ({days})") < 0.0031


def test_money_is_exact_to_the_micro_dollar(bills: str) -> None:
    assert one(f"SELECT count(*) FROM {bills} WHERE BilledCost <> round(BilledCost, 6)") == 0


def test_some_lines_are_credits_and_some_have_no_region(bills: str) -> None:
    negative, regionless = one(f"SELECT avg((BilledCost < 0)::INTEGER), avg((RegionId IS NULL)::INTEGER) FROM {bills}")
    assert 0 < negative < 0.01
    assert 0 < regionless < 0.2


@pytest.mark.parametrize(("parameters", "complaint"), [
    pytest.param({"rows": 0}, "rows is 0; expected 1 to 10,000,000,000", id="no rows"),
    pytest.param({"rows": -5}, "rows is -5", id="negative"),
    pytest.param({"groups": 0}, "groups is 0", id="no groups"),
    pytest.param({"days": 0}, "days is 0; expected 1 to 3,650", id="no days"),
    pytest.param({"days": 10_000}, "days is 10,000", id="too many days"),
    pytest.param({"rows": "many"}, "rows is 'many'; expected a whole number", id="text"),
    pytest.param({"rows": 1.5}, "rows is 1.5; expected a whole number", id="a fraction"),
    pytest.param({"rows": True}, "rows is True; expected a whole number", id="a truth"),
    pytest.param({"seed": "x"}, "seed is 'x'", id="a text for a seed"),
    pytest.param({"rows": 10, "groups": 11}, "groups is 11 and rows is 10; expected at least one row per group",
                 id="more groups than rows"),
])  # fmt: skip
def test_a_parameter_without_sense_is_refused(tmp_path: Path, parameters: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        line_items.make_line_items(tmp_path, **parameters)
    assert list(tmp_path.iterdir()) == []
