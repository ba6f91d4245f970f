"""How fine the curve of memory over time may be, and from a keeper's points to a measurement's.

Pure. A curve is flat: milliseconds and KiB by turns. How a keeper makes it coarser as it goes on is in `keeper.Curve`.
"""

from __future__ import annotations

from collections.abc import Sequence

from profiler.model import Peak, Plan

RUN_BYTES = 2_000_000
"""What all curves of a run may take in its file."""
MOST_POINTS = 512
"""More than a picture of one task shows."""
LEAST_POINTS = 3
"""The first, the highest and the last; fewer are no curve."""
_POINT_BYTES = 20
"""Two numbers of nine digits with their commas: up to eleven days, and up to 953 GiB."""
_FRAME_BYTES = 12
"""`"curve":[],`"""


def points_per_task(plan: Plan, repeats: int) -> int:
    """Return how many points the curve of one task may have, so that those of all fit into the room of a run.

    Args:
        plan: Its steps are counted, with every shard and part; of both variants, as one may be taken from another run.
        repeats: How often each variant is measured.

    Returns:
        0, where there are too many tasks for curves; otherwise at least `LEAST_POINTS`.
    """
    decomposed = sum(max(plan.shards, len(step.parts), 1) if step.fans_out else 1 for step in plan.decomposed)
    tasks = repeats * (len(plan.monolith) + decomposed)
    points = min(MOST_POINTS, (RUN_BYTES // max(1, tasks) - _FRAME_BYTES) // _POINT_BYTES)
    return points if points >= LEAST_POINTS else 0


def up_to(curve: Sequence[int], peak: Peak) -> tuple[int, ...]:
    """Return a curve without what stands above the peak of its task.

    A sample may: what the task before has left is cleared away after the next one was handed over, and before its peak
    is counted anew.
    """
    if peak.high is None:
        return tuple(curve)
    top = peak.high // 1024
    return tuple(min(value, top) if place % 2 else value for place, value in enumerate(curve))


def later(curve: Sequence[int], by_ms: int) -> tuple[int, ...]:
    """Return a curve that begins so many milliseconds later."""
    return tuple(value if place % 2 else value + by_ms for place, value in enumerate(curve))
