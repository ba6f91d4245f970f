"""CPU seconds of the batched mathematics alone: `python mathematics.py WORKLOADS QUERY LINE_ITEMS...` prints JSON.

The histories of all groups are made first and held in memory. What counts is the regression of all groups (`_fit` of
`billing_batched`); what the whole function takes, with laying arrays out and making a table, is given beside it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 5


def main(workloads: str, query: str, files: list[str]) -> None:
    """Measure and print."""
    sys.path.insert(0, workloads)
    import duckdb

    import billing_batched

    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW line_items AS SELECT * FROM read_parquet([{listed}], union_by_name = true)")
        histories = connection.execute(Path(query).read_text(encoding="utf-8")).df()
    spent: list[float] = []
    billing_batched._fit = timed(billing_batched._fit, spent)
    whole = []
    for _ in range(ROUNDS):
        spent.append(0.0)
        began = time.process_time()
        billing_batched.train_and_predict(histories)
        whole.append(time.process_time() - began)
    print(json.dumps({"groups": len(histories), "mathematics_s": median(spent), "whole_function_s": median(whole)}))


def timed(function: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """Add the CPU seconds of every call to the last item of `spent`."""

    def call(*arguments: Any) -> Any:
        began = time.process_time()
        try:
            return function(*arguments)
        finally:
            spent[-1] += time.process_time() - began

    return call


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
