"""How good the metric anomalies are: alerts against labelled windows."""

from __future__ import annotations

import pandas as pd


def precision_and_recall(answer: pd.DataFrame) -> dict[str, float | int | str]:
    """Hold alerts against labelled windows, if there are any.

    An alert inside a window is a hit; each window counts once, however many alerts it holds. Precision is windows hit
    ÷ (windows hit + alerts outside of any), recall is windows hit ÷ windows. Only the scored part of a series counts.
    """
    too_short = answer.groupby("series", dropna=False)["status"].first() != "scored"
    result: dict[str, float | int | str] = {
        "series": len(too_short),
        "series with too little history": int(too_short.sum()),
        "alerts": int(answer["alert"].sum()),
    }
    if not answer["in_window"].notna().any():
        return result | {"precision and recall": "unknown: the data have no labels"}
    windows = hits = false = 0
    for _, series in answer[answer["status"] == "scored"].groupby("series", dropna=False):
        series = series.sort_values("timestamp")
        inside = series["in_window"].astype("boolean").fillna(False).astype(bool)
        window = (inside & ~inside.shift(fill_value=False)).cumsum()[inside]
        alert = series["alert"].astype(bool)
        windows += window.nunique()
        hits += window[alert[inside]].nunique()
        false += int((alert & ~inside).sum())
    result["labelled windows"] = windows
    result["precision"] = hits / (hits + false) if hits + false else "unknown: no alert"
    result["recall"] = hits / windows if windows else "unknown: no labelled window in the scored part"
    return result
