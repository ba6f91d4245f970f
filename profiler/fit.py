"""One step on the platform: which memory size, for how long, at what cost, and whether it fits.

Pure: the same measurements and the same facts give the same answer on any machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import log
from statistics import median

from profiler import objections
from profiler.duration import predict_duration
from profiler.facts import LambdaLimits, Platform
from profiler.model import Ending, Measurement, Moved, Peak, PlannedStep, moved_by
from profiler.pricing.cost import billed_ms
from profiler.reasons import Reason, fits_all
from profiler.sizing import (
    Work,
    floor_gb_s,
    has_figures,
    highest,
    memory_size,
    needed_mib,
    peak_gb_s,
    size_in_time,
    top,
    work_of,
)
from profiler.units import GIB, MIB, MIB_PER_GB, NS_PER_MS, NS_PER_S

DEFAULT_HEADROOM = Decimal("1.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a run is held against."""

    platform: Platform
    headroom: Decimal = DEFAULT_HEADROOM
    warm: bool = False
    """Bill no init."""

    @property
    def limits(self) -> LambdaLimits:
        """Of the platform."""
        return self.platform.limits

    def __post_init__(self) -> None:
        if not self.headroom.is_finite() or self.headroom < 1:
            raise ValueError(f"headroom is {self.headroom}; expected a number from 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFit:
    """One step of a variant, held against the platform.

    What nobody measured is None, never 0. Figures are of the tasks that have some; see `sizing.has_figures`.
    """

    name: str
    kind: str
    """A `declare.Kind`, or "mark" for a marked part of a script."""
    planned_tasks: int
    """At most so many; shards without rows are no tasks."""
    tasks: int
    """Tasks that came to an end, however they did: also those of which no figures are, being lost for one."""
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
    """Highest use of a temporary folder; what went to a store lay there first."""
    groups: int | None
    """Groups over all tasks; None where the step does not go by group."""
    moved: Moved | None
    """To and from object stores, over all tasks; None: they had nothing there."""
    needed_mib: int | None
    """What the highest peak asks for, with headroom and the runtime's own memory, before rounding to a size."""
    memory_mib: int | None = None
    """Memory size on Lambda; None where no size will do. Of a monolith's step: the size of the whole."""
    nested: bool = False
    """A mark that is always inside another one, whose figures hold these already."""
    declared: bool = False
    """The size is the one that the query declares."""
    enlarged: bool = False
    """The size is larger than memory alone would ask for, because the time would not do."""
    duration_ns: int | None = None
    """Predicted time of the longest task at that size, its init left out."""
    task_times_ns: tuple[int, ...] = ()
    """Predicted time of each task that has figures, its init included."""
    billed_ns: int | None = None
    """Predicted billed time of all tasks, each rounded up to the millisecond, inits included."""
    gb_s: Decimal | None = None
    """GB-seconds of all tasks, as billed; where `hypothetical`, peak × wall; None: nothing was measured."""
    gb_s_per_task: Decimal | None = None
    """The mean over the tasks that have figures."""
    hypothetical: bool = False
    """No Lambda sells this: `gb_s` only serves to compare."""
    utilisation: float | None = None
    """(peak × busy time) ÷ billed GB-seconds, inits being no busy time; None where hypothetical."""
    floor_gb_s: Decimal | None = None
    """GB-seconds of its CPU seconds, and of an init per task at its size: no size of memory goes below."""
    fits: bool | None = None
    reasons: tuple[Reason, ...] = ()


def fit_step(step: PlannedStep, tasks: Sequence[Measurement], terms: Terms, *, planned: int, finished: bool) -> StepFit:
    """Hold one decomposed step against the platform.

    Args:
        step: As planned.
        tasks: Its measurements, the last attempt of each task.
        terms: What it is held against.
        planned: How many tasks it has at most.
        finished: Every task of it was measured.
    """
    fit = measured(step.name, step.kind, tasks, terms, planned=planned)
    reasons = [*outcome_reasons(step.name, tasks), *temp_reasons(step.name, fit.temp_bytes, terms)]
    if not finished:
        reasons.append(objections.not_measured(step.name, tasks=len(tasks), planned=fit.planned_tasks))
    tasks = [task for task in tasks if has_figures(task)]
    if not tasks:
        return replace(fit, fits=fits_all(reasons), reasons=tuple(reasons))
    works = [work_of(task, terms.limits) for task in tasks]
    size, size_reasons = _size(step, fit, works, terms)
    reasons += size_reasons + init_reasons(fit.name, fit.init_ns_median, terms)
    fit = replace(fit, memory_mib=size, declared=step.memory_mib is not None)
    if size is None:
        return _hypothetical(fit, tasks, terms, reasons)
    fit = _billed(fit, tasks, works, terms)
    reasons += _time_reasons(fit, terms)
    return replace(fit, fits=fits_all(reasons), reasons=tuple(reasons))


def measured(name: str, kind: str, tasks: Sequence[Measurement], terms: Terms, *, planned: int) -> StepFit:
    """Add up what was measured; nothing is judged yet."""
    ended, tasks = tasks, [task for task in tasks if has_figures(task)]
    walls = [task.wall_ns for task in tasks]
    added = [task.added_bytes for task in tasks if task.added_bytes is not None]
    groups = [task.groups for task in tasks if task.groups is not None]
    peak = highest(task.peak for task in tasks)
    return StepFit(
        name=name,
        kind=kind,
        planned_tasks=max(planned, len(ended)),
        tasks=len(ended),
        outcomes=dict(Counter(task.outcome.ending for task in ended)),
        peak=peak,
        added_bytes=max(added) if added and len(added) == len(tasks) else None,
        wall_ns=sum(walls),
        task_wall_ns_median=round(median(walls)) if walls else None,
        task_wall_ns_max=max(walls, default=None),
        cpu_ns=sum(task.cpu_ns for task in tasks),
        init_ns=sum(task.init_ns for task in tasks),
        init_ns_median=init_of(tasks),
        temp_bytes=max(map(_temp_bytes, tasks), default=0),
        groups=sum(groups) if groups else None,
        moved=moved_by(task.moved for task in tasks),
        needed_mib=None if peak is None else needed_mib(top(peak), terms.headroom, terms.limits),
    )


def _temp_bytes(task: Measurement) -> int:
    """What a task had in its temporary folder: as sampled, and no less than what lay there to be put into a store."""
    return max(task.temp_bytes, sum(task.file_bytes))


def init_of(tasks: Iterable[Measurement]) -> int | None:
    """Return the median init of the sandboxes that were started; None where all were warm."""
    inits = [task.init_ns for task in tasks if task.init_ns > 0]
    return round(median(inits)) if inits else None


def _size(step: PlannedStep, fit: StepFit, works: Sequence[Work], terms: Terms) -> tuple[int | None, list[Reason]]:
    """The memory size, and what there is to say of it; None where none will do."""
    limits = terms.limits
    assert fit.peak is not None
    assert fit.needed_mib is not None
    low = needed_mib(fit.peak.low, terms.headroom, limits)
    high = None if fit.peak.high is None else fit.needed_mib
    declared = step.memory_mib
    most = limits.max_memory_mib if declared is None else declared
    reasons = []
    if low > most and declared is None:
        return None, [objections.too_big(fit.name, kind=fit.kind, needed_mib=low, limit_mib=most)]
    if low > most:
        enough = memory_size(fit.needed_mib, limits)
        reasons.append(objections.declared_too_small(fit.name, needed_mib=low, declared_mib=most, enough_mib=enough))
    elif high is None or high > most:
        whose = "Lambda ends at" if declared is None else "it declares"
        reasons.append(objections.size_undecided(fit.name, low_mib=low, high_mib=high, limit_mib=most, whose=whose))
    smallest = declared or memory_size(min(fit.needed_mib, most), limits)
    assert smallest is not None
    size = size_in_time([[work] for work in works], smallest, limits)
    if size == smallest:
        return size, reasons
    longest = max(work.duration_ns(smallest if size or declared else most, limits) for work in works)
    if size is not None and declared is None:
        note = objections.enlarged(
            fit.name, small_mib=smallest, memory_mib=size, duration_ns=longest, limit_ns=limits.max_duration_ns
        )
        return size, [*reasons, note]
    too_long = objections.too_long(
        fit.name,
        kind=fit.kind,
        memory_mib=most,
        duration_ns=longest,
        limit_ns=limits.max_duration_ns,
        remedy="" if size is None else f"declare memory_mib={size}",
    )
    return None, [*reasons, too_long]


def _billed(fit: StepFit, tasks: Sequence[Measurement], works: Sequence[Work], terms: Terms) -> StepFit:
    """What Lambda bills for all tasks at the step's size."""
    assert fit.memory_mib is not None
    init_ns = 0 if terms.warm else fit.init_ns_median or 0
    times = [work.duration_ns(fit.memory_mib, terms.limits) for work in works]
    billed = sum(billed_ms(max(1, init_ns + time)) for time in times)
    gb_s = Decimal(fit.memory_mib * billed) / (MIB_PER_GB * 1000)
    used = Fraction(sum(task.peak.low * time for task, time in zip(tasks, times, strict=True)), GIB * NS_PER_S)
    return replace(
        fit,
        enlarged=not fit.declared and fit.memory_mib > (memory_size(fit.needed_mib or 0, terms.limits) or 0),
        duration_ns=max(times),
        task_times_ns=tuple(init_ns + time for time in times),
        billed_ns=billed * NS_PER_MS,
        gb_s=gb_s,
        gb_s_per_task=gb_s / len(tasks),
        utilisation=float(used / Fraction(gb_s)),
        floor_gb_s=floor_gb_s(
            cpu_ns=fit.cpu_ns,
            init_ns=init_ns * len(tasks),
            memory_bytes=fit.memory_mib * MIB,
            limits=terms.limits,
        ),
    )


def _hypothetical(fit: StepFit, tasks: Sequence[Measurement], terms: Terms, reasons: list[Reason]) -> StepFit:
    """No size will do: peak × wall, to compare by."""
    assert fit.peak is not None
    gb_s = sum((peak_gb_s(task.peak, task.wall_ns) for task in tasks), Decimal(0))
    return replace(
        fit,
        hypothetical=True,
        task_times_ns=tuple(task.wall_ns for task in tasks),
        gb_s=gb_s,
        gb_s_per_task=gb_s / len(tasks),
        floor_gb_s=floor_gb_s(
            cpu_ns=fit.cpu_ns,
            init_ns=0 if terms.warm else (fit.init_ns_median or 0) * len(tasks),
            memory_bytes=fit.peak.low,
            limits=terms.limits,
        ),
        fits=fits_all(reasons),
        reasons=tuple(reasons),
    )


def _time_reasons(fit: StepFit, terms: Terms) -> list[Reason]:
    """What there is to say of the time at its size, which is within the limit."""
    limit_ns = terms.limits.max_duration_ns
    assert fit.duration_ns is not None
    reasons = []
    slow_ns = round(fit.duration_ns * Fraction(slowest_factor(fit.tasks, terms.limits)))
    if slow_ns > limit_ns:
        reasons.append(
            objections.close_to_limit(fit.name, duration_ns=fit.duration_ns, slow_ns=slow_ns, limit_ns=limit_ns)
        )
    task_ns = round(median(fit.task_times_ns))
    if fit.init_ns_median and not terms.warm and 2 * fit.init_ns_median >= task_ns:
        shards = fit.planned_tasks if fit.kind in ("per_group", "per_shard") else 1
        reasons.append(
            objections.mostly_init(
                fit.name, kind=fit.kind, init_ns=fit.init_ns_median, task_ns=task_ns, fewer_shards=shards > 1
            )
        )
    return reasons


def slowest_factor(tasks: int, limits: LambdaLimits) -> Decimal:
    """Return how much longer than predicted the slowest of so many tasks takes: observed, and in between interpolated.

    A single task takes what the mean of a fleet does; beyond the largest fleet that was observed nothing is claimed.

    >>> from profiler.facts import load, platform_of
    >>> limits = platform_of(load()).limits
    >>> [str(slowest_factor(tasks, limits)) for tasks in (1, 20, 100, 1000, 5000)]
    ['1.07', '1.48', '1.70', '1.90', '1.90']
    """
    points = ((1, limits.fleet_cost_factor), *limits.slowest_of)
    for (few, low), (many, high) in pairwise(points):
        if tasks <= many:
            part = log(max(tasks, few) / few) / log(many / few)
            return round(low + (high - low) * Decimal(part), 2)
    return round(points[-1][1], 2)


def init_reasons(name: str, init_ns: int | None, terms: Terms) -> list[Reason]:
    """Return what its start and imports say against a step, or a whole monolith."""
    if terms.warm:
        return []
    if init_ns is None:
        return [objections.init_unknown(name)]
    if init_ns > terms.limits.max_init_ns:
        return [objections.init_too_long(name, init_ns=init_ns, limit_ns=terms.limits.max_init_ns)]
    return []


def temp_reasons(name: str, temp_bytes: int, terms: Terms) -> list[Reason]:
    """Return what its temporary files say against a step."""
    limits = terms.limits
    if temp_bytes > limits.max_temp_bytes:
        return [objections.temp_too_big(name, temp_bytes=temp_bytes, limit_bytes=limits.max_temp_bytes)]
    if temp_bytes > limits.included_temp_bytes:
        return [objections.temp_costs(name, temp_bytes=temp_bytes, included_bytes=limits.included_temp_bytes)]
    return []


def outcome_reasons(name: str, tasks: Sequence[Measurement]) -> tuple[Reason, ...]:
    """Return a reason for each way in which tasks ended that is not well."""
    failed = [task for task in tasks if not task.outcome.ok]
    outcomes = dict(Counter(task.outcome.ending for task in tasks))
    return objections.ended_otherwise(
        name, outcomes=outcomes, messages={task.outcome.ending: task.outcome.message for task in reversed(failed)}
    )


__all__ = ["DEFAULT_HEADROOM", "StepFit", "Terms", "fit_step", "predict_duration"]
