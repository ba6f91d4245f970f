"""Whether a machine was too busy with other work for CPU time to say anything.

CPU time is steady on a machine that is shared, but not on one that has more to do than it has cores: what takes turns
with a task empties its caches, and the task pays for it. The kernel says how long a task was ready to run and waited
for a core, so this is known and need not be guessed. On real runs (`benchmarks/regression_rates.py`) tasks wait for 1
to 2 % of their time on a quiet machine, with as many tasks as cores; where they wait for a third, the same code takes a
tenth to a third more CPU time for minutes on end, which repeats within a run cannot show.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

MOST_WAITED = 0.05
"""Of a repeat's time; in the median of the repeats."""


def too_busy(waited: Sequence[float]) -> bool:
    """Whether a run's CPU time is no ground for a call.

    Args:
        waited: Per repeat the share of its tasks' time in which they waited for a core; empty where it is not known.
    """
    return bool(waited) and median(waited) > MOST_WAITED
