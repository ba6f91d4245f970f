"""A model of daily cost per group, with scikit-learn: what was usual, and what was not."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sklearn.linear_model import Ridge

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


@dataclass
class Fitted:
    """What was learned of one group; costs were divided by `level`, and `scale` is in those units."""

    regression: Ridge
    level: float
    scale: float


def train(daily: pd.DataFrame) -> Fitted | None:
    """Fit one group's history: all its days but the last ones. None where there is too little of it."""
    costs = every_day(daily)
    history = costs.iloc[:-SCORED_DAYS]
    if len(history) < SHORTEST_HISTORY:
        return None
    level = history.abs().mean() or 1.0
    features = look_back(costs / level).iloc[LONGEST_LAG:-SCORED_DAYS]
    target = (history / level).iloc[LONGEST_LAG:]
    regression = Ridge(alpha=PENALTY).fit(features, target)
    residuals = target - regression.predict(features)
    # A standard deviation would learn from the anomalies of the past; this does not, as long as they are few.
    scale = residuals.abs().quantile(0.9) / 1.645
    return Fitted(regression=regression, level=level, scale=max(scale, SMALLEST_SCALE))


def predict(daily: pd.DataFrame, fitted: Fitted | None) -> pd.DataFrame:
    """Hold one group's last days against what its history makes expect.

    Returns:
        One row per scored day: `day`, `cost`, `expected` and `excess_cost` in dollars, `score` in scales of the usual
        residual, `is_anomaly`, `status`, `injected`. A group with too little history has neither of the four figures.
    """
    costs = every_day(daily)
    scored = costs.iloc[-SCORED_DAYS:]
    answer = pd.DataFrame({"day": scored.index, "cost": scored.to_numpy()})
    answer["injected"] = injected_days(daily, scored.index)
    if fitted is None:
        return answer.assign(
            expected=float("nan"), score=float("nan"), excess_cost=float("nan"), is_anomaly=False, status=TOO_SHORT
        )
    features = look_back(costs / fitted.level).iloc[-SCORED_DAYS:]
    # A regression may expect less than nothing; nobody pays too much where nothing is paid.
    answer["expected"] = (fitted.regression.predict(features) * fitted.level).clip(min=0)
    answer["excess_cost"] = answer["cost"] - answer["expected"]
    answer["score"] = answer["excess_cost"] / (fitted.scale * fitted.level)
    answer["is_anomaly"] = (answer["score"] > THRESHOLD) & (answer["excess_cost"] >= SMALLEST_EXCESS)
    return answer.assign(status=SCORED)


def every_day(daily: pd.DataFrame) -> pd.Series:
    """Cost by day, from the group's first day to the last of all the data: a day without lines costs nothing."""
    days = pd.date_range(daily["day"].min(), daily["last_day"].iloc[0], name="day")
    return daily.set_index("day")["cost"].reindex(days, fill_value=0.0)


def injected_days(daily: pd.DataFrame, days: pd.DatetimeIndex) -> pd.Series:
    """Which of the days hold a generated anomaly; NA where the data have no labels."""
    known = daily.set_index("day")["injected"].astype("boolean")
    filler = pd.NA if known.isna().all() else False
    return known.reindex(days, fill_value=filler).reset_index(drop=True)


def look_back(costs: pd.Series) -> pd.DataFrame:
    """What is known of each day before it begins: costs and averages up to the day before, weekday, trend."""
    before, weekday = costs.shift(1), costs.index.day_of_week
    features = {f"lag_{lag}": costs.shift(lag) for lag in LAGS}
    features |= {f"mean_{days}": before.rolling(days).mean() for days in MEANS}
    features |= {f"weekday_{number}": (weekday == number).astype(float) for number in range(7)}
    features["trend"] = (costs.index - costs.index[-1]).days / 100
    return pd.DataFrame(features, index=costs.index)


def rank_by_money(predicted: pd.DataFrame) -> pd.DataFrame:
    """Put anomalies first, the most expensive on top; to the cent, so that a rounding error cannot change places."""
    ranked = predicted.assign(cents=predicted["excess_cost"].round(2))
    ranked = ranked.sort_values(
        ["is_anomaly", "cents", *KEYS, "day"], ascending=[False, False, *[True] * len(KEYS), True], ignore_index=True
    )
    ranked["money_rank"] = pd.Series(range(1, len(ranked) + 1), dtype="Int64").where(ranked["is_anomaly"])
    return ranked.drop(columns="cents")
