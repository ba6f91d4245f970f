"""One step at every memory size that Lambda sells: how long it would take there, and at what cost.

By the model of the verdict, whose own point is on the curve. Pure arithmetic; which size is right is `fit`'s matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from profiler.facts import LambdaLimits
from profiler.fit import StepFit, Terms, init_of
from profiler.model import Measurement, Run, Variant
from profiler.monolith import works_of
from profiler.pricing.budgeting import usd_per_day
from profiler.pricing.cost import billed_ms
from profiler.sizing import Work, has_figures, needed_mib, top, work_of
from profiler.units import MIB_PER_GB
from profiler.variants import VariantVerdict, elapsed, end_of, latest
from profiler.verdict import Verdict

MOST_TASKS = 200
"""Of a step with more tasks, so many stand for all, evenly spread over the tasks by their CPU time."""

_PARTS_OF_A_DOUBLING = (4, 5, 6, 7)

Order = Sequence[Work]
"""What one invocation does, one work after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one run of a step would take at one memory size."""

    memory_mib: int
    duration_ns: int
    """Of its longest task, without its init."""
    gb_s: Decimal
    """Billed for all tasks."""
    usd: Decimal
    """For all tasks, their invocations included, by the price of the first GB-seconds of a month."""
    holds: bool
    """The size is enough for the highest peak, with headroom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One step, or a whole monolith, at every size."""

    variant: Variant
    name: str
    """Of the step; of the job, for a monolith."""
    tasks: int
    sampled: int
    """Tasks that the cost is drawn from: all of them, unless they are very many."""
    needed_mib: int
    """What its highest peak asks for."""
    chosen: Point | None
    """The verdict's own; None where no size will do."""
    points: tuple[Point, ...]
    """Ascending by size, the chosen one among them."""


def sweeps_of(run: Run, verdict: Verdict) -> tuple[Sweep, ...]:
    """Return the whole monolith, then each decomposed step, as far as they were measured."""
    found = []
    if verdict.monolith is not None and verdict.monolith.peak is not None:
        found.append(_of_monolith(run, verdict.monolith, verdict.terms))
    if verdict.decomposed is not None:
        by_step: dict[str, list[Measurement]] = {}
        for task in filter(has_figures, latest(run.of(Variant.DECOMPOSED))):
            by_step.setdefault(task.step, []).append(task)
        found += [_of_step(step, by_step[step.name], verdict.terms) for step in verdict.decomposed.steps if step.peak]
    return tuple(found)


def _of_monolith(run: Run, whole: VariantVerdict, terms: Terms) -> Sweep:
    outer = [task for task in latest(run.of(Variant.MONOLITH)) if has_figures(task) and not task.nested]
    order = works_of(outer, elapsed(outer, end_of(run, Variant.MONOLITH)), terms.limits)
    assert whole.peak is not None
    needed = needed_mib(top(whole.peak), terms.headroom, terms.limits)
    chosen = None
    if whole.memory_mib is not None and whole.duration_ns is not None and whole.gb_s is not None:
        chosen = _point(whole.memory_mib, whole.duration_ns, whole.gb_s, terms, tasks=1, needed=needed)
    points = _points([order], [order], whole.init_ns, chosen, terms, tasks=1, needed=needed)
    return Sweep(
        variant=Variant.MONOLITH,
        name=run.plan.job,
        tasks=1,
        sampled=1,
        needed_mib=needed,
        chosen=chosen,
        points=points,
    )


def _of_step(step: StepFit, tasks: Sequence[Measurement], terms: Terms) -> Sweep:
    assert step.needed_mib is not None
    needed = step.needed_mib
    chosen = None
    if step.memory_mib is not None and step.duration_ns is not None and step.gb_s is not None:
        chosen = _point(step.memory_mib, step.duration_ns, step.gb_s, terms, tasks=len(tasks), needed=needed)
    some = _spread(tasks)
    orders = [[work_of(task, terms.limits)] for task in some]
    longest = orders if len(some) == len(tasks) else [[work_of(task, terms.limits)] for task in _longest(tasks)]
    points = _points(orders, longest, init_of(tasks) or 0, chosen, terms, tasks=len(tasks), needed=needed)
    return Sweep(
        variant=Variant.DECOMPOSED,
        name=step.name,
        tasks=len(tasks),
        sampled=len(some),
        needed_mib=needed,
        chosen=chosen,
        points=points,
    )


def _spread(tasks: Sequence[Measurement]) -> Sequence[Measurement]:
    """All tasks, or the middle one of each of so many equal stretches, from the smallest CPU time to the largest."""
    if len(tasks) <= MOST_TASKS:
        return tasks
    ordered = sorted(tasks, key=lambda task: (task.cpu_ns, task.wall_ns, task.index))
    return [ordered[(2 * place + 1) * len(ordered) // (2 * MOST_TASKS)] for place in range(MOST_TASKS)]


def _longest(tasks: Sequence[Measurement]) -> Sequence[Measurement]:
    """The tasks that may be the longest at some size: those with the most to compute, and those that took longest."""
    by_cpu = sorted(tasks, key=lambda task: (-task.cpu_ns, task.index))
    by_wall = sorted(tasks, key=lambda task: (-task.wall_ns, task.index))
    return (*by_cpu[: MOST_TASKS // 4], *by_wall[: MOST_TASKS // 4])


def _points(
    orders: Sequence[Order],
    longest: Sequence[Order],
    init_ns: int,
    chosen: Point | None,
    terms: Terms,
    *,
    tasks: int,
    needed: int,
) -> tuple[Point, ...]:
    """Each size; where orders stand for more tasks than they are, scaled so that the curve meets the chosen point."""
    init_ns = 0 if terms.warm else init_ns

    def gb_s_at(memory_mib: int) -> Decimal:
        billed = sum(billed_ms(max(1, init_ns + _time_ns(order, memory_mib, terms))) for order in orders)
        return Decimal(memory_mib * billed) / (MIB_PER_GB * 1000)

    scale = Decimal(1)
    if len(orders) < tasks:
        scale = Decimal(tasks) / len(orders) if chosen is None else chosen.gb_s / gb_s_at(chosen.memory_mib)
    points = [
        _point(
            memory_mib,
            max(_time_ns(order, memory_mib, terms) for order in longest),
            gb_s_at(memory_mib) * scale,
            terms,
            tasks=tasks,
            needed=needed,
        )
        for memory_mib in sizes_of(terms.limits)
        if chosen is None or memory_mib != chosen.memory_mib
    ]
    return tuple(sorted([*points, *([chosen] if chosen else [])], key=lambda point: point.memory_mib))


def _time_ns(order: Order, memory_mib: int, terms: Terms) -> int:
    return sum(work.duration_ns(memory_mib, terms.limits) for work in order)


def _point(memory_mib: int, duration_ns: int, gb_s: Decimal, terms: Terms, *, tasks: int, needed: int) -> Point:
    usd = usd_per_day(requests=1, gb_s_per_request=gb_s, prices=terms.platform.prices, invocations_per_request=tasks)
    return Point(memory_mib=memory_mib, duration_ns=duration_ns, gb_s=gb_s, usd=usd, holds=memory_mib >= needed)


def sizes_of(limits: LambdaLimits) -> tuple[int, ...]:
    """Return sizes from the smallest to the largest, four for each doubling, and the one that brings a whole vCPU.

    >>> from profiler.facts import load, platform_of
    >>> sizes_of(platform_of(load()).limits)[:6]
    (128, 160, 192, 224, 256, 320)
    """
    first, last = limits.min_memory_mib, limits.max_memory_mib
    found = {last, *(size for size in (limits.mib_per_vcpu,) if first <= size <= last)}
    start = first
    while start < last:
        found |= {start * part // _PARTS_OF_A_DOUBLING[0] for part in _PARTS_OF_A_DOUBLING}
        start *= 2
    return tuple(sorted(size for size in found if size <= last))
