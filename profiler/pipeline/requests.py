"""What one run asks of S3: counted where its tasks did ask, and estimated where their files were on a disk.

A disk is not asked by requests: each file that a task is given there is taken as one GET, each that it leaves as one
PUT. What passes between steps lies in a store where tasks have left their files there, by URL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from profiler.model import InputFiles, Measurement, Moved, Plan, PlannedStep, moved_by
from profiler.urls import is_url


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Requests:
    """Requests of one run."""

    counted: Moved | None
    """As its tasks made them; None: they made none that were seen."""
    estimated_get: int
    estimated_put: int
    unseen: tuple[str, ...]
    """Steps that were given URLs and not seen to read there: for these the estimate holds."""
    not_needed_put: int = 0
    """Of the counted PUTs, those of files that do not go to S3 in this design, since their rows are items."""

    @property
    def get(self) -> int:
        """Requests that read."""
        return self.estimated_get + ((self.counted.get or 0) if self.counted else 0)

    @property
    def put(self) -> int:
        """Requests that write or list, which have one price."""
        counted = (self.counted.put or 0) + (self.counted.list or 0) if self.counted else 0
        return self.estimated_put + counted - self.not_needed_put


def requests_of(plan: Plan, tasks: Sequence[Measurement], writing: Collection[Measurement]) -> S3Requests:
    """Return what tasks ask of S3.

    Of a file that does not go to S3 one PUT is taken off: what a large one took beyond that, in parts, stays, and so
    does what the step's own code has put there.

    Args:
        plan: Says which of their inputs lie behind URLs.
        tasks: Of a decomposed variant, the last attempt of each.
        writing: Those of them whose files go to S3.
    """
    steps = {step.name: step for step in plan.decomposed}
    between_in_store = any(_left_in_store(task) for task in tasks)
    written = {id(task) for task in writing}
    return S3Requests(
        counted=moved_by(_seen(task.moved) for task in tasks),
        estimated_get=sum(_given_on_disk(plan, steps[task.step], task, between_in_store) for task in tasks),
        estimated_put=sum(len(task.files) - _counted_files(task) for task in writing),
        unseen=tuple(dict.fromkeys(task.step for task in tasks if task.moved is not None and task.moved.get is None)),
        not_needed_put=sum(_counted_files(task) for task in tasks if id(task) not in written),
    )


def requests_as_one_process(tasks: Sequence[Measurement]) -> S3Requests:
    """Return what a monolith asks of S3 for its inputs, and by its own code.

    Args:
        tasks: Its steps, the last attempt of each.
    """
    unseen = [task for task in tasks if task.moved is None or task.moved.get is None]
    return S3Requests(
        counted=moved_by(_seen(task.moved) for task in tasks),
        estimated_get=sum(task.input_files for task in unseen),
        estimated_put=0,
        unseen=tuple(dict.fromkeys(task.step for task in unseen if task.moved is not None)),
    )


def _seen(moved: Moved | None) -> Moved | None:
    """What was seen of what a task moved; None: nothing."""
    if moved is None or (moved.get, moved.put, moved.list) == (None, None, None):
        return None
    return replace(moved, get=moved.get or 0, put=moved.put or 0, list=moved.list or 0)


def _left_in_store(task: Measurement) -> int:
    """How many of the files that a task has left lie in a store."""
    return sum(map(is_url, task.files))


def _counted_files(task: Measurement) -> int:
    """How many of the files that a task has left were put into a store by requests that are counted."""
    return min((task.moved.put or 0) if task.moved else 0, _left_in_store(task))


def _given_on_disk(plan: Plan, step: PlannedStep, task: Measurement, between_in_store: bool) -> int:
    """How many of the files that a task was given lie on this disk, or came from a store unseen."""
    if task.moved is None or task.moved.get is None:
        return task.input_files
    given = list(_inputs_of(plan, step, task))
    if between_in_store:
        return min(task.input_files, sum(files for item, files in given if not item.sizes))
    return max(0, task.input_files - sum(files for item, files in given if item.sizes))


def _inputs_of(plan: Plan, step: PlannedStep, task: Measurement) -> Iterator[tuple[InputFiles, int]]:
    """The inputs of the job that a task was given, each with how many of its files."""
    for item in plan.inputs:
        if item.name not in step.reads:
            continue
        if step.parts and item.name == step.reads[0]:
            yield item, len(step.parts[task.index]) if task.index < len(step.parts) else 0
        else:
            yield item, len(item.paths)
