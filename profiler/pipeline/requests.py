"""What one run asks of S3: counted where its tasks did ask, and estimated where their files were on a disk.

A disk is not asked by requests: each file that a task is given there is taken as one GET, each that it leaves as one
PUT.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from profiler.model import Measurement, Moved, Plan, PlannedStep, moved_by


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Requests:
    """Requests of one run."""

    counted: Moved | None
    """As its tasks made them; None: they made none that were seen."""
    estimated_get: int
    estimated_put: int
    unseen: tuple[str, ...]
    """Steps that read files behind URLs in a way that is not counted: for these the estimate holds."""

    @property
    def get(self) -> int:
        """Requests that read."""
        return self.estimated_get + ((self.counted.get or 0) if self.counted else 0)

    @property
    def put(self) -> int:
        """Requests that write or list, which have one price."""
        return self.estimated_put + ((self.counted.put or 0) + (self.counted.list or 0) if self.counted else 0)


def requests_of(plan: Plan, tasks: Sequence[Measurement], writing: Collection[Measurement]) -> S3Requests:
    """Return what tasks ask of S3.

    Args:
        plan: Says which of their inputs lie behind URLs.
        tasks: Of a decomposed variant, the last attempt of each.
        writing: Those of them whose files go to S3.
    """
    seen = [task for task in tasks if task.moved is not None and task.moved.get is not None]
    steps = {step.name: step for step in plan.decomposed}
    asked = {id(task): _behind_urls(plan, steps[task.step], task) for task in seen}
    return S3Requests(
        counted=moved_by(task.moved for task in seen),
        estimated_get=sum(max(0, task.input_files - asked.get(id(task), 0)) for task in tasks),
        estimated_put=sum(len(task.files) for task in writing),
        unseen=tuple(dict.fromkeys(task.step for task in tasks if task.moved is not None and task.moved.get is None)),
    )


def _behind_urls(plan: Plan, step: PlannedStep, task: Measurement) -> int:
    """How many of the files that a task was given lie behind URLs."""
    given = [item for item in plan.inputs if item.sizes and item.name in step.reads]
    if step.parts and given and given[0].name == step.reads[0]:
        part = step.parts[task.index] if task.index < len(step.parts) else ()
        return len(part) + sum(len(item.paths) for item in given[1:])
    return sum(len(item.paths) for item in given)
