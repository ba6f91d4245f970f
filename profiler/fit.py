"""One step on the platform: which memory size, for how long, at what cost, and whether it fits.

Pure: the same measurements and the same facts give the same answer on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from profiler.duration import predict_duration
from profiler.model import Ending, Peak
from profiler.reasons import Reason

DEFAULT_HEADROOM = Decimal("1.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFit:
    """One step of a variant, held against the platform.

    What nobody measured is None, never 0.
    """

    name: str
    kind: str
    """A `declare.Kind`, or "mark" for a marked part of a script."""
    planned_tasks: int
    """At most so many; shards without rows are no tasks."""
    tasks: int
    """Tasks that were measured, however they ended."""
    outcomes: dict[Ending, int]
    """How many tasks ended how."""
    peak: Peak | None
    """Highest resident memory of any task; None: nothing was measured."""
    added_bytes: int | None
    """Most that a task added to what its process held already."""
    wall_ns: int
    """Sum over the tasks, as all times below that do not say otherwise."""
    task_wall_ns_median: int | None
    task_wall_ns_max: int | None
    cpu_ns: int
    init_ns: int
    """Sum over the sandboxes that were started here."""
    init_ns_median: int | None
    """Of the sandboxes that were started for this step; None where all were warm."""
    temp_bytes: int
    """Highest use of a temporary folder."""
    groups: int | None
    """Groups over all tasks; None where the step does not go by group."""
    needed_mib: int | None
    """What the highest peak asks for, with headroom and the runtime's own memory, before rounding to a size."""
    memory_mib: int | None
    """Memory size on Lambda; None where no size holds it, and for a step inside a monolith that fits none."""
    declared: bool
    """The size is the one that the query declares."""
    enlarged: bool
    """The size is larger than memory alone would ask for, because the time would not do."""
    duration_ns: int | None
    """Predicted time of the longest task at that size, its init left out."""
    billed_ns: int | None
    """Predicted billed time of all tasks, each rounded up to the millisecond, inits included."""
    gb_s: Decimal | None
    """GB-seconds of all tasks, as billed; where `hypothetical`, peak × wall; None: nothing was measured."""
    gb_s_per_task: Decimal | None
    """The mean over the tasks."""
    hypothetical: bool
    """No Lambda sells this: `gb_s` only serves to compare."""
    utilisation: float | None
    """(peak × busy time) ÷ billed GB-seconds; None where hypothetical."""
    fits: bool | None
    reasons: tuple[Reason, ...]


__all__ = ["DEFAULT_HEADROOM", "StepFit", "predict_duration"]
