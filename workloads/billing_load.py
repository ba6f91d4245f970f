"""Bills into pandas, and from line items to the cost of each group and day. Runs in one process, on everything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from billing_rules import KEYS
from read_files import read_files

NEEDED = {
    "BillingAccountId": "customer",
    "SubAccountId": "account",
    "ServiceName": "service",
    "RegionId": "region",
    "ChargePeriodStart": "day",
    "BilledCost": "cost",
    "x_InjectedAnomaly": "injected",
}
UNITS = 10**10
"""Of a dollar: bills have lines of 4e-10. Whole units add up to the same in any order, floats do not."""


def load_everything(paths: Sequence[str]) -> pd.DataFrame:
    """Load all columns of all line items."""
    return read_files(paths)


def load_needed(paths: Sequence[str]) -> pd.DataFrame:
    """Load the columns that the job needs, and no other."""
    return read_files(paths, f"COLUMNS('^({'|'.join(NEEDED)})$')")


def daily_cost(lines: pd.DataFrame) -> pd.DataFrame:
    """Add up the line items of each group and day.

    Returns:
        One row per group and day with lines: the keys, `day`, `cost` in dollars, `injected` (whether a generated
        anomaly lies there; NA where nobody knows), `last_day` (of all the data).
    """
    lines = lines[[name for name in NEEDED if name in lines]].rename(columns=NEEDED)
    lines = lines[lines["day"].notna()]
    units = lines["cost"].astype("float64") * UNITS
    injected = lines["injected"] if "injected" in lines else pd.Series(pd.NA, index=lines.index)
    lines = lines.assign(
        day=pd.to_datetime(lines["day"], utc=True).dt.tz_localize(None).dt.normalize(),
        cost=units.where(np.isfinite(units), 0).round().astype("int64"),
        injected=injected.astype("boolean"),
    )
    daily = lines.groupby([*KEYS, "day"], dropna=False, as_index=False).agg({"cost": "sum", "injected": "max"})
    daily["cost"] /= UNITS
    daily["last_day"] = daily["day"].max()
    return daily
