"""How good the cost anomalies are: precision and recall where the data say which are real."""

from __future__ import annotations

import pandas as pd

from billing_rules import KEYS, SCORED


def precision_and_recall(answer: pd.DataFrame) -> dict[str, float | int | str]:
    """Count groups and anomalies; hold the anomalies against the labels, group-day by group-day, if there are any."""
    groups = answer.drop_duplicates(list(KEYS))
    scored = answer[answer["status"] == SCORED]
    found = scored["is_anomaly"].astype(bool)
    result: dict[str, float | int | str] = {
        "groups": len(groups),
        "groups with too little history": int((groups["status"] != SCORED).sum()),
        "anomalies": int(found.sum()),
        "dollars in anomalies": round(float(scored.loc[found, "excess_cost"].sum()), 2),
    }
    known = scored["injected"].notna()
    if not known.any():
        return result | {"precision and recall": "unknown: the data have no labels"}
    real = scored["injected"].where(known, False).astype(bool)
    hits = int((found & real).sum())
    result["injected anomalies"] = int(real.sum())
    result["precision"] = hits / int(found.sum()) if found.any() else "unknown: nothing was found"
    result["recall"] = hits / int(real.sum()) if real.any() else "unknown: no labelled anomaly in the scored days"
    return result
