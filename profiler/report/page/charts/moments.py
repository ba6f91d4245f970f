"""Memory over time of a variant, from the samples of its tasks: at each moment the largest sandbox.

Arithmetic alone. A variant begins at 0, since both are measured one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from profiler.model import Kind, Measurement, Peak, Run, Variant
from profiler.sizing import has_figures, highest
from profiler.units import KIB, NS_PER_MS
from profiler.variants import latest

MOMENTS = 400
"""Of a whole variant: more than a picture has pixels for."""

_BETWEEN_SAMPLES = 1.03
"""A peak so many times above the highest sample fell between two; less is the sampler's own coarseness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When a step ran, and how high it was."""

    step: str
    begin_ns: int
    end_ns: int
    tasks: int
    peak: Peak | None
    """Highest of its tasks; of a script with marks, those in them too."""
    sampled_bytes: int
    """Highest sample while it ran; 0 where there is none."""

    @property
    def missed(self) -> bool:
        """Its peak is clearly above the highest sample: it fell between two, or nothing was sampled."""
        return self.peak is not None and self.peak.low > self.sampled_bytes * _BETWEEN_SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One variant from its first task to its last."""

    variant: Variant
    length_ns: int
    moments: tuple[tuple[int, int | None], ...]
    """Nanoseconds and the largest sandbox in bytes; None where no sandbox was sampled."""
    spans: tuple[Span, ...]
    """In the order in which they began."""
    sampled: int
    """Tasks that have samples."""
    tasks: int

    @property
    def peak(self) -> Peak | None:
        """Highest of all."""
        return highest(span.peak for span in self.spans if span.peak is not None)


def course_of(run: Run, variant: Variant) -> Course | None:
    """Return the course of a variant; None where nothing of it was measured."""
    tasks = [task for task in latest(run.of(variant)) if has_figures(task) and not task.nested]
    if not tasks:
        return None
    begin_ns = min(task.started_ns for task in tasks)
    length_ns = max(max(_end_ns(task) for task in tasks) - begin_ns, 1)
    by_step: dict[str, list[Measurement]] = {}
    for task in sorted(tasks, key=lambda task: task.started_ns):
        by_step.setdefault(task.step, []).append(task)
    # A monolith is one process: what was sampled of it while a step ran is that step's, whoever holds the samples.
    one_process = tasks if variant is Variant.MONOLITH else []
    scripts = {step.name for step in run.plan.steps(variant) if step.kind == Kind.SCRIPT}
    return Course(
        variant=variant,
        length_ns=length_ns,
        moments=_moments(tasks, begin_ns, length_ns),
        spans=tuple(
            _span(step, found, one_process, begin_ns, whole=step in scripts) for step, found in by_step.items()
        ),
        sampled=sum(1 for task in tasks if task.curve),
        tasks=len(tasks),
    )


def _end_ns(task: Measurement) -> int:
    """A decomposed task begins with the start of its sandbox, where it needs one; a monolith's step after it."""
    start_ns = task.init_ns if task.variant is Variant.DECOMPOSED else 0
    return task.started_ns + max(start_ns + task.wall_ns, task.curve[-2] * NS_PER_MS if task.curve else 0)


def _span(
    step: str, tasks: Sequence[Measurement], others: Sequence[Measurement], begin_ns: int, *, whole: bool
) -> Span:
    first, last = tasks[0].started_ns, max(map(_end_ns, tasks))
    own = [kib for task in tasks for kib in task.curve[1::2]]
    while_it_ran = [
        kib
        for task in others
        for ms, kib in zip(task.curve[::2], task.curve[1::2], strict=True)
        if first <= task.started_ns + ms * NS_PER_MS < last
    ]
    inside = [task for task in others if whole and first <= task.started_ns < last]
    return Span(
        step=step,
        begin_ns=first - begin_ns,
        end_ns=last - begin_ns,
        tasks=len(tasks),
        peak=highest(task.peak for task in (*tasks, *inside)),
        sampled_bytes=KIB * max((*own, *while_it_ran), default=0),
    )


def _moments(tasks: Sequence[Measurement], begin_ns: int, length_ns: int) -> tuple[tuple[int, int | None], ...]:
    """The largest sample of each moment; a sample holds until the next one, the last one until the task's end."""
    largest: list[int | None] = [None] * (MOMENTS + 1)
    for task in tasks:
        times = [task.started_ns - begin_ns + ms * NS_PER_MS for ms in task.curve[::2]]
        ends = [*times[1:], _end_ns(task) - begin_ns] if times else []
        for time, end, kib in zip(times, ends, task.curve[1::2], strict=True):
            first, last = time * MOMENTS // length_ns, end * MOMENTS // length_ns
            for place in range(first, max(first + 1, last)):
                held = largest[min(place, MOMENTS)]
                largest[min(place, MOMENTS)] = max(held or 0, kib * KIB)
    _bridge(largest)
    return tuple((place * length_ns // MOMENTS, value) for place, value in enumerate(largest))


def _bridge(largest: list[int | None]) -> None:
    """Fill holes between tasks that are too short to be told from their border: the process was still there."""
    hole = 0
    for place, value in enumerate(largest):
        if value is None:
            hole += 1
            continue
        before = place - hole - 1
        if before >= 0 and 0 < hole <= MOMENTS // 50:
            largest[before + 1 : place] = [largest[before]] * hole
        hole = 0
