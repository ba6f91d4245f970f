"""Current prices of one region, from AWS's Price List API, and how they differ from the facts that come with paredown.

`fetch` asks, `compare` holds the answer against the facts, `shown` is both as text, `price_file` what `--prices` reads.
"""

from __future__ import annotations

from profiler.refresh.asking import new_client
from profiler.refresh.comparing import Change, Comparison, compare
from profiler.refresh.fetching import Fetched, LeftOut, fetch
from profiler.refresh.text import reasons, shown
from profiler.refresh.writing import price_file

__all__ = [
    "Change",
    "Comparison",
    "Fetched",
    "LeftOut",
    "compare",
    "fetch",
    "new_client",
    "price_file",
    "reasons",
    "shown",
]
