"""The metric anomaly job: made-up metrics, one value per moment, odd series, and how alerts are scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.workload_modules import SQL, metric_model, metric_score, metrics_data

POINTS = 1_200
MOMENTS = pd.date_range("2025-01-01", periods=POINTS, freq="5min").astype("datetime64[us]")
CALM = 50 + np.random.default_rng(3).normal(size=POINTS)


def measured(values: np.ndarray | list[float], *, in_window: object = pd.NA) -> pd.DataFrame:
    """Measurements of one series, every five minutes."""
    frame = pd.DataFrame({"timestamp": MOMENTS[: len(values)], "value": np.asarray(values, dtype=float)})
    frame["in_window"] = pd.Series(in_window, index=frame.index, dtype="boolean")
    return frame


def detected(frame: pd.DataFrame) -> pd.DataFrame:
    return metric_model.detect(frame, metric_model.train(frame)).reset_index(drop=True)


def test_a_lasting_jump_is_one_alert() -> None:
    values = CALM.copy()
    values[900:930] *= 3
    answer = detected(measured(values))
    (alert,) = np.flatnonzero(answer["alert"])
    assert answer["timestamp"][alert] == MOMENTS[900]
    assert (answer["score"] > metric_model.THRESHOLD).sum() > 20


def test_the_first_part_is_learned_from_and_not_scored() -> None:
    answer = detected(measured(CALM))
    assert answer["timestamp"].min() == MOMENTS[360]
    assert len(answer) == POINTS - 360


@pytest.mark.parametrize("values", [
    pytest.param(CALM, id="calm"),
    pytest.param(np.full(POINTS, 7.0), id="constant"),
    pytest.param(np.zeros(POINTS), id="zero"),
    pytest.param(-CALM, id="negative"),
    pytest.param(np.where(np.arange(POINTS) % 3 == 0, np.nan, CALM), id="gaps"),
])  # fmt: skip
def test_nothing_is_found_where_nothing_is(values: np.ndarray) -> None:
    answer = detected(measured(values))
    assert not answer["alert"].any()
    assert set(answer["status"]) == {"scored"}


@pytest.mark.parametrize("values", [
    pytest.param([1.0], id="one row"),
    pytest.param(CALM[:100], id="short"),
    pytest.param([np.nan] * POINTS, id="no values"),
])  # fmt: skip
def test_a_series_with_too_little_to_learn_from_is_named_as_such(values: Any) -> None:
    answer = detected(measured(values))
    assert set(answer["status"]) == {"too short"}
    assert answer["score"].isna().all()
    assert not answer["alert"].any()


# --- tidying --------------------------------------------------------------------------------------------------------

ROWS = """
    SELECT * FROM (VALUES
        (TIMESTAMP '2025-01-01 00:00:00', 1.0::DOUBLE, 's', true, false),
        ('2025-01-01 00:00:00', 3.0, 's', NULL, false),
        ('2025-01-01 00:05:00', 'nan', 's', NULL, true),
        ('2025-01-01 00:10:00', 'inf', 's', false, NULL),
        ('2025-01-01 00:15:00', NULL, NULL, NULL, NULL),
        (NULL, 5.0, 's', NULL, NULL)
    ) AS rows(timestamp, value, series, in_window, label)
"""


@pytest.mark.parametrize(("columns", "labels"), [
    pytest.param("*", [True, True, False, None], id="windows and labels"),
    pytest.param("* EXCLUDE (label)", [True, None, False, None], id="windows"),
    pytest.param("* EXCLUDE (in_window)", [False, True, None, None], id="labels"),
    pytest.param("timestamp, value, series", [None] * 4, id="neither"),
])  # fmt: skip
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_sql_and_pandas_tidy_the_same(tmp_path: Path, columns: str, labels: list[bool | None], ending: str) -> None:
    path = tmp_path / f"metrics.{ending}"
    rows = duckdb.sql(ROWS).project(columns)
    (rows.write_parquet if ending == "parquet" else rows.write_csv)(str(path))
    by_pandas = metric_model.measurements(metric_model.load_metrics([str(path)]))
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW metrics AS SELECT * FROM '{path}'")
        sql = (SQL / "metric_anomalies" / "measurements.sql").read_text(encoding="utf-8")
        by_sql = connection.execute(sql).df().astype({"in_window": "boolean"})
    expected = pd.DataFrame({
        "series": ["s", "s", "s", None],
        "timestamp": MOMENTS[:4],
        "value": [2.0, np.nan, np.nan, np.nan],
        "in_window": pd.array(labels, dtype="boolean"),
    }).astype({"series": "str"})  # fmt: skip
    for found in (by_pandas, by_sql):
        found = found.astype({"series": "str"}).sort_values("timestamp", ignore_index=True)
        pd.testing.assert_frame_equal(found[list(expected.columns)], expected)


# --- made-up metrics ------------------------------------------------------------------------------------------------


def made(folder: Path, **parameters: Any) -> duckdb.DuckDBPyRelation:
    folder.mkdir()
    metrics_data.make_metrics(folder, **parameters)
    return duckdb.read_parquet(str(folder / "metrics.parquet"))


def test_the_same_seed_makes_the_same_metrics(tmp_path: Path) -> None:
    first, again, other = (made(tmp_path / name, series=3, days=7, seed=seed).fetchall()
                           for name, seed in (("first", 0), ("again", 0), ("other", 1)))  # fmt: skip
    assert first == again
    assert first != other


def test_each_series_has_a_value_every_five_minutes_and_two_incidents(tmp_path: Path) -> None:
    found = made(tmp_path / "made", series=4, days=8).aggregate("series, count(*) AS n, sum(label::INTEGER) AS labels")
    assert [row[1:] for row in found.fetchall()] == [(8 * 288, 2)] * 4


def test_an_incident_lies_in_its_window(tmp_path: Path) -> None:
    assert made(tmp_path / "made", series=5, days=8).filter("label AND NOT in_window").fetchall() == []


@pytest.mark.parametrize(("parameters", "complaint"), [
    pytest.param({"series": 0}, "series is 0; expected 1 to 100,000", id="no series"),
    pytest.param({"days": 3}, "days is 3; expected 6 to 3,650", id="too few days"),
    pytest.param({"series": "ten"}, "series is 'ten'; expected a whole number", id="text"),
])  # fmt: skip
def test_a_parameter_without_sense_is_refused(tmp_path: Path, parameters: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        metrics_data.make_metrics(tmp_path, **parameters)


# --- the score ------------------------------------------------------------------------------------------------------


def scored(alerts: str, windows: str | None, *, status: str = "scored") -> pd.DataFrame:
    """One series, a character per moment: `!` for an alert, `#` for inside a window."""
    frame = pd.DataFrame({"series": "s", "timestamp": MOMENTS[: len(alerts)], "alert": [c == "!" for c in alerts]})
    inside = [pd.NA] * len(alerts) if windows is None else [c == "#" for c in windows]
    return frame.assign(in_window=pd.array(inside, dtype="boolean"), status=status)


@pytest.mark.parametrize(("alerts", "windows", "precision", "recall"), [
    pytest.param("..!...", "..##..", 1.0, 1.0, id="inside"),
    pytest.param("..!!..", "..##..", 1.0, 1.0, id="two in one window count once"),
    pytest.param("!.!...", "..##..", 0.5, 1.0, id="one outside"),
    pytest.param("!.....", "..##..", 0.0, 0.0, id="only outside"),
    pytest.param(".!....", ".##.##", 1.0, 0.5, id="one of two windows"),
    pytest.param("......", "..##..", "unknown: no alert", 0.0, id="no alert"),
    pytest.param("!.....", "......", 0.0, "unknown: no labelled window in the scored part", id="no window"),
])  # fmt: skip
def test_alerts_are_held_against_windows(alerts: str, windows: str, precision: object, recall: object) -> None:
    score = metric_score.precision_and_recall(scored(alerts, windows).sample(frac=1, random_state=2))
    assert (score["precision"], score["recall"]) == (precision, recall)


def test_without_labels_the_score_says_so() -> None:
    score = metric_score.precision_and_recall(scored("..!...", None))
    assert score["precision and recall"] == "unknown: the data have no labels"
    assert score["alerts"] == 1


def test_series_that_were_not_scored_are_counted_apart() -> None:
    score = metric_score.precision_and_recall(scored("......", "..##..", status="too short"))
    assert score["series with too little history"] == 1
    assert score["labelled windows"] == 0


def test_real_metrics_are_scored_against_their_labels(shared_data: Path) -> None:
    path = shared_data / "nab_metrics.parquet"
    metrics = metric_model.load_metrics([str(path)])
    names = sorted(name for name in metrics["series"].unique() if name.startswith("realAWSCloudwatch"))[:4]
    tidy = metric_model.measurements(metrics[metrics["series"].isin(names)])
    answer = pd.concat([detected(part).assign(series=name) for name, part in tidy.groupby("series")])
    score = metric_score.precision_and_recall(answer)
    assert score["series"] == 4
    assert score["labelled windows"] == 7
    assert 0 < score["recall"] <= 1
