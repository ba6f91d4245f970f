"""Whether a machine was too busy with other work for CPU time to say anything.

What takes turns with a task on its core empties its caches, and the task pays for it with CPU time. The fixed work that
shows the pace of the core pays as well, so that some of this is taken into account; how far, the real runs in
`benchmarks/regression_rates.py` show. They go as far as this limit: what lies beyond has not been measured.
The kernel says how long a task was ready to run and waited for a core. On a quiet machine that is 1 to 2 % of its time,
with as many tasks as cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

MOST_WAITED = 0.20
"""Of a repeat's time; in the median of the repeats."""


def too_busy(waited: Sequence[float]) -> bool:
    """Whether a run's CPU time is no ground for a call.

    Args:
        waited: Per repeat the share of its tasks' time in which they waited for a core; empty where it is not known.
    """
    return bool(waited) and median(waited) > MOST_WAITED
