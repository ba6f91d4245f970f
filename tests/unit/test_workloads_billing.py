"""The cost anomaly jobs: SQL adds up as pandas does, numpy predicts as scikit-learn does, and nothing odd crashes."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.workload_modules import (
    SQL,
    WORKLOADS,
    billing_batched,
    billing_load,
    billing_model,
    billing_rules,
    billing_score,
    line_items,
)

KEYS = list(billing_rules.KEYS)
LAST_DAY = pd.Timestamp("2025-06-30")
NOISE = np.random.default_rng(7).normal(size=400)


def series(costs: list[float] | np.ndarray, *, until: pd.Timestamp = LAST_DAY, labelled: bool = True) -> pd.DataFrame:
    """One group's daily costs, the last one on `until`; NaN makes a day without lines."""
    days = pd.date_range(end=until, periods=len(costs))
    daily = pd.DataFrame({"day": days.astype("datetime64[us]"), "cost": np.asarray(costs, dtype=float)})
    daily["injected"] = pd.array([number % 41 == 0 if labelled else pd.NA for number in range(len(costs))], "boolean")
    return daily[daily["cost"].notna()]


def spiked(costs: np.ndarray, *, at: int, factor: float) -> np.ndarray:
    costs = costs.copy()
    costs[at] *= factor
    return costs


STEADY = 100 + 5 * NOISE[:150] - 40 * (np.arange(150) % 7 >= 5)
GROUPS = {
    "steady with a weekly season": series(STEADY),
    "spike in the scored days": series(spiked(STEADY, at=-5, factor=6)),
    "spike in its history": series(spiked(STEADY, at=60, factor=8)),
    "constant": series(np.full(90, 12.5)),
    "all zero": series(np.zeros(90)),
    "credits only": series(-10 + NOISE[:90]),
    "around zero": series(NOISE[:100]),
    "millions": series(3e6 * (1 + 0.1 * NOISE[:120])),
    "parts of a cent": series(1e-7 * (2 + NOISE[:120])),
    "a huge step": series(np.concatenate([np.full(60, 1e-3), np.full(40, 1e6)])),
    "a cost every ninth day": series([50.0 if day % 9 == 0 else np.nan for day in range(118)]),
    "ended before the scored days": series(STEADY[:80], until=LAST_DAY - pd.Timedelta("40D")),
    "as short as can be": series(STEADY[:56]),
    "a day too short": series(STEADY[:55]),
    "only scored days": series(STEADY[:28]),
    "three days": series([1.0, 2.0, 900.0]),
    "one row": series([3.0]),
    "one row, long ago": series([3.0], until=LAST_DAY - pd.Timedelta("100D")),
    "without labels": series(STEADY[:100], labelled=False),
}


def daily_costs(names: list[str]) -> pd.DataFrame:
    """Several groups as `daily_cost` returns them; the group's name is its service, and its region is missing."""
    parts = [GROUPS[name].assign(customer="c", account="a", service=name, region=None) for name in names]
    return pd.concat(parts, ignore_index=True).assign(last_day=LAST_DAY.to_datetime64().astype("datetime64[us]"))


def per_group(daily: pd.DataFrame) -> pd.DataFrame:
    """Train and predict group by group, with scikit-learn."""
    parts = []
    for key, part in daily.groupby(KEYS, dropna=False, sort=False):
        part = part.reset_index(drop=True)
        predicted = billing_model.predict(part, billing_model.train(part))
        parts.append(predicted.assign(**dict(zip(KEYS, key, strict=True))))
    return pd.concat(parts, ignore_index=True)


def histories(daily: pd.DataFrame) -> pd.DataFrame:
    """Daily costs as the query of the batched job returns them, out of order."""
    return duckdb.query_df(
        daily.sample(frac=1, random_state=1),
        "shuffled",
        f"SELECT {', '.join(KEYS)}, list(day::DATE) AS days, list(cost) AS costs, coalesce(list(day::DATE) "
        "FILTER (WHERE injected), CASE WHEN count(injected) > 0 THEN [] END) AS injected_days, "
        "max(last_day)::DATE AS last_day FROM shuffled GROUP BY ALL",
    ).df()


def assert_same(first: pd.DataFrame, second: pd.DataFrame) -> None:
    """Same rows by key and day, floats to a millionth."""
    order = [*KEYS, "day"]
    first = first.sort_values(order, ignore_index=True)
    second = second.sort_values(order, ignore_index=True)[list(first.columns)]
    for name in KEYS:
        first[name], second[name] = first[name].astype("str"), second[name].astype("str")
    pd.testing.assert_frame_equal(first, second, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", GROUPS)
def test_numpy_predicts_one_group_as_scikit_learn_does(name: str) -> None:
    daily = daily_costs([name])
    assert_same(per_group(daily), billing_batched.train_and_predict(histories(daily)))


def test_numpy_predicts_all_groups_together_as_scikit_learn_does_one_by_one() -> None:
    daily = daily_costs(list(GROUPS))
    assert_same(per_group(daily), billing_batched.train_and_predict(histories(daily)))


def test_more_groups_than_fit_into_one_solve(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = histories(daily_costs(list(GROUPS)))
    together = billing_batched.train_and_predict(rows)
    monkeypatch.setattr(billing_batched, "GROUPS_AT_ONCE", 4)
    assert_same(together, billing_batched.train_and_predict(rows))


def test_no_group_at_all_gives_an_empty_answer() -> None:
    answer = billing_batched.train_and_predict(histories(daily_costs(["one row"])).iloc[:0])
    assert len(answer) == 0
    assert set(answer.columns) == set(per_group(daily_costs(["one row"])).columns)


def predicted(name: str) -> pd.DataFrame:
    return per_group(daily_costs([name]))


def test_a_spike_is_found_and_nothing_else() -> None:
    answer = predicted("spike in the scored days")
    (position,) = np.flatnonzero(answer["is_anomaly"])
    assert position == 23
    assert answer["excess_cost"][position] == pytest.approx(5 / 6 * answer["cost"][position], rel=0.1)


@pytest.mark.parametrize("name", ["steady with a weekly season", "spike in its history", "constant", "all zero",
                                  "credits only", "parts of a cent", "ended before the scored days"])  # fmt: skip
def test_nothing_is_found_where_nothing_is(name: str) -> None:
    assert not predicted(name)["is_anomaly"].any()


@pytest.mark.parametrize(
    ("name", "days"), [("a day too short", 28), ("only scored days", 28), ("three days", 3), ("one row", 1)]
)
def test_a_group_with_too_little_history_is_named_as_such(name: str, days: int) -> None:
    answer = predicted(name)
    assert len(answer) == days
    assert set(answer["status"]) == {"too short"}
    assert answer[["expected", "score", "excess_cost"]].isna().all(axis=None)


@pytest.mark.parametrize("name", ["as short as can be", "one row, long ago"])
def test_days_without_lines_are_history_too(name: str) -> None:
    assert set(predicted(name)["status"]) == {"scored"}


def test_a_day_without_lines_costs_nothing() -> None:
    answer = predicted("a cost every ninth day")
    assert len(answer) == 28
    assert (answer["cost"] == 0).sum() == 24


# --- adding up ------------------------------------------------------------------------------------------------------


def nasty_lines() -> duckdb.DuckDBPyRelation:
    """Line items with all that a bill may hold and should not."""
    return duckdb.sql(
        """
        SELECT * FROM (VALUES
            ('c', 'a', 's', 'r', TIMESTAMP '2025-01-01 05:00:00', 0.1::DOUBLE, true),
            ('c', 'a', 's', 'r', '2025-01-01 23:59:59', 0.2, NULL),
            ('c', 'a', 's', 'r', '2025-01-02 00:00:00', 4e-10, false),
            ('c', 'a', 's', 'r', '2025-01-02 00:00:00', 'nan', false),
            ('c', 'a', 's', 'r', '2025-01-03 00:00:00', 'inf', false),
            ('c', 'a', 's', 'r', NULL, 1000, false),
            ('c', 'a', 's', NULL, '2025-01-01 00:00:00', -2.5, false),
            ('c', 'a', NULL, '', '2025-01-01 00:00:00', 7, NULL),
            (NULL, NULL, NULL, NULL, '2025-01-05 00:00:00', NULL, NULL),
            (NULL, NULL, NULL, NULL, '2025-01-06 00:00:00', NULL, NULL)
        ) AS lines(
            BillingAccountId, SubAccountId, ServiceName, RegionId, ChargePeriodStart, BilledCost, x_InjectedAnomaly
        )
        """
    )


def run(file: str, **tables: object) -> pd.DataFrame:
    """The result of one of the jobs' queries on these tables."""
    with duckdb.connect() as connection:
        for name, value in tables.items():
            if isinstance(value, Path):
                connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{value}')")
            else:
                connection.register(name, value)
        return connection.execute((SQL / "cost_anomalies" / file).read_text(encoding="utf-8")).df()


@pytest.fixture
def nasty_file(tmp_path: Path) -> Callable[[str], Path]:
    """Line items on disk; `columns` leaves some out."""

    def written(columns: str) -> Path:
        path = tmp_path / "lines.parquet"
        nasty_lines().project(columns).write_parquet(str(path))
        return path

    return written


@pytest.mark.parametrize("columns", ["*", "* EXCLUDE (x_InjectedAnomaly)"], ids=["labelled", "not labelled"])
@pytest.mark.parametrize("load", ["load_everything", "load_needed"])
def test_sql_and_pandas_add_up_the_same(nasty_file: Callable[[str], Path], columns: str, load: str) -> None:
    path = nasty_file(columns)
    by_pandas = billing_load.daily_cost(getattr(billing_load, load)([str(path)]))
    by_sql = run("daily_cost.sql", line_items=path)
    by_sql["injected"] = by_sql["injected"].astype("boolean")
    for name in ("day", "last_day"):
        by_sql[name] = by_sql[name].astype(by_pandas[name].dtype)
    assert_same(by_pandas, by_sql)


def test_sums_are_exact_and_what_is_no_number_counts_as_nothing(nasty_file: Callable[[str], Path]) -> None:
    daily = run("daily_cost.sql", line_items=nasty_file("*"))
    found = {
        (row.region, str(row.day.date())): row.cost for row in daily[daily["service"] == "s"].fillna("").itertuples()
    }
    assert found == {
        ("r", "2025-01-01"): 0.3,  # As floats it would be 0.30000000000000004.
        ("r", "2025-01-02"): 4e-10,
        ("r", "2025-01-03"): 0.0,
        ("", "2025-01-01"): -2.5,
    }
    assert set(daily["last_day"]) == {pd.Timestamp("2025-01-06")}


def test_csv_is_read_like_parquet(nasty_file: Callable[[str], Path], tmp_path: Path) -> None:
    path = nasty_file("*")
    duckdb.read_parquet(str(path)).write_csv(str(tmp_path / "lines.csv"))
    first, second = (billing_load.daily_cost(billing_load.load_everything([str(file)])) for file in
                     (path, tmp_path / "lines.csv"))  # fmt: skip
    columns = ["day", "cost", "last_day"]
    pd.testing.assert_frame_equal(first[columns], second[columns], check_dtype=False)


# --- from a bill to the answer --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bill")
    line_items.make_line_items(folder, rows=30_000, groups=60, days=90)
    return folder / "line_items-2025-01-01.parquet"


@pytest.fixture(scope="module")
def research(bill: Path) -> pd.DataFrame:
    """The answer of the monolith."""
    daily = billing_load.daily_cost(billing_load.load_everything([str(bill)]))
    return billing_model.rank_by_money(per_group(daily))


def test_the_batched_variant_gives_the_answer_of_the_monolith(bill: Path, research: pd.DataFrame) -> None:
    batched = billing_batched.train_and_predict(run("histories.sql", line_items=bill))
    ranked = run("rank_by_money.sql", predict=batched)
    ranked = ranked.astype({"injected": "boolean", "money_rank": "Int64"})
    assert_same(research, ranked)


def test_the_per_group_variant_gives_the_answer_of_the_monolith(bill: Path, research: pd.DataFrame) -> None:
    ranked = run("rank_by_money.sql", predict=per_group(run("daily_cost.sql", line_items=bill)))
    assert_same(research, ranked.astype({"injected": "boolean", "money_rank": "Int64"}))


def test_anomalies_come_first_and_the_most_expensive_on_top(research: pd.DataFrame) -> None:
    anomalies = research[research["is_anomaly"]]
    assert len(anomalies) > 1
    assert list(anomalies["money_rank"]) == list(range(1, len(anomalies) + 1))
    assert list(research.index[: len(anomalies)]) == list(anomalies.index)
    assert anomalies["excess_cost"].round(2).is_monotonic_decreasing
    assert research["money_rank"].isna().sum() == len(research) - len(anomalies)


def test_equal_money_is_ranked_by_key_in_both_variants() -> None:
    tied = pd.DataFrame({"service": ["z", "y", "x", "w"], "excess_cost": [5.0, 5.0 + 1e-12, 5.0, 7.0]})
    tied = tied.assign(customer="c", account="a", region=None, day=LAST_DAY, is_anomaly=True)
    for ranked in (billing_model.rank_by_money(tied), run("rank_by_money.sql", predict=tied)):
        assert list(ranked.sort_values("money_rank")["service"]) == ["w", "x", "y", "z"]


def test_the_real_sample_is_too_short_and_says_so(shared_data: Path) -> None:
    path = shared_data / "focus_1.0_sample_1000.parquet"
    daily = billing_load.daily_cost(billing_load.load_everything([str(path)]))
    answer = billing_model.rank_by_money(per_group(daily))
    batched = run("rank_by_money.sql", predict=billing_batched.train_and_predict(run("histories.sql", line_items=path)))
    assert_same(answer, batched.astype({"injected": "boolean", "money_rank": "Int64"}))
    score = billing_score.precision_and_recall(answer)
    assert score["groups"] == score["groups with too little history"] == 282
    assert score["precision and recall"] == "unknown: the data have no labels"


# --- the score ------------------------------------------------------------------------------------------------------


def answers(*rows: tuple[str, bool, bool | None, float]) -> pd.DataFrame:
    """Rows of (status, is_anomaly, injected, excess_cost), each a group of its own."""
    frame = pd.DataFrame(rows, columns=["status", "is_anomaly", "injected", "excess_cost"])
    frame["injected"] = frame["injected"].astype("boolean")
    for name in KEYS:
        frame[name] = [str(number) for number in range(len(frame))]
    return frame


def test_precision_and_recall_count_group_days() -> None:
    score = billing_score.precision_and_recall(answers(
        ("scored", True, True, 10), ("scored", True, True, 20), ("scored", True, False, 5), ("scored", False, True, 1),
        ("scored", False, False, 0), ("too short", False, True, float("nan")),
    ))  # fmt: skip
    assert score == {
        "groups": 6,
        "groups with too little history": 1,
        "anomalies": 3,
        "dollars in anomalies": 35.0,
        "injected anomalies": 3,
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
    }


@pytest.mark.parametrize(("row", "name", "text"), [
    pytest.param(("scored", True, None, 1), "precision and recall", "unknown: the data have no labels", id="no labels"),
    pytest.param(("too short", False, None, 1), "precision and recall", "unknown: the data have no labels",
                 id="nothing scored"),
    pytest.param(("scored", False, True, 1), "precision", "unknown: nothing was found", id="nothing found"),
    pytest.param(("scored", True, False, 1), "recall", "unknown: no labelled anomaly in the scored days",
                 id="nothing to find"),
])  # fmt: skip
def test_what_cannot_be_known_is_said(row: tuple[str, bool, bool | None, float], name: str, text: str) -> None:
    assert billing_score.precision_and_recall(answers(row))[name] == text


# --- the job files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("module", "heavy"), [("billing_batched", "sklearn"), ("billing_score", "sklearn"),
                                               ("line_items", "pandas")])  # fmt: skip
def test_a_light_step_imports_nothing_heavy(module: str, heavy: str) -> None:
    check = f"import sys, {module}; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=WORKLOADS, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    "name", ["cost_anomalies", "cost_anomalies_batched", "cost_anomalies_careful", "metric_anomalies"]
)
def test_a_job_file_declares_its_job(name: str) -> None:
    job = importlib.import_module(name).job
    assert job.name == name
    for step in (*job.monolith, *job.decomposed):
        assert step.kind != "query" or (WORKLOADS / step.target).is_file()
