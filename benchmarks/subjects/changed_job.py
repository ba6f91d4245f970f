"""The cost anomaly job, whose `train` really holds more memory or really does more work, as the environment says.

`CHANGED_HOLD_BYTES` are written and kept from the first group on. `CHANGED_ROUNDS` is how often each group is trained
anew after its first time; 1.5: every other group twice.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workloads"))

import numpy as np  # noqa: E402

import billing_load  # noqa: E402  # from the folder that the line above adds
import billing_model  # noqa: E402
from billing_rules import KEYS  # noqa: E402
from line_items import make_line_items  # noqa: E402
from profiler import Job, dataset, per_group, query, step  # noqa: E402

held: list[Any] = []
groups = itertools.count(1)


def load(line_items: Any) -> Any:
    """Load every column of every line item."""
    return billing_load.load_everything(line_items)


def daily_cost(line_items: Any) -> Any:
    """Add up the costs of each day."""
    return billing_load.daily_cost(line_items)


def train(daily: Any) -> Any:
    """Train one group, and whatever more there is to do."""
    hold, rounds = int(os.environ.get("CHANGED_HOLD_BYTES", "0")), float(os.environ.get("CHANGED_ROUNDS", "0"))
    if hold and not held:
        held.append(np.ones(hold, dtype=np.uint8))
    seen = next(groups)
    for _ in range(int(seen * rounds) - int((seen - 1) * rounds)):
        billing_model.train(daily)
    return billing_model.train(daily)


def rank_by_money(scored: Any) -> Any:
    """Put the dearest first."""
    return billing_model.rank_by_money(scored)


def predict(daily: Any, fitted: Any) -> Any:
    """Predict one group."""
    return billing_model.predict(daily, fitted)


job = Job(
    name="changed",
    inputs={"line_items": dataset("no-file-unless-given/*.parquet", make=make_line_items)},
    answer_key=(*KEYS, "day"),
    monolith=[
        step(load, reads="line_items"),
        step(daily_cost, reads="load"),
        per_group(train, reads="daily_cost", by=KEYS),
        per_group(predict, reads=("daily_cost", "train"), by=KEYS),
        step(rank_by_money, reads="predict"),
    ],
    decomposed=[
        query("../../sql/cost_anomalies/daily_cost.sql", reads="line_items", shard_by=KEYS, memory_mib=512),
        per_group(train, reads="daily_cost", by=KEYS),
        per_group(predict, reads=("daily_cost", "train"), by=KEYS),
        query("../../sql/cost_anomalies/rank_by_money.sql", reads="predict", memory_mib=512),
    ],
)
