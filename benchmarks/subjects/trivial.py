"""Steps that do next to nothing, so that what remains is the cost of running a task."""

from __future__ import annotations

from typing import Any


def nothing() -> int:
    """Return a number."""
    return 1


def small_table() -> Any:
    """Return a table of ten rows."""
    import pandas as pd

    return pd.DataFrame({"number": range(10)})
