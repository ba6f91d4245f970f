"""The model of `billing_model` for many groups in one call: the same mathematics, in numpy, group by group an axis.

Imports numpy and pandas only: in a short task, scikit-learn's import would cost more than all the arithmetic.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from billing_rules import (
    KEYS,
    LAGS,
    LONGEST_LAG,
    MEANS,
    PENALTY,
    SCORED,
    SCORED_DAYS,
    SHORTEST_HISTORY,
    SMALLEST_EXCESS,
    SMALLEST_SCALE,
    THRESHOLD,
    TOO_SHORT,
)

GROUPS_AT_ONCE = 500
"""Bounds the memory: 500 groups of 180 days take some 20 MB, however many groups a shard holds."""


def train_and_predict(histories: pd.DataFrame) -> pd.DataFrame:
    """Fit every group's history and hold its last days against it.

    Args:
        histories: One row per group: the keys, `days` and `costs` (arrays, in any order), `injected_days` (an array;
            missing where the data have no labels), `last_day` of all the data.

    Returns:
        One row per group and scored day, as `billing_model.predict` returns them, with the keys.
    """
    parts = [
        _predict(histories.iloc[start : start + GROUPS_AT_ONCE])
        for start in range(0, max(1, len(histories)), GROUPS_AT_ONCE)
    ]
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


def _predict(histories: pd.DataFrame) -> pd.DataFrame:
    days, group = _flat(histories["days"])
    injected, injected_group = _flat(histories["injected_days"])
    last_day = histories["last_day"].to_numpy().astype("datetime64[D]")[:1].astype(int)
    first_day = np.full(len(histories), last_day if len(last_day) else 0)
    np.minimum.at(first_day, group, days)

    # All groups end on the same column; a group that begins late has zeros before, which nothing below looks at.
    length = max(int(np.max(last_day - first_day, initial=0)) + 1, SCORED_DAYS)
    costs = np.zeros((len(histories), length))
    costs[group, days - last_day - 1] = np.concatenate([*histories["costs"], []])
    labels = np.zeros(costs.shape, dtype=bool)
    labels[injected_group, injected - last_day - 1] = True
    begins = length - 1 - (last_day - first_day)

    expected, scale, enough = _fit(costs, begins, last_day)
    costs, labels = costs[:, -SCORED_DAYS:], labels[:, -SCORED_DAYS:]
    excess = costs - expected
    score = excess / scale
    column = np.arange(length - SCORED_DAYS, length)
    row, position = np.nonzero(column >= begins[:, None])
    known = histories["injected_days"].notna().to_numpy()[row]
    answer = {name: histories[name].to_numpy()[row] for name in KEYS}
    answer["day"] = (last_day + 1 + position - SCORED_DAYS).astype("datetime64[D]").astype("datetime64[us]")
    answer["cost"] = costs[row, position]
    answer["injected"] = pd.array(labels[row, position], dtype="boolean")
    answer["injected"][~known] = pd.NA
    answer["expected"] = expected[row, position]
    answer["score"] = score[row, position]
    answer["excess_cost"] = excess[row, position]
    answer["is_anomaly"] = (answer["score"] > THRESHOLD) & (answer["excess_cost"] >= SMALLEST_EXCESS)
    answer["status"] = np.where(enough[row], SCORED, TOO_SHORT)
    return pd.DataFrame(answer)


def _flat(arrays: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Arrays of days, end to end and as whole numbers; and the group that each number is from."""
    there = [(number, array) for number, array in enumerate(arrays) if isinstance(array, np.ndarray)]
    days = np.concatenate([*(array for _, array in there), np.array([], "datetime64[D]")])
    group = np.repeat([number for number, _ in there], [len(array) for _, array in there]).astype(int)
    return days.astype("datetime64[D]").astype(int), group


def _fit(costs: np.ndarray, begins: np.ndarray, last_day: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ridge regressions of all groups in one solve.

    Returns:
        Expected cost of each scored day and the scale of each group's residuals, in dollars, NaN where history is too
        short; and where it is long enough.
    """
    length = costs.shape[1]
    history = length - SCORED_DAYS
    enough = history - begins >= SHORTEST_HISTORY
    expected = np.full((len(costs), SCORED_DAYS), np.nan)
    scale = np.full((len(costs), 1), np.nan)
    if not enough.any():
        return expected, scale, enough
    costs, begins = costs[enough], begins[enough]

    level = np.abs(costs[:, :history]).sum(axis=1) / (history - begins)
    level = np.where(level == 0, 1.0, level)[:, None]
    costs = costs / level
    features = _look_back(costs, last_day)
    used = np.arange(LONGEST_LAG, history) >= begins[:, None] + LONGEST_LAG
    rows, target = features[:, :-SCORED_DAYS], costs[:, LONGEST_LAG:history]

    # Ridge with an intercept that is not penalised: centre, solve the normal equations, put the means back.
    count = used.sum(axis=1, keepdims=True)
    mean = np.einsum("gd,gdf->gf", used, rows) / count
    target_mean = (target * used).sum(axis=1, keepdims=True) / count
    centred = (rows - mean[:, None]) * used[:, :, None]
    transposed = centred.transpose(0, 2, 1)
    normal = transposed @ centred + PENALTY * np.eye(rows.shape[2])
    weights = np.linalg.solve(normal, transposed @ (target - target_mean)[:, :, None])
    intercept = target_mean - (mean[:, None] @ weights)[:, :, 0]
    fitted = (features @ weights)[:, :, 0] + intercept

    residuals = np.where(used, np.abs(target - fitted[:, :-SCORED_DAYS]), np.inf)
    scale[enough] = np.maximum(_quantile(residuals, count, 0.9) / 1.645, SMALLEST_SCALE) * level
    expected[enough] = (fitted[:, -SCORED_DAYS:] * level).clip(min=0)
    return expected, scale, enough


def _look_back(costs: np.ndarray, last_day: np.ndarray) -> np.ndarray:
    """Groups × days × features of `billing_model.look_back`, from the first day that can look back far enough."""
    length = costs.shape[1]
    day = np.arange(LONGEST_LAG, length)
    total = np.concatenate([np.zeros((len(costs), 1)), np.cumsum(costs, axis=1)], axis=1)
    features = np.empty((len(costs), len(day), len(LAGS) + len(MEANS) + 8))
    for number, lag in enumerate(LAGS):
        features[:, :, number] = costs[:, day - lag]
    for number, days in enumerate(MEANS, start=len(LAGS)):
        features[:, :, number] = (total[:, day] - total[:, day - days]) / days
    weekday = (last_day - (length - 1) + day + 3) % 7  # 1970-01-01 was a Thursday, pandas' weekday 3.
    features[:, :, -8:-1] = weekday[:, None] == np.arange(7)
    features[:, :, -1] = (day - (length - 1)) / 100
    return features


def _quantile(values: np.ndarray, count: np.ndarray, share: float) -> np.ndarray:
    """Quantile of the `count` smallest values of each row, between two of them by their distance, as pandas does."""
    ordered = np.sort(values, axis=1)
    position = (count - 1) * share
    below = np.floor(position).astype(int)
    low = np.take_along_axis(ordered, below, 1)
    high = np.take_along_axis(ordered, np.minimum(below + 1, count - 1), 1)
    return low + (high - low) * (position - below)
