"""A model per series of measurements, with scikit-learn: where should the last half hour be, after such a day?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

from read_files import read_files

LEARNED_FROM = 0.3
"""The first part of a series; the rest is scored. No more is taken, as anomalies may come early."""

FEWEST_POINTS = 100
"""Measurements to learn from, below which a series is called too short."""

THRESHOLD = 3.5
"""An anomaly lies so many residual scales off: the usual limit for robust scores, not tuned to any data's labels."""

SMALLEST_SCALE = 0.01
"""Of a series' usual level: a series that never moved is not news when it moves by less."""

QUIET = pd.Timedelta("1D")
"""An alert is an anomaly after so long without one; a lasting anomaly is one alert."""

SCORED, TOO_SHORT = "scored", "too short"


@dataclass
class Fitted:
    """What was learned of one series; values were divided by `level`, and `scale` is in those units."""

    regression: Ridge
    level: float
    scale: float


def load_metrics(paths: Sequence[str]) -> pd.DataFrame:
    """Load all columns of all measurements."""
    return read_files(paths)


def measurements(metrics: pd.DataFrame) -> pd.DataFrame:
    """One value per series and moment, repeated moments averaged; labels from `in_window`, else `label`, else NA."""
    known = pd.Series(pd.NA, index=metrics.index, dtype="boolean")
    for name in ("in_window", "label"):
        if name in metrics:
            known = known.fillna(metrics[name].astype("boolean"))
    value = metrics["value"].astype("float64")
    tidy = pd.DataFrame(
        {
            "series": metrics["series"],
            "timestamp": pd.to_datetime(metrics["timestamp"], utc=True).dt.tz_localize(None),
            "value": value.where(np.isfinite(value)),
            "in_window": known,
        }
    )
    tidy = tidy[tidy["timestamp"].notna()]
    moments = tidy.groupby(["series", "timestamp"], dropna=False, as_index=False)
    return moments.agg({"value": "mean", "in_window": "max"})


def train(measured: pd.DataFrame) -> Fitted | None:
    """Fit the first part of one series. None where there is too little of it."""
    values = by_time(measured)
    learned = int(len(values) * LEARNED_FROM)
    level = values.iloc[:learned].abs().mean()
    level = level if level > 0 else 1.0
    features, target = look_back(values / level)
    usable = (features.notna().all(axis=1) & target.notna()).to_numpy() & (np.arange(len(values)) < learned)
    if usable.sum() < FEWEST_POINTS:
        return None
    regression = Ridge(alpha=1.0).fit(features[usable], target[usable])
    residuals = (target[usable] - regression.predict(features[usable])).abs()
    return Fitted(regression=regression, level=level, scale=max(residuals.quantile(0.99) / 2.326, SMALLEST_SCALE))


def detect(measured: pd.DataFrame, fitted: Fitted | None) -> pd.DataFrame:
    """Score all of one series but its first part.

    Returns:
        One row per moment, in order: `timestamp`, `value`, `expected` (of the last half hour's mean), `score` (without
        a sign), `alert`, `status`, `in_window`.
    """
    values = by_time(measured)
    scored = slice(int(len(values) * LEARNED_FROM), None)
    answer = measured.sort_values("timestamp", ignore_index=True)[["timestamp", "value", "in_window"]]
    answer["in_window"] = answer["in_window"].astype("boolean")
    if fitted is None:
        answer = answer.assign(expected=float("nan"), score=float("nan"), alert=False, status=TOO_SHORT)
        return answer.iloc[scored]
    features, target = look_back(values / fitted.level)
    usable = (features.notna().all(axis=1) & target.notna()).to_numpy()
    expected = np.full(len(values), np.nan)
    if usable.any():
        expected[usable] = fitted.regression.predict(features[usable])
    answer["expected"] = expected * fitted.level
    answer["score"] = np.abs(target.to_numpy() - expected) / fitted.scale
    answer = answer.iloc[scored].reset_index(drop=True)
    anomalous = answer["score"] > THRESHOLD
    before = answer["timestamp"].where(anomalous).ffill().shift(1)
    answer["alert"] = anomalous & ~(answer["timestamp"] - before <= QUIET)
    return answer.assign(status=SCORED)


def by_time(measured: pd.DataFrame) -> pd.Series:
    """Values in order of time."""
    return measured.set_index("timestamp")["value"].sort_index()


def look_back(values: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """What is known of each moment (the median of the day before, the time of day), and the last half hour's mean."""
    day = values.rolling("1D", closed="left", min_periods=12).median()
    clock = 2 * np.pi * (values.index.hour * 60 + values.index.minute) / 1440
    features = pd.DataFrame({"day": day, "sine": np.sin(clock), "cosine": np.cos(clock)}, index=values.index)
    return features, values.rolling("30min").mean()
